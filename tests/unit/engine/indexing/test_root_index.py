"""The index of one root, driven without any thread."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from outlines import parsed_file, segment_of

from semlens.core.status import SkipReason
from semlens.engine.indexing.live_segment import MERGE_FANOUT, LiveSegment
from semlens.engine.indexing.merger import merge_candidates, merge_job
from semlens.engine.indexing.root_index import RootIndex
from semlens.engine.sessions import snapshot_builder
from semlens.engine.sessions.snapshot_builder import SnapshotBuilder, prefixes_of_nested
from semlens.files.file_stamp import FileStamp
from semlens.index.segment.segment import Segment
from semlens.index.segment.vectors import VectorBlock
from semlens.workers.messages import FileOutcome

STAMP = FileStamp(1, 2, 3, 4, 5_000_000_000)
MODEL = "m0"


@pytest.fixture
def index(tmp_path: Path):
    opened = RootIndex(tmp_path / "root", tmp_path / "cache", [MODEL])
    assert opened.acquire_writer_lock()
    yield opened
    opened.close()


def reopen(tmp_path: Path) -> RootIndex:
    again = RootIndex(tmp_path / "root", tmp_path / "cache", [MODEL])
    again.load()
    return again


def put(index: RootIndex, *paths: str, names: tuple[str, ...] = ("f", "g")) -> LiveSegment:
    files = [parsed_file(path, names) for path in paths]
    live = index.apply([FileOutcome(file.path, STAMP, file.hash, "") for file in files], segment_of(*files), ())
    assert live is not None
    return live


def embed(live: LiveSegment, model: str = MODEL) -> None:
    rows = live.missing(model)
    live.add_block(model, VectorBlock(rows, np.ones((len(rows), 4), np.int8)))


def hashes_of(live: LiveSegment) -> list[bytes]:
    return live.passage_hashes(np.arange(len(live.segment.passages), dtype=np.uint32))


class Unwalked(dict):
    """A dictionary that may be asked for a key, and not for all of them."""

    def __iter__(self):
        raise AssertionError("a walk over all files")

    items = keys = values = __iter__


def shown(index: RootIndex) -> set[str]:
    found = set()
    for view in index.views():
        paths = view.segment.files.paths.tolist()
        alive = np.ones(len(paths), bool) if view.alive is None else view.alive
        found |= {path for path, lives in zip(paths, alive.tolist(), strict=True) if lives}
    return found


def test_files_are_added_changed_and_removed(index):
    put(index, "a", "b")
    put(index, "b")
    assert shown(index) == {"a", "b"}
    assert (index.n_files, index.n_symbols) == (2, 4)
    assert index.remove("a")
    assert not index.remove("a")
    assert shown(index) == {"b"}
    assert len(index.segments) == 1  # all files of the first segment were replaced


def test_a_view_is_immutable(index):
    put(index, "a", "b")
    (before,) = index.views()
    index.remove("a")
    assert before.alive is None
    (after,) = index.views()
    assert after.alive is not None
    assert after.alive.tolist() == [False, True]


def test_results_without_a_segment(index):
    put(index, "a", "b", "c", "d")
    index.apply(
        [
            FileOutcome("a", STAMP, b"", SkipReason.BINARY),
            FileOutcome("b", None, b"", SkipReason.GONE),
            FileOutcome("c", None, b"", SkipReason.UNREADABLE),
            FileOutcome("d", FileStamp(9, 9, 9, 9, 9), b"", SkipReason.UNCHANGED),
            FileOutcome("e", STAMP, b"", SkipReason.CRASHED_PARSER),
            FileOutcome("f", STAMP, b"x", SkipReason.UNCHANGED),  # removed while the worker parsed it
        ],
        None,
        (),
    )
    assert shown(index) == {"d"}
    assert index.files.keys() == {"a", "c", "d", "e"}
    assert +index.skipped == {SkipReason.BINARY: 1, SkipReason.UNREADABLE: 1, SkipReason.CRASHED_PARSER: 1}
    assert index.crashing_files == {"e": ""}
    assert index.files["d"].stamp.size == 9
    index.remove("e")
    assert index.crashing_files == {}


def test_an_edited_file_keeps_the_vectors_of_its_unchanged_passages(index):
    before = put(index, "a", "b", names=("f", "g", "h"))
    for number, model in enumerate((MODEL, "m1")):
        matrix = np.arange(len(before.segment.passages) * 4, dtype=np.int8).reshape(-1, 4) + number
        before.add_block(model, VectorBlock(before.missing(model), matrix))
    after = put(index, "b", names=("new", "h", "f"))
    known = dict(zip(hashes_of(before), range(len(before.segment.passages)), strict=True))
    for model in (MODEL, "m1"):
        (old,), (new,) = before.tiers[model], after.tiers[model]
        keys = hashes_of(after)
        assert [keys[row] in known for row in range(len(keys))] == [row in new.rows for row in range(len(keys))]
        assert len(new.rows) == 2
        for row, vector in zip(new.rows.tolist(), new.matrix, strict=True):
            assert vector.tolist() == old.matrix[known[keys[row]]].tolist()


def test_a_commit_keeps_its_vectors(index, tmp_path):
    embed(put(index, "a", "b"))
    index.remove("a")
    assert index.dirty
    index.commit({"complete": True})
    assert not index.dirty
    assert not index.unwritten_vectors
    again = reopen(tmp_path)
    assert shown(again) == {"b"}
    assert again.meta["complete"] is True
    (live,) = again.segments.values()
    assert not len(live.missing(MODEL))
    assert not again.acquire_writer_lock()
    again.commit({"complete": False})  # a reader writes nothing
    assert reopen(tmp_path).meta["complete"] is True
    again.close()


def test_vectors_of_an_unused_model_are_ignored(index, tmp_path):
    live = put(index, "a")
    embed(live)
    embed(live, "another")
    index.commit({})
    assert not index.unwritten_vectors
    again = reopen(tmp_path)
    assert [set(live.tiers) for live in again.segments.values()] == [{MODEL}]
    again.close()


def test_an_incomplete_tier_is_not_written(index):
    live = put(index, "a", "b")
    live.add_block(MODEL, VectorBlock(np.array([0], np.uint32), np.ones((1, 4), np.int8)))
    assert not index.unwritten_vectors
    live.unembeddable[MODEL] = {1, 2, 3}
    assert index.unwritten_vectors


def test_many_vector_blocks_are_joined(index):
    live = put(index, *(f"file{number}" for number in range(20)))
    for row in live.missing(MODEL).tolist():
        live.add_block(MODEL, VectorBlock(np.array([row], np.uint32), np.full((1, 4), row, np.int8)))
        assert len(live.tiers[MODEL]) <= MERGE_FANOUT
    assert not len(live.missing(MODEL))
    for block in live.tiers[MODEL]:
        assert block.matrix[:, 0].tolist() == block.rows.tolist()


def test_segments_of_one_size_are_merged(index, tmp_path):
    for number in range(MERGE_FANOUT):
        assert merge_candidates(index.segments.values()) == []
        embed(put(index, f"{number}a", f"{number}b"))
    parts = merge_candidates(index.segments.values())
    assert len(parts) == MERGE_FANOUT
    alive = [part.alive for part in parts]
    merged = merge_job(parts, alive)
    index.remove("3a")  # removed while another thread merges
    put(index, "4b")
    index.adopt_merge(parts, alive, merged)
    everything = {f"{number}{letter}" for number in range(MERGE_FANOUT) for letter in "ab"}
    assert shown(index) == everything - {"3a"}
    assert len(index.segments) == 2
    assert not any(len(live.missing(MODEL)) for live in index.segments.values() if live.segment is merged.segment)
    for path in everything - {"3a"}:
        place = index.place(path)
        assert place is not None
        assert place[0].segment.files.paths[place[1]] == path
    index.commit({})
    again = reopen(tmp_path)
    assert shown(again) == everything - {"3a"}
    again.close()


def test_when_idle_two_segments_of_one_size_are_merged(index):
    embed(put(index, "a"))
    assert merge_candidates(index.segments.values(), resting=True) == []
    embed(put(index, "b"))
    assert merge_candidates(index.segments.values()) == []
    assert len(parts := merge_candidates(index.segments.values(), resting=True)) == 2
    assert merge_candidates(index.segments.values(), resting=True, spared=[None, parts[1]]) == []


def test_segments_without_all_vectors_are_not_merged(index):
    for number in range(MERGE_FANOUT):
        put(index, str(number)).tokens = (b"",)
    assert merge_candidates(index.segments.values()) == []


def test_a_segment_with_mostly_deleted_files_is_rewritten(index):
    live = put(index, *"abcde")
    for path in "abc":
        index.remove(path)
    assert merge_candidates(index.segments.values()) == [live]
    merged = merge_job([live], [live.alive])
    index.adopt_merge([live], [live.alive], merged)
    assert shown(index) == {"d", "e"}
    assert index.views()[0].alive is None


def test_only_one_process_writes(index, tmp_path):
    other = RootIndex(tmp_path / "root", tmp_path / "cache")
    assert not other.acquire_writer_lock()
    put(index, "a")
    index.commit({})
    assert other.follow()
    assert shown(other) == {"a"}
    assert not other.follow()
    index.close()
    assert other.acquire_writer_lock()
    other.close()


def test_unchanged_views_are_reused(index, tmp_path):
    put(index, "a", "b")

    class State:
        pass

    state = State()
    state.index = index  # type: ignore[attr-defined]
    composer = SnapshotBuilder()
    first = composer.compose({"/r": state}, [])  # type: ignore[dict-item]
    assert composer.compose({"/r": state}, [])[0] is first[0]  # type: ignore[dict-item]


def test_nested_roots_hide_their_files_in_the_outer(index, tmp_path):
    inner = RootIndex(tmp_path / "root" / "in", tmp_path / "cache")
    put(index, "in/a", "inner", "in2/b", "c")
    put(inner, "a")

    class State:
        def __init__(self, of: RootIndex) -> None:
            self.index = of

    states = {"/r": State(index), "/r/in": State(inner)}
    composer = SnapshotBuilder()
    views = composer.compose(states, [])  # type: ignore[arg-type]
    paths = sorted(
        path
        for view in views
        for row, path in enumerate(view.segment.files.paths.tolist())
        if view.alive is None or view.alive[row]
    )
    assert paths == ["a", "c", "in2/b", "inner"]
    again = composer.compose(states, [])  # type: ignore[arg-type]
    assert [a is b for a, b in zip(views, again, strict=True)] == [True, True]
    inner.close()


def test_the_files_of_a_nested_root_are_looked_for_once(index, monkeypatch):
    put(index, "in/a", "b")
    index.rows = Unwalked(index.rows)
    states = {"/r": SimpleNamespace(index=index), "/r/in": SimpleNamespace(index=SimpleNamespace(views=list))}
    composer = SnapshotBuilder()
    assert [view.alive.tolist() for view in composer.compose(states, [])] == [[False, True]]
    embed(next(iter(index.segments.values())))  # another view of the same segment
    monkeypatch.setattr(snapshot_builder, "_files_below", None)
    (view,) = composer.compose(states, [])
    assert (view.alive.tolist(), list(view.tiers)) == ([False, True], [MODEL])


@pytest.mark.parametrize(
    ("roots", "windows", "prefixes"),
    [
        (("/r", "/r/in", "/r/in/it", "/r2"), False, {"/r": ("in/", "in/it/"), "/r/in": ("it/",)}),
        (("C:\\r", "C:\\r\\in", "c:\\R\\in\\it", "C:\\r2"), True, {"C:\\r": ("in/", "in/it/"), "C:\\r\\in": ("it/",)}),
        (("/", "/r"), False, {"/": ("r/",)}),
        (("C:\\", "C:\\r"), True, {"C:\\": ("r/",)}),
    ],
)  # fmt: skip
def test_which_roots_are_nested(roots, windows, prefixes):
    assert prefixes_of_nested(roots, windows=windows) == prefixes


def test_unsaved_text_hides_no_file_of_another_work_tree(index):
    """The index of a work tree has segments of the one that it was copied from."""
    put(index, "a", "b")
    states = {"/one": SimpleNamespace(index=index), "/two": SimpleNamespace(index=index)}
    buffer = SimpleNamespace(root="/one", path="a")
    overlay = SimpleNamespace(buffer=buffer, hash=b"", view=lambda dirty: None)
    first, second = SnapshotBuilder().compose(states, [overlay])
    assert (first.alive.tolist(), second.alive) == ([False, True], None)


def test_removing_a_file_does_not_change_its_segment(index):
    """Segments are values: the index does not change them."""
    file = parsed_file("a", ["f"])
    segment: Segment = segment_of(file)
    index.apply([FileOutcome("a", STAMP, file.hash, "")], segment, ())
    index.remove("a")
    assert segment.files.paths.tolist() == ["a"]
