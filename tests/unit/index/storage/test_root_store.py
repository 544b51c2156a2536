from __future__ import annotations

import errno
import hashlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from damage import overwrite
from outlines import parsed_file, segment_of

from semlens.core.errors import CacheError
from semlens.files.file_stamp import FileStamp
from semlens.index.segment import columns
from semlens.index.segment.columns import write_column_file
from semlens.index.segment.segment import Segment, segment_arrays, segment_path
from semlens.index.segment.vectors import VectorBlock
from semlens.index.storage import root_store as store
from semlens.index.storage.commit_rows import DATABASE_NAME, SCHEMA
from semlens.index.storage.database import is_damaged
from semlens.index.storage.root_store import (
    LOCK_NAME,
    Commit,
    FileEntry,
    RootStore,
    StoredIndex,
    delete_index,
    root_folder,
    stored_roots,
)
from semlens.index.storage.writer_lock import WriterLock
from semlens.index.versions import FORMAT_VERSION, STORE_VERSION

STAMP = FileStamp(10, 20, 30, 40, 50_000_000_000)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture
def opened(tmp_path: Path, root: Path):
    made = RootStore(tmp_path / "cache", root)
    yield made
    made.close()


def commit(target: RootStore, segment: Segment, *paths: str, removed: tuple[str, ...] = ()) -> None:
    size = target.write_segment(segment)
    entries = {path: FileEntry(STAMP, b"h" * 16, segment.id) for path in paths}
    target.commit(Commit(entries, removed, {segment.id: size}, {"complete": True, "skipped": {"binary": 2}}))


def load_again(tmp_path: Path, root: Path) -> StoredIndex:
    again = RootStore(tmp_path / "cache", root)
    try:
        return again.load()
    finally:
        again.close()


def test_an_empty_store_has_no_commit(opened):
    assert opened.load() == StoredIndex({}, {}, {})


def test_a_commit_survives(opened, tmp_path, root):
    odd = "\udcff/ü.py"
    segment = segment_of(parsed_file("a.py", ["f"]), parsed_file(odd, ["g"]))
    commit(opened, segment, "a.py", odd)
    opened.commit(
        Commit({"b.bin": FileEntry(STAMP, b"", "", "binary")}, ["a.py"], {segment.id: 1}, {"complete": False})
    )
    stored = load_again(tmp_path, root)
    assert stored.files == {odd: FileEntry(STAMP, b"h" * 16, segment.id), "b.bin": FileEntry(STAMP, b"", "", "binary")}
    assert stored.segments[segment.id].files.paths.tolist() == ["a.py", odd]
    assert stored.meta == {"complete": False, "skipped": {"binary": 2}}
    assert stored.lost_segments == frozenset()


def test_known_segments_are_not_read_again(opened):
    segment = segment_of(parsed_file("a.py", ["f"]))
    commit(opened, segment, "a.py")
    assert opened.load({segment.id: segment}).segments[segment.id] is segment


def test_another_connection_sees_that_something_was_committed(opened, tmp_path, root):
    reader = RootStore(tmp_path / "cache", root)
    before = reader.data_version()
    assert reader.data_version() == before
    commit(opened, segment_of(parsed_file("a.py", ["f"])), "a.py")
    assert reader.data_version() != before
    assert list(reader.load().files) == ["a.py"]
    reader.close()


def test_a_process_killed_before_a_commit_keeps_the_previous_one(opened, tmp_path, root):
    old = segment_of(parsed_file("a.py", ["old"]))
    commit(opened, old, "a.py")
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from outlines import parsed_file, segment_of\n"
        "from semlens.index.storage.root_store import RootStore\n"
        "store = RootStore(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "store.write_segment(segment_of(parsed_file('a.py', ['new'])))\n"
        "store._database.connection.execute('BEGIN IMMEDIATE')\n"
        "store._database.connection.execute('DELETE FROM files')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "cache"), str(root)], check=False, env=environment, timeout=60
    )
    assert done.returncode == -9
    stored = load_again(tmp_path, root)
    assert stored.segments.keys() == {old.id}
    assert list(stored.files) == ["a.py"]


def test_unreferenced_files_are_deleted_one_commit_later(opened):
    orphan, first, second = (segment_of(parsed_file("a.py", [name])) for name in ("orphan", "first", "second"))
    opened.write_segment(orphan)
    torn = opened.segments_folder / f"{first.id}.m.vectors.999999.part"
    torn.write_bytes(b"left by a killed process")
    commit(opened, first, "a.py")
    assert not torn.exists()
    assert segment_path(opened.segments_folder, orphan.id).exists()
    commit(opened, second, "a.py")
    assert not segment_path(opened.segments_folder, orphan.id).exists()
    assert segment_path(opened.segments_folder, first.id).exists()  # kept, because a reader may be reading it
    opened.commit(Commit({}, [], {second.id: 1}, {}))
    assert [path.name for path in opened.segments_folder.iterdir()] == [f"{second.id}.segment"]


@pytest.mark.parametrize("damage", ["cut", "altered", "missing"])
def test_a_broken_segment_loses_only_itself(opened, tmp_path, root, damage):
    whole, broken = segment_of(parsed_file("a.py", ["f"])), segment_of(parsed_file("b.py", ["g"]))
    sizes = {segment.id: opened.write_segment(segment) for segment in (whole, broken)}
    entries = {"a.py": FileEntry(STAMP, b"h", whole.id), "b.py": FileEntry(STAMP, b"h", broken.id)}
    opened.commit(Commit(entries, [], sizes, {}))
    path = segment_path(opened.segments_folder, broken.id)
    data = bytearray(path.read_bytes())
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        overwrite(path, data[:-1])
    else:
        data[len(data) // 2] ^= 4
        overwrite(path, data)
    stored = load_again(tmp_path, root)
    assert stored.segments.keys() == {whole.id}
    assert stored.lost_segments == {broken.id}


def database_of(tmp_path: Path, root: Path) -> Path:
    return root_folder(tmp_path / "cache", root) / f"v{STORE_VERSION}" / "index.sqlite"


@pytest.mark.parametrize("damage", ["garbage", "empty", "newer"])
def test_a_broken_database_is_recreated(tmp_path, root, damage):
    first = RootStore(tmp_path / "cache", root)
    commit(first, segment_of(parsed_file("a.py", ["f"])), "a.py")
    first.close()
    path = database_of(tmp_path, root)
    if damage == "newer":
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 77")
        connection.close()
    else:
        path.write_bytes(b"garbage" * 1000 if damage == "garbage" else b"")
    assert load_again(tmp_path, root) == StoredIndex({}, {}, {})


def test_a_broken_database_page_is_detected(tmp_path, root):
    first = RootStore(tmp_path / "cache", root)
    segment = segment_of(parsed_file("a.py", ["f"]))
    commit(first, segment, *(f"folder/file{number}.py" for number in range(2000)))
    first.close()
    path = database_of(tmp_path, root)
    data = bytearray(path.read_bytes())
    data[3 * 4096 :] = b"\xa5" * (len(data) - 3 * 4096)
    path.write_bytes(data)
    again = RootStore(tmp_path / "cache", root)
    with pytest.raises(sqlite3.DatabaseError) as error:
        again.load()
    assert again.is_damaged(error.value)
    again.begin_anew()
    assert again.load() == StoredIndex({}, {}, {})
    again.close()


def test_invalid_metadata_counts_as_damage(opened):
    opened._database.connection.execute("INSERT INTO meta VALUES ('complete', 'not json')")
    with pytest.raises(sqlite3.DatabaseError) as error:
        opened.load()
    assert is_damaged(error.value)


def test_a_value_of_a_newer_version_is_left_out_and_gone_with_the_next_commit(opened, tmp_path, root):
    """As an older semlens meets an index that a newer one wrote: it is not damaged."""
    segment = segment_of(parsed_file("a.py", ["f"]))
    commit(opened, segment, "a.py")
    opened._database.connection.execute("INSERT INTO meta VALUES ('newKeys', '{}')")
    opened._database.connection.commit()
    stored = load_again(tmp_path, root)
    assert (list(stored.files), stored.meta) == (["a.py"], {"complete": True, "skipped": {"binary": 2}})
    commit(opened, segment, "a.py")
    assert not opened._database.connection.execute("SELECT * FROM meta WHERE key = 'newKeys'").fetchall()


def test_a_column_of_a_newer_version_is_left_out(opened):
    segment = segment_of(parsed_file("a.py", ["f"]))
    arrays = {**segment_arrays(segment), "files.newColumn": np.zeros(1, np.uint8)}
    write_column_file(segment_path(opened.segments_folder, segment.id), arrays, {"id": segment.id})
    read = opened.read_segment(segment.id)
    assert read is not None
    assert read.files.paths.tolist() == ["a.py"]


def test_what_older_versions_of_the_same_format_read_is_there():
    """Columns may come to this list. To change or drop one, raise FORMAT_VERSION; a table, STORE_VERSION."""
    assert (STORE_VERSION, FORMAT_VERSION) == (1, 2)
    columns = segment_arrays(segment_of(parsed_file("a.py", ["f"])))
    forms = {name: f"{array.dtype.str[1:]}/{array.ndim}" for name, array in columns.items()}
    assert forms.items() >= COLUMNS.items()
    assert hashlib.sha256(SCHEMA.encode()).hexdigest().startswith("1f0f01c66507a3fa")


COLUMNS = {
    "files.paths.offsets": "u4/1", "files.paths.heap": "u1/1", "files.hashes": "u1/2",
    "files.n_lines": "u4/1", "files.roles": "u1/1", "files.languages": "u2/1",
    "files.language_names.offsets": "u4/1", "files.language_names.heap": "u1/1", "symbols.files": "u4/1",
    "symbols.kinds": "u1/1", "symbols.spans": "u4/2", "symbols.parents": "i4/1",
    "symbols.names.offsets": "u4/1", "symbols.names.heap": "u1/1", "symbols.qualified_names.offsets": "u4/1",
    "symbols.qualified_names.heap": "u1/1", "symbols.signatures.offsets": "u4/1",
    "symbols.signatures.heap": "u1/1", "passages.files": "u4/1", "passages.symbols": "i4/1",
    "passages.lines": "u4/2", "passages.hashes": "u1/2", "words.terms": "u8/1", "words.offsets": "u4/1",
    "words.rows": "u4/1", "words.codes": "u1/1", "names.keys": "S24/1", "names.key_rows": "u4/1",
    "names.humps": "S12/1", "names.hump_rows": "u4/1", "names.trigrams.terms": "u8/1",
    "names.trigrams.offsets": "u4/1", "names.trigrams.rows": "u4/1", "names.trigrams.codes": "u1/1",
    "references.terms": "u8/1", "references.offsets": "u4/1", "references.rows": "u4/1",
    "references.codes": "u1/1", "references.hints": "u4/1",
}  # fmt: skip


def test_a_full_disk_keeps_the_previous_commit(opened, tmp_path, root, monkeypatch):
    segment = segment_of(parsed_file("a.py", ["f"]))
    commit(opened, segment, "a.py")
    pages = opened._database.connection.execute("PRAGMA page_count").fetchone()[0]
    opened._database.connection.execute(f"PRAGMA max_page_count = {pages}")
    many = {f"folder/file{number}.py": FileEntry(STAMP, b"h" * 16, segment.id) for number in range(3000)}
    with pytest.raises(sqlite3.OperationalError, match="full"):
        opened.commit(Commit(many, ["a.py"], {segment.id: 1}, {}))
    assert list(load_again(tmp_path, root).files) == ["a.py"]

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(columns.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        opened.write_segment(segment_of(parsed_file("b.py", ["g"])))
    opened._database.connection.execute("PRAGMA max_page_count = 1000000")
    opened.commit(Commit(many, ["a.py"], {segment.id: 1}, {}))
    assert len(load_again(tmp_path, root).files) == 3000


def test_a_full_disk_at_the_start_gives_one_message(tmp_path, root, monkeypatch):
    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store, "_write_private", full)
    with pytest.raises(CacheError, match="No space left on device"):
        RootStore(tmp_path / "cache", root)


def test_vectors_are_read_or_absent(opened):
    block = VectorBlock(np.array([0, 2], np.uint32), np.array([[1, 2], [3, 4]], np.int8))
    opened.write_vectors("s", "m", block)
    again = opened.read_vectors("s", "m")
    assert again is not None
    assert again.rows.tolist() == [0, 2]
    assert again.matrix.tolist() == [[1, 2], [3, 4]]
    assert opened.read_vectors("s", "other") is None
    path = opened.segments_folder / "s.m.vectors"
    overwrite(path, path.read_bytes()[:-3])
    assert opened.read_vectors("s", "m") is None


def test_everything_is_private(opened, tmp_path):
    commit(opened, segment_of(parsed_file("a.py", ["f"])), "a.py")
    for path in (tmp_path / "cache").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_the_known_roots_are_listed(opened, tmp_path, root):
    assert stored_roots(tmp_path / "cache") == [(root, root_folder(tmp_path / "cache", root))]
    assert opened.n_bytes() > 0
    assert opened.exists


@pytest.mark.parametrize(
    ("modified", "seen", "racy"),
    [(1_000_000_000, 2_000_000_000, False), (1_000_000_000, 1_010_000_000, True), (5, 3, True)],
)
def test_a_file_modified_while_it_is_read_is_marked_racy(modified, seen, racy):
    assert FileStamp(1, modified, 2, 3, seen).racy is racy


def test_stamps_of_one_state_are_equal():
    assert STAMP.same_file(FileStamp(10, 20, 30, 40, 1))
    for other in (
        FileStamp(11, 20, 30, 40, 1),
        FileStamp(10, 21, 30, 40, 1),
        FileStamp(10, 20, 31, 40, 1),
        FileStamp(10, 20, 30, 41, 1),
    ):
        assert not STAMP.same_file(other)


def test_windows_deletes_an_index_although_it_keeps_a_lock_that_is_held(opened, monkeypatch):
    """Its lock lies inside the folder."""
    opened.close()
    held: list[WriterLock] = []

    class Lock(WriterLock):
        def acquire(self, timeout_s: float = 0.0) -> bool:
            held.append(self)
            return super().acquire(timeout_s)

        def release(self) -> None:
            held.remove(self)
            super().release()

    def unlink(path: str, *arguments: object, really=os.unlink, **options: object) -> None:
        if held and Path(path).name == LOCK_NAME:
            raise PermissionError(errno.EACCES, "The process cannot access the file", path)
        really(path, *arguments, **options)

    monkeypatch.setattr(store, "WriterLock", Lock)
    monkeypatch.setattr(os, "unlink", unlink)
    folder = opened.folder.parent
    assert delete_index(folder)
    assert not folder.exists()


def test_an_index_that_cannot_be_deleted_is_an_error(opened, monkeypatch):
    opened.close()

    def unlink(path: str, *arguments: object, really=os.unlink, **options: object) -> None:
        if Path(path).name == DATABASE_NAME:
            raise PermissionError(errno.EACCES, "Access is denied", path)
        really(path, *arguments, **options)

    monkeypatch.setattr(os, "unlink", unlink)
    with pytest.raises(PermissionError):
        delete_index(opened.folder.parent)


def test_a_file_that_windows_keeps_because_a_reader_maps_it_is_deleted_later(opened, monkeypatch):
    """Windows answers `PermissionError` (sharing violation, 32) to the deletion of a mapped file."""
    orphan, first, second = (segment_of(parsed_file("a.py", [name])) for name in ("orphan", "first", "second"))
    kept = segment_path(opened.segments_folder, orphan.id)
    unlink = Path.unlink

    def refuse(path: Path, *, missing_ok: bool = False) -> None:
        if path == kept:
            raise PermissionError(errno.EACCES, "The process cannot access the file", str(path))
        unlink(path, missing_ok=missing_ok)

    opened.write_segment(orphan)
    with monkeypatch.context() as windows:
        windows.setattr(Path, "unlink", refuse)
        commit(opened, first, "a.py")
        commit(opened, second, "a.py")
    assert kept.exists()
    opened.commit(Commit({}, [], {second.id: 1}, {}))
    assert not kept.exists()
