"""One size limit for the whole cache folder, for all processes."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from outlines import parsed_file, segment_of

from semlens.core.hashing import content_hash
from semlens.files.folder_size import folder_bytes
from semlens.files.git_url import parse_git_url
from semlens.index.storage import cache_bound
from semlens.index.storage.cache_bound import CacheBound
from semlens.index.storage.root_store import Commit, RootStore, delete_index, index_folders, root_folder
from semlens.index.storage.vector_cache import VectorCache
from semlens.index.storage.writer_lock import WriterLock

MIB = 1 << 20


def fill_root(cache: Path, name: str, *, last_used: int, n_mib: int = 1) -> Path:
    """Creates an index of about this size, as an earlier process would."""
    store = RootStore(cache, cache.parent / name)
    segment = segment_of(parsed_file("a.py", ["f"]))
    size = store.write_segment(segment)
    store.commit(Commit({}, [], {segment.id: size}, {}))
    store.close()
    folder = root_folder(cache, cache.parent / name)
    (store.segments_folder / f"{segment.id}.m.vectors").write_bytes(bytes(n_mib * MIB))
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (last_used, last_used))
    return folder


def fill_vectors(cache: Path, prefix: str, n_mib: int = 1) -> None:
    """Stores vectors, as an earlier process would."""
    with closing(VectorCache(cache)) as vectors:
        hashes = [content_hash(f"{prefix}{number}".encode()) for number in range(n_mib * 4000)]
        vectors.put("m", hashes, np.ones((len(hashes), 256), np.int8))


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    return folder


def enforce(cache: Path, max_bytes: int) -> CacheBound:
    """As the next process does."""
    with closing(VectorCache(cache)) as vectors:
        bound = CacheBound(cache, max_bytes)
        bound.vectors = vectors
        bound.enforce()
        bound.close()
    return bound


def test_nothing_is_deleted_below_the_limit(cache):
    roots = [fill_root(cache, "a", last_used=1), fill_root(cache, "b", last_used=2)]
    fill_vectors(cache, "x")
    before = folder_bytes(cache)
    enforce(cache, 16 * MIB)
    assert all(root.exists() for root in roots)
    assert folder_bytes(cache) >= before


def test_a_file_with_two_names_counts_once(cache):
    (cache / "a").write_bytes(bytes(MIB))
    (cache / "folder").mkdir()
    os.link(cache / "a", cache / "folder" / "b")
    assert folder_bytes(cache) == MIB


def test_the_least_recently_used_roots_are_deleted_first(cache):
    old, middle, new = (fill_root(cache, name, last_used=when) for name, when in (("x", 1), ("a", 2), ("m", 3)))
    fill_vectors(cache, "x")
    enforce(cache, 17 * MIB // 4)
    assert [root.exists() for root in (old, middle, new)] == [False, True, True]
    assert folder_bytes(cache) <= 17 * MIB // 4


def test_many_deletions_measure_the_folder_a_few_times(cache, monkeypatch):
    roots = [fill_root(cache, str(number), last_used=number) for number in range(12)]
    measured = []
    monkeypatch.setattr(cache_bound, "folder_bytes", lambda folder: (measured.append(folder), folder_bytes(folder))[1])
    CacheBound(cache, 3 * MIB).enforce()
    assert [root.exists() for root in roots] == [False] * 10 + [True] * 2
    assert measured.count(cache) <= 5


def test_an_end_waits_for_one_deletion_at_most(cache, monkeypatch):
    roots = [fill_root(cache, str(number), last_used=number) for number in range(4)]
    bound = CacheBound(cache, MIB)

    def delete_and_end(folder: Path) -> bool:
        bound._stop_at = 0.0
        return delete_index(folder)

    monkeypatch.setattr(cache_bound, "delete_index", delete_and_end)
    bound.note_written(1)
    bound.enforce()
    assert [root.exists() for root in roots] == [False, True, True, True]


def test_roots_that_share_files_are_measured_as_often_as_needed(cache):
    """The second name of a file frees nothing, so the estimate is checked before the end."""
    old, middle, new = (fill_root(cache, name, last_used=when) for name, when in (("x", 1), ("a", 2), ("m", 3)))
    for folder in (old, middle):
        os.link(next(new.rglob("*.m.vectors")), folder / "shared")
        os.utime(folder, (1, 1))
    enforce(cache, 2 * MIB)
    assert [root.exists() for root in (old, middle, new)] == [False, False, True]


def fill_deep(folder: Path, n_folders: int = 1_500) -> None:
    """A tree that is deeper than Python's stack, and whose paths are longer than the system allows."""
    home = Path.cwd()
    folder.mkdir(parents=True)
    try:
        os.chdir(folder)
        for _ in range(n_folders):
            Path("deep").mkdir()
            os.chdir("deep")
        Path("file").write_bytes(bytes(MIB))
    finally:
        os.chdir(home)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows makes no such paths by default")
def test_a_clone_of_any_depth_is_measured_and_deleted(cache):
    deep = cache / "clones" / "key" / ".partial-x"
    fill_deep(deep)
    os.utime(deep.parent, (1, 1))
    (deep / "one" / "two").mkdir(parents=True)
    (deep / "one" / "two" / "file").write_bytes(bytes(MIB))
    assert folder_bytes(cache) >= MIB
    root = fill_root(cache, "a", last_used=2)
    assert enforce(cache, MIB).problem.startswith("The cache")
    assert not deep.parent.exists()
    assert root.exists()


def test_an_internal_error_is_shown(cache, monkeypatch):
    monkeypatch.setattr(cache_bound, "folder_bytes", lambda _folder: 1 // 0)
    assert "division" in enforce(cache, MIB).problem


def test_files_that_are_made_again_go_before_roots(cache):
    roots = [fill_root(cache, name, last_used=when) for name, when in (("a", 1), ("b", 2))]
    files = [cache / "vectors.old.faiss", cache / "maps" / "of-a"]
    for path in files:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(3 * MIB))
    assert enforce(cache, 3 * MIB).problem == ""
    assert not any(path.exists() for path in files)
    assert all(root.exists() for root in roots)


def test_a_file_of_the_model_in_use_costs_no_root(cache):
    """Without it, all indexes would be deleted at each check, and the folder would still be too large."""
    roots = [fill_root(cache, str(number), last_used=number) for number in range(3)]
    used = cache / "vectors.used.faiss"
    used.write_bytes(bytes(5 * MIB))
    bound = CacheBound(cache, 4 * MIB)
    bound.uses = lambda path: path == used
    bound.enforce()
    assert used.exists()
    assert all(root.exists() for root in roots)
    assert f"take 5 MiB ({used}). Raise semlens.index.maxCacheMb. `semlens forget --all`" in bound.problem
    for number in range(3, 7):
        fill_root(cache, str(number), last_used=number)
    bound.enforce()
    assert not roots[0].exists()


@pytest.mark.parametrize("name", ["pulls/x1", "cluster-build"])
@pytest.mark.parametrize("is_old", [True, False])
def test_what_a_stopped_pull_or_build_left_goes_before_roots(cache, name, is_old):
    roots = [fill_root(cache, root, last_used=when) for root, when in (("a", 1), ("b", 2))]
    folder = cache / name
    folder.mkdir(parents=True)
    for file in ("old", "new"):
        (folder / file).write_bytes(bytes(MIB))
        os.utime(folder / file, (1, 1))
    os.utime(folder, (1, 1))
    if not is_old:
        os.utime(folder / "new")
    enforce(cache, 4 * MIB)
    assert (folder.exists(), roots[0].exists(), roots[1].exists()) == (not is_old, is_old, True)


def test_indexes_of_another_format_count_and_go_first_when_unused(cache):
    new = [fill_root(cache, name, last_used=when) for name, when in (("a", 3), ("b", 4))]
    old = fill_root(cache, "c", last_used=2)
    older = cache / "roots" / old.name
    older.parent.mkdir()
    old.rename(older)
    assert index_folders(cache, cache.parent / "c") == [older]
    enforce(cache, 13 * MIB // 4)
    assert [root.exists() for root in (older, *new)] == [False, True, True]


def fill_clone(cache: Path, name: str, *, last_used: int) -> tuple[Path, Path]:
    """A clone of 1 MiB that was used then, and its index of 1 MiB that was used a second before."""
    url = parse_git_url(f"https://host.example/{name}")
    folder = cache / "clones" / url.key
    (folder / name / ".git").mkdir(parents=True)
    (folder / name / ".git" / "HEAD").write_bytes(bytes(MIB))
    (folder / "url.txt").write_text(url.text)
    index = fill_root(cache, f"cache/clones/{url.key}/{name}", last_used=last_used - 1)
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (last_used, last_used))
    return folder, index


def test_the_clone_used_least_recently_goes_with_its_index(cache):
    root = fill_root(cache, "a", last_used=5)
    old, new = fill_clone(cache, "x", last_used=3), fill_clone(cache, "y", last_used=9)
    half = cache / "clones" / "half"
    half.mkdir()
    (half / "pack").write_bytes(bytes(MIB))
    os.utime(half, (1, 1))
    enforce(cache, 15 * MIB // 4)
    assert not any(path.exists() for path in (half, *old))
    assert all(path.exists() for path in (root, *new))


def test_a_clone_whose_index_is_open_stays(cache):
    folder, index = fill_clone(cache, "x", last_used=3)
    fill_root(cache, "a", last_used=5)
    lock = WriterLock(next(index.glob("v*")) / "writer.lock")
    assert lock.acquire()
    enforce(cache, 1 * MIB)
    assert (folder / "url.txt").exists()
    lock.release()
    enforce(cache, 2 * MIB)
    assert not folder.exists()
    assert not index.exists()


def test_an_open_root_is_kept(cache):
    old, new = fill_root(cache, "a", last_used=1), fill_root(cache, "b", last_used=2)
    lock = WriterLock(next(old.glob("v*")) / "writer.lock")
    assert lock.acquire()
    bound = enforce(cache, 1 * MIB)
    assert old.exists()
    assert new.exists()  # the last one used is never deleted
    assert "semlens.index.maxCacheMb" in bound.problem
    lock.release()
    assert enforce(cache, 3 * MIB).problem == ""
    assert [old.exists(), new.exists()] == [False, True] or folder_bytes(cache) <= 3 * MIB


def test_vectors_are_deleted_after_roots(cache):
    fill_root(cache, "a", last_used=1)
    for process in range(4):
        fill_vectors(cache, f"{process}.")
    assert folder_bytes(cache) > 5 * MIB
    enforce(cache, 3 * MIB)
    assert folder_bytes(cache) <= 3 * MIB
    with closing(VectorCache(cache)) as vectors:
        assert 0 < vectors.n_bytes < 2 * MIB


def test_stores_of_other_versions_are_deleted_before_vectors(cache):
    (cache / "vectors.v1.sqlite").write_bytes(bytes(3 * MIB))
    fill_vectors(cache, "x")
    enforce(cache, 3 * MIB)
    assert [path.name for path in cache.glob("vectors.v*.sqlite")] == ["vectors.v2.sqlite"]
    with closing(VectorCache(cache)) as vectors:
        assert vectors.n_bytes > MIB


def test_many_processes_together_keep_the_limit(cache):
    """Each writes less than would make it look, but for its last look when it closes."""
    for process in range(30):
        bound = CacheBound(cache, 4 * MIB)
        fill_root(cache, f"root {process}", last_used=process)
        bound.note_written(1)
        bound.close()
        assert folder_bytes(cache) <= 4 * MIB + MIB // 4


def test_one_process_at_a_time_deletes(cache):
    fill_root(cache, "a", last_used=1)
    fill_root(cache, "b", last_used=2)
    other = WriterLock(cache / "bound.lock")
    assert other.acquire()
    enforce(cache, 1 * MIB)
    assert len(index_folders(cache)) == 2
    other.release()
