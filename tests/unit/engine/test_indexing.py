"""Indexing from a folder to search results: what is read, parsed and embedded, and what is not."""

from __future__ import annotations

import errno
import os

import pytest
from engine_cases import complete, computed, found, function, make_settings, parsed, paths_of, search, wait_for

from semlens.core.status import EngineState
from semlens.engine.engine import Engine
from semlens.search.signals import file_status
from semlens.workers.pool import ParsePool


def test_a_cold_index(workspace):
    workspace.write("net/retry.py", function("retry_download") + function("parse_config"))
    workspace.write("notes.txt", "no code\n")
    workspace.write("logo.png", b"\x89PNG\0\0")
    engine = workspace.engine()
    status = complete(engine)
    assert status.state is EngineState.READY
    assert (status.roots[0].symbols, status.roots[0].pending) == (2, 0)
    assert found(engine, "parse_config") == [("net/retry.py", 2, False)]
    assert search(engine, "retry a download")[0].name == "retry_download"
    assert status.tiers[0].embedded > 0
    assert status.tiers[0].pending == 0
    assert status.lag_ms == 0


def test_no_index_takes_more_processors_than_are_allowed(plain):
    """The first index is one only until it is whole."""
    for number in range(20):
        plain.write(f"file_{number}.py", function(f"function_{number}"))
    engine = plain.engine()
    assert engine._indexer.parser.pool._n_allowed == 1
    state = next(iter(engine._indexer.states.values()))
    wait_for(engine, lambda: not state.first_index)


def test_an_empty_folder_is_complete(plain):
    engine = plain.engine()
    assert complete(engine).state is EngineState.READY
    assert search(engine, "anything") == ()


def test_opening_again_parses_and_computes_nothing(workspace):
    for number in range(20):
        workspace.write(f"file_{number}.py", function(f"function_{number}", f"return {number}"))
    first = workspace.engine()
    assert parsed(first) == 20
    n_passages = computed(first)
    assert n_passages == 20
    first.close()
    second = workspace.engine()
    assert (parsed(second), computed(second)) == (0, 0)
    assert complete(second).tiers[0].embedded == n_passages
    assert found(second, "function_7") == [("file_7.py", 0, False)]


def test_a_touched_file_is_hashed_but_not_parsed(workspace):
    path = workspace.write("a.py", function("alpha"))
    first = workspace.engine()
    first.close()
    os.utime(path, (1_000_000_000, 1_000_000_000))
    second = workspace.engine()
    assert (parsed(second), computed(second)) == (0, 0)
    assert found(second, "alpha") == [("a.py", 0, False)]


def test_an_edited_file(workspace):
    workspace.write("a.py", function("alpha") + function("beta"))
    engine = workspace.engine()
    before = computed(engine)
    workspace.write("a.py", function("new_one") + function("alpha"))
    workspace.change(engine, "a.py")
    assert found(engine, "alpha") == [("a.py", 2, False)]
    assert found(engine, "new_one") == [("a.py", 0, False)]
    assert found(engine, "beta") == []
    assert computed(engine) - before == 1  # `alpha` only moved


def test_a_deleted_file_and_a_deleted_folder(plain):
    plain.write("a.py", function("alpha"))
    plain.write("folder/deep/b.py", function("beta"))
    plain.write("folder/c.py", function("gamma"))
    engine = plain.engine()
    (plain.folder / "a.py").unlink()
    (plain.folder / "folder/deep/b.py").unlink()
    (plain.folder / "folder/deep").rmdir()
    plain.change(engine, "a.py", "folder/deep")
    assert [paths_of(engine, name) for name in ("alpha", "beta", "gamma")] == [[], [], ["folder/c.py"]]
    assert complete(engine).roots[0].files == 1


def test_a_folder_that_became_a_file(plain):
    plain.write("thing.py/inner.py", function("inner"))
    engine = plain.engine()
    (plain.folder / "thing.py/inner.py").unlink()
    (plain.folder / "thing.py").rmdir()
    plain.write("thing.py", function("outer"))
    plain.change(engine, "thing.py")
    assert paths_of(engine, "inner") == []
    assert paths_of(engine, "outer") == ["thing.py"]
    assert complete(engine).roots[0].files == 1


@pytest.mark.parametrize("target", ["b.py", "new/folder/a.py"])
def test_a_renamed_or_moved_file_embeds_nothing(workspace, target):
    workspace.write("a.py", function("alpha", "return retry") + function("beta"))
    engine = workspace.engine()
    before = computed(engine)
    (workspace.folder / target).parent.mkdir(parents=True, exist_ok=True)
    (workspace.folder / "a.py").rename(workspace.folder / target)
    workspace.change(engine, "a.py", target)
    assert paths_of(engine, "alpha") == [target]
    assert computed(engine) == before
    assert complete(engine).tiers[0].pending == 0


def test_an_event_for_a_new_folder_indexes_its_files(plain):
    engine = plain.engine()
    plain.write("new/deep/a.py", function("alpha"))
    plain.change(engine, "new")
    assert paths_of(engine, "alpha") == ["new/deep/a.py"]


def test_switching_branches_and_back_computes_nothing(workspace):
    names = [f"file_{number}.py" for number in range(30)]
    for number, name in enumerate(names):
        workspace.write(name, function(f"main_{number}", f"return {number}"))
    engine = workspace.engine()
    for number, name in enumerate(names[:20]):
        workspace.write(name, function(f"branch_{number}", f"return -{number}"))
    for name in names[20:]:
        (workspace.folder / name).unlink()
    workspace.change(engine, *names)
    assert (paths_of(engine, "main_3"), paths_of(engine, "branch_3")) == ([], ["file_3.py"])
    assert paths_of(engine, "main_25") == []
    between = computed(engine)
    for number, name in enumerate(names):
        workspace.write(name, function(f"main_{number}", f"return {number}"))
    workspace.change(engine, *names)
    assert (paths_of(engine, "main_3"), paths_of(engine, "branch_3")) == (["file_3.py"], [])
    assert computed(engine) == between


def test_a_changed_ignore_file(plain):
    plain.write("a.py", function("alpha"))
    plain.write("build/b.py", function("beta"))
    plain.write(".ignore", "")
    engine = plain.engine()
    assert paths_of(engine, "beta") == ["build/b.py"]
    plain.write(".ignore", "build/\n")
    plain.change(engine, ".ignore")
    assert paths_of(engine, "beta") == []
    plain.write(".ignore", "a.py\n")
    plain.change(engine, ".ignore")
    assert [paths_of(engine, name) for name in ("alpha", "beta")] == [[], ["build/b.py"]]


def test_changed_settings(plain):
    plain.write("a.py", function("alpha"))
    plain.write("old/b.py", function("beta"))
    engine = plain.engine()
    engine.apply_settings(make_settings(None, files={"exclude": ("old",)}))
    complete(engine)
    assert [paths_of(engine, name) for name in ("alpha", "beta")] == [["a.py"], []]
    engine.apply_settings(make_settings(None))
    complete(engine)
    assert paths_of(engine, "beta") == ["old/b.py"]


def test_a_scan_goes_by_the_settings_of_its_moment(plain):
    """Many events at once, a folder that was away and a writer that left give a scan, and none of them names a file."""
    plain.write("a.py", function("alpha"))
    plain.write("old/b.py", function("beta"))
    exclude: list[str] = []
    engine = plain.engine(settings_of=lambda _root: make_settings(None, files={"exclude": tuple(exclude)}))
    assert paths_of(engine, "beta") == ["old/b.py"]
    exclude.append("old")
    engine.rescan()
    complete(engine)
    assert [paths_of(engine, name) for name in ("alpha", "beta")] == [["a.py"], []]


def test_a_file_that_grows_too_large_and_shrinks_again(plain):
    plain.write("a.py", function("alpha"))
    engine = plain.engine(settings=make_settings(None, files={"max_size_kb": 1}))
    plain.write("a.py", function("alpha") + "# " + "x" * 3000)
    plain.change(engine, "a.py")
    assert paths_of(engine, "alpha") == []
    plain.write("a.py", function("alpha"))
    plain.change(engine, "a.py")
    assert paths_of(engine, "alpha") == ["a.py"]


def test_a_file_that_becomes_binary_and_code_again(plain):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    plain.write("a.py", b"\0\1\2" * 100)
    plain.change(engine, "a.py")
    assert paths_of(engine, "alpha") == []
    assert complete(engine).roots[0].skipped["binary"] == 1
    plain.write("a.py", function("alpha"))
    plain.change(engine, "a.py")
    assert paths_of(engine, "alpha") == ["a.py"]
    assert not complete(engine).roots[0].skipped.get("binary")


def test_pause_and_resume(plain):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    engine.pause()
    wait_for(engine, lambda: engine.status().state is EngineState.PAUSED)
    plain.write("b.py", function("beta"))
    engine.files_changed([plain.folder / "b.py"])
    wait_for(engine, lambda: engine.status().roots[0].pending == 1)
    assert not engine.status().complete or not engine.wait_complete(timeout=0)
    assert paths_of(engine, "alpha") == ["a.py"]
    engine.resume()
    complete(engine)
    assert paths_of(engine, "beta") == ["b.py"]
    assert complete(engine).state is EngineState.READY


def test_reindexing_in_full_parses_all_and_computes_nothing(workspace):
    for number in range(5):
        workspace.write(f"file_{number}.py", function(f"function_{number}", f"return {number}"))
    engine = workspace.engine()
    before = parsed(engine), computed(engine)
    engine.rescan(full=True)
    complete(engine)
    assert (parsed(engine) - before[0], computed(engine) - before[1]) == (5, 0)
    engine.rescan()
    complete(engine)
    assert parsed(engine) - before[0] == 5
    assert complete(engine).roots[0].symbols == 5


def test_reindexing_in_full_while_a_scan_goes_on(plain):
    """A running scan does not count as the requested one."""
    for number in range(5):
        plain.write(f"file_{number}.py", function(f"function_{number}"))
    engine = plain.engine()
    before = parsed(engine)
    engine.rescan()
    engine.rescan(full=True)
    engine.rescan()
    complete(engine)
    assert parsed(engine) - before == 5


def test_reindexing_in_full_parses_files_again_that_no_worker_could_read(plain, monkeypatch):
    for number in range(3):
        plain.write(f"file_{number}.py", function(f"function_{number}"))
    engine = plain.engine()
    before = parsed(engine)
    parse_files, failures = ParsePool._parse_files, [OSError(errno.EAGAIN, "Resource temporarily unavailable")]

    def fail_once(pool, request):
        if failures:
            raise failures.pop()
        return parse_files(pool, request)

    monkeypatch.setattr(ParsePool, "_parse_files", fail_once)
    engine.rescan(full=True)
    complete(engine)
    assert failures == []
    assert parsed(engine) - before == 3
    assert next(iter(engine._indexer.states.values())).outdated == set()


def test_segments_are_merged_and_nothing_is_lost(workspace):
    names = [f"file_{number}.py" for number in range(12)]
    engine = workspace.engine()
    for number, name in enumerate(names):
        workspace.write(name, function(f"function_{number}", f"return {number}"))
        workspace.change(engine, name)
    index = next(iter(engine._indexer.states.values())).index
    wait_for(engine, lambda: len(index.segments) < 8)
    complete(engine)
    assert all(paths_of(engine, f"function_{number}") == [name] for number, name in enumerate(names))
    assert computed(engine) == 12
    engine.close()
    again = workspace.engine()
    assert (parsed(again), computed(again)) == (0, 0)
    assert all(paths_of(again, f"function_{number}") == [name] for number, name in enumerate(names))


def test_a_root_is_removed(plain, tmp_path):
    plain.write("a.py", function("alpha"))
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.py").write_text(function("beta"))
    engine = plain.engine()
    engine.add_root(other)
    complete(engine)
    assert paths_of(engine, "beta") == ["b.py"]
    engine.remove_root(other)
    assert len(complete(engine).roots) == 1
    assert paths_of(engine, "beta") == []
    assert paths_of(engine, "alpha") == ["a.py"]


def test_a_root_is_removed_by_the_path_that_it_had(plain, tmp_path):
    """A link may now be where the folder was."""
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    complete(engine)
    plain.folder.rename(tmp_path / "moved")
    plain.folder.symlink_to(tmp_path / "moved")
    engine.remove_root(plain.folder)
    assert complete(engine).roots == ()


@pytest.mark.parametrize("inner_first", [True, False])
def test_nested_roots_are_counted_once(plain, inner_first):
    plain.write("a.py", function("alpha"))
    inner = plain.write("packages/inner/b.py", function("beta")).parent
    roots = [inner, plain.folder] if inner_first else [plain.folder, inner]
    engine = plain.engine(root=roots[0])
    engine.add_root(roots[1])
    complete(engine)
    assert [(hit.root, hit.path) for hit in search(engine, "beta") if hit.name == "beta"] == [(str(inner), "b.py")]
    assert paths_of(engine, "alpha") == ["a.py"]
    engine.remove_root(inner)
    assert len(complete(engine).roots) == 1
    assert paths_of(engine, "beta") == ["packages/inner/b.py"]


def test_a_root_named_by_a_link_is_the_same_root(plain, tmp_path):
    plain.write("a.py", function("alpha"))
    link = tmp_path / "link"
    link.symlink_to(plain.folder)
    engine = plain.engine(root=link)
    engine.add_root(plain.folder)
    complete(engine)
    hits = [hit for hit in search(engine, "alpha") if hit.name == "alpha"]
    assert [(hit.root, hit.path) for hit in hits] == [(str(link), "a.py")]


def test_two_folders_with_the_same_code_share_vectors(workspace, tmp_path):
    """A clone or a worktree, whose passages are embedded already."""
    workspace.write("a.py", function("alpha", "return retry"))
    engine = workspace.engine()
    before = computed(engine)
    clone = tmp_path / "clone"
    clone.mkdir()
    (clone / "a.py").write_text(function("alpha", "return retry"))
    engine.add_root(clone)
    complete(engine)
    assert len(paths_of(engine, "alpha")) == 2
    assert computed(engine) == before


def test_unusual_file_names(plain):
    odd = b"caf\xe9 \xff.py"
    plain.write(os.fsdecode(odd), function("alpha"))
    plain.write("ünï cödé/日本.py", function("beta"))
    engine = plain.engine()
    assert paths_of(engine, "alpha") == [os.fsdecode(odd)]
    assert paths_of(engine, "beta") == ["ünï cödé/日本.py"]
    engine.close()
    again = plain.engine()
    assert parsed(again) == 0
    assert paths_of(again, "alpha") == [os.fsdecode(odd)]


def test_without_a_root_the_index_is_complete_once_the_client_has_said_so(workspace):
    engine = Engine(make_settings(workspace.model), cache_folder=workspace.cache)
    workspace.engines.append(engine)
    engine.start()
    assert not engine.status().complete
    engine.set_roots_named()
    assert engine.wait_complete(timeout=60)
    assert (engine.status().complete, engine.status().state) == (True, EngineState.READY)


def test_what_ranking_keeps_of_a_stored_index_is_computed_before_the_first_search(plain):
    plain.write("a.py", function("alpha"))
    plain.engine().close()
    engine = plain.engine()
    segments = [view.segment for view in engine._session.snapshot.views]
    assert segments
    wait_for(engine, lambda: all(segment in file_status._STATUSES for segment in segments))
