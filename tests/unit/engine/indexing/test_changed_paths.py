"""What a change of a path means for the files below it, without any thread."""

from __future__ import annotations

from pathlib import Path

import pytest
from engine_cases import make_settings
from outlines import parsed_file, segment_of

from semlens.engine.indexing.root_index import RootIndex
from semlens.engine.indexing.root_state import RootState
from semlens.files.discovery import Discovery
from semlens.files.file_stamp import FileStamp
from semlens.workers.messages import FileOutcome


class Unwalked(dict):
    """A dictionary that may be asked for a key, and not for all of them."""

    def __iter__(self):
        raise AssertionError("a walk over all files")

    items = keys = values = __iter__


@pytest.fixture
def state(tmp_path: Path):
    root = tmp_path / "root"
    (root / "lib" / "deep").mkdir(parents=True)
    for path in ("lib/deep/a.py", "b.py"):
        (root / path).write_text("x = 1\n")
    index = RootIndex(root, tmp_path / "cache")
    assert index.acquire_writer_lock()
    settings = make_settings(None)
    yield RootState(index, Discovery(root, settings), settings)
    index.close()


def put(state: RootState, *paths: str) -> None:
    files = [parsed_file(path, ("f",)) for path in paths]
    outcomes = [FileOutcome(file.path, FileStamp(1, 2, 3, 4, 5), file.hash, "") for file in files]
    state.index.apply(outcomes, segment_of(*files), ())


def change(state: RootState, *paths: str) -> None:
    state.changed.update(dict.fromkeys(paths, 0.0))
    state.process_changes()


def test_a_path_that_is_not_indexed_costs_no_walk_over_all_files(state):
    put(state, "lib/deep/a.py", "b.py")
    (state.index.root / "lib.so").write_bytes(b"\0")
    (state.index.root / "new.py").write_text("x = 1\n")
    state.index.files = Unwalked(state.index.files)
    change(state, "lib.so", "dist/x.map", "lib/gone.py", "new.py")
    assert list(state.pending) == ["new.py"]


@pytest.mark.parametrize("gone", ["lib", "lib/deep"])
def test_a_folder_that_is_gone_takes_its_files(state, gone):
    put(state, "lib/deep/a.py", "b.py")
    (state.index.root / "lib").rename(state.index.root.parent / "lib")
    change(state, gone)
    assert list(state.index.files) == ["b.py"]
    put(state, "lib/deep/a.py")  # a worker had it
    change(state, gone)
    assert list(state.index.files) == ["b.py"]


def test_a_folder_that_is_gone_takes_its_files_of_an_earlier_start(state, tmp_path):
    put(state, "lib/deep/a.py", "b.py")
    state.index.commit({})
    again = RootIndex(state.index.root, tmp_path / "cache", read_only=True)
    again.load()
    state.index.close()
    (state.index.root / "lib").rename(state.index.root.parent / "lib")
    state.index = again
    change(state, "lib")
    assert list(again.files) == ["b.py"]
    again.close()


def test_a_folder_that_is_gone_takes_the_files_that_wait(state):
    change(state, "lib/deep/a.py", "b.py")
    (state.index.root / "lib").rename(state.index.root.parent / "lib")
    change(state, "lib")
    assert list(state.pending) == ["b.py"]
