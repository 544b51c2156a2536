"""What a root's state remembers of files that are to be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from semlens.core.status import SkipReason
from semlens.engine.indexing.root_state import RootState
from semlens.files.discovery import Discovery
from semlens.files.reading import read_file
from semlens.index.storage.commit_rows import FileEntry
from semlens.settings.loading import Settings

HASH = b"known"


@pytest.fixture
def state(tmp_path: Path) -> RootState:
    """A root whose only file is indexed as it is."""
    (tmp_path / "a.py").write_text("x = 1\n")
    stamp, _, _ = read_file(str(tmp_path), "a.py", 100)
    assert stamp is not None
    files = {"a.py": FileEntry(stamp, HASH, "segment", SkipReason.NONE)}
    index = SimpleNamespace(root=tmp_path, files=files, folders=set())
    return RootState(index, Discovery(tmp_path, Settings()), Settings())  # type: ignore[arg-type]


def scan(state: RootState) -> None:
    state.begin_scan(1)
    state.add_scanned(1, list(state.discovery.walk(set())), {})
    state.end_scan()
    state.scan = 0


def asked(state: RootState) -> Iterator[bytes]:
    """The hashes with which workers are asked for the file. b"" makes them parse it."""
    while (request := state.next_batch(1000, "")) is not None:
        yield from (known for _, known in request.files)


def change(state: RootState) -> None:
    state.changed["a.py"] = 0.0
    state.process_changes()


def test_a_changed_file_is_parsed_only_if_its_hash_differs(state):
    change(state)
    assert list(asked(state)) == [HASH]


@pytest.mark.parametrize("meanwhile", ["nothing", "changed", "waited", "in flight", "not readable"])
def test_a_file_that_must_be_parsed_is_parsed_whatever_happens_meanwhile(state, meanwhile):
    if meanwhile in ("waited", "in flight"):
        change(state)
    if meanwhile == "in flight":
        assert list(asked(state)) == [HASH]
    state.outdated.add("a.py")
    scan(state)
    if meanwhile == "changed":
        change(state)
    if meanwhile == "in flight":  # the worker answers that it is unchanged
        state.in_flight.clear()
        state.process_changes()
    if meanwhile == "not readable":
        assert list(asked(state)) == [b""]
        state.in_flight.clear()
        state.note_unread(["a.py"])
        assert state.is_of_one_build  # else each start would parse everything again while one file cannot be read
        scan(state)
    assert list(asked(state)) == [b""]
    assert not state.is_of_one_build


def test_files_that_are_gone_need_not_be_parsed(state):
    state.outdated.update({"a.py", "gone.py"})
    scan(state)
    assert state.outdated == {"a.py"}
