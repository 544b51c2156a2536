from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from semlens.core.errors import CacheError
from semlens.index.storage import database
from semlens.index.storage.database import Database, connect, is_damaged, make_private_folder

SCHEMA = "CREATE TABLE things (name TEXT); CREATE INDEX by_name ON things (name)"


def put(path: Path, name: str, *, version: int = 3) -> None:
    connection = connect(path, SCHEMA, version)
    connection.execute("INSERT INTO things VALUES (?)", (name,))
    connection.close()


def read(path: Path, *, version: int = 3) -> list[str]:
    connection = connect(path, SCHEMA, version)
    try:
        return [row[0] for row in connection.execute("SELECT name FROM things")]
    finally:
        connection.close()


def test_the_database_is_created_and_kept(tmp_path):
    put(tmp_path / "a.sqlite", "kept")
    assert read(tmp_path / "a.sqlite") == ["kept"]


@pytest.mark.parametrize("garbage", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_of_garbage_is_replaced(tmp_path, garbage):
    path = tmp_path / "a.sqlite"
    path.write_bytes(garbage)
    path.with_name("a.sqlite-wal").write_bytes(garbage)
    assert read(path) == []


@pytest.mark.parametrize("place", [18, 19], ids=["write format", "read format"])
def test_a_damaged_header_does_not_prevent_writing(tmp_path, place):
    path = tmp_path / "a.sqlite"
    put(path, "old")
    data = bytearray(path.read_bytes())
    data[place] = 77
    path.write_bytes(data)
    with closing(Database(path, SCHEMA, 3)) as opened:
        opened.run(lambda connection: connection.execute("INSERT INTO things VALUES ('new')"))
    assert "new" in read(path)


def test_a_pipe_or_a_link_in_its_place_is_replaced(tmp_path):
    os.mkfifo(tmp_path / "a.sqlite")
    (tmp_path / "other").write_text("not ours")
    (tmp_path / "a.sqlite-wal").symlink_to(tmp_path / "other")
    assert read(tmp_path / "a.sqlite") == []
    assert (tmp_path / "other").read_text() == "not ours"


def test_tables_whose_text_is_garbled_are_replaced(tmp_path):
    """SQLite quotes the text in its error message, which Python then cannot decode."""
    path = tmp_path / "a.sqlite"
    put(path, "old")
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE things", b"CREATE TABL\xe5 things"))
    assert read(path) == []


@pytest.mark.parametrize("change", ["ALTER TABLE things ADD COLUMN more TEXT", "DROP INDEX by_name"])
def test_other_tables_are_replaced(tmp_path, change):
    path = tmp_path / "a.sqlite"
    put(path, "of another making")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(change)
    assert read(path) == []


def test_damage_found_later_loses_only_the_content(tmp_path):
    path = tmp_path / "a.sqlite"
    with closing(Database(path, SCHEMA, 3)) as opened:
        opened.connection.executemany("INSERT INTO things VALUES (?)", [(f"name {number}",) for number in range(9999)])
        opened.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        path.write_bytes(path.read_bytes()[:8192].ljust(path.stat().st_size, b"\xa5"))
    with closing(Database(path, SCHEMA, 3)) as opened:
        assert opened.run(lambda connection: connection.execute("SELECT name FROM things").fetchall()) == []


def test_a_replaced_file_is_reopened(tmp_path):
    path = tmp_path / "a.sqlite"
    with closing(Database(path, SCHEMA, 3)) as opened:
        assert opened.is_in_place
        database.remove_database(path)
        assert not opened.is_in_place
        put(path, "of another process")
        assert not opened.is_in_place
        assert opened.run(lambda connection: connection.execute("SELECT name FROM things").fetchall()) == [
            ("of another process",)
        ]
        assert opened.is_in_place


def test_another_version_is_replaced(tmp_path):
    put(tmp_path / "a.sqlite", "of the future", version=9)
    assert read(tmp_path / "a.sqlite") == []


@pytest.mark.parametrize(
    "code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY]
)
def test_a_temporarily_unusable_database_is_kept(tmp_path, monkeypatch, code):
    path = tmp_path / "a.sqlite"
    put(path, "worth keeping")
    error = sqlite3.OperationalError("not now")
    error.sqlite_errorcode = code

    def fail(*_arguments: object, **_options: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(database, "_open", fail)
        with pytest.raises(CacheError, match="not now"):
            connect(path, SCHEMA, 3)
    assert read(path) == ["worth keeping"]


def test_a_persistent_lock_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "OPEN_SECONDS", 0.05)
    path = tmp_path / "a.sqlite"
    put(path, "kept")
    with sqlite3.connect(path, isolation_level=None) as owner:
        owner.execute("PRAGMA locking_mode = EXCLUSIVE")
        owner.execute("BEGIN EXCLUSIVE")
        with pytest.raises(CacheError, match="another process has locked it"):
            connect(path, SCHEMA, 3)
        owner.execute("ROLLBACK")
    owner.close()
    assert read(path) == ["kept"]


def test_a_folder_in_place_of_the_database_is_reported(tmp_path):
    (tmp_path / "a.sqlite").mkdir()
    with pytest.raises(CacheError, match="not a regular file"):
        connect(tmp_path / "a.sqlite", SCHEMA, 3)


def test_only_damage_counts_as_damage():
    connection = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.OperationalError) as missing:
        connection.execute("SELECT * FROM things")
    assert is_damaged(missing.value)
    with pytest.raises(sqlite3.OperationalError) as syntax:
        connection.execute("SELEKT")
    assert not is_damaged(syntax.value)
    connection.close()


def test_all_created_folders_are_private(tmp_path):
    before = os.umask(0o022)
    try:
        make_private_folder(tmp_path / "a" / "b" / "c")
    finally:
        os.umask(before)
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("a", "a/b", "a/b/c")} == {0o700}


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "a").write_text("")
    for folder in (tmp_path / "a", tmp_path / "a" / "b"):
        with pytest.raises(CacheError, match=r"/a is not a folder. Move .*/a away or set SEMLENS_CACHE_DIR"):
            make_private_folder(folder)


def test_a_link_to_nothing_in_place_of_the_folder(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    for folder in (tmp_path / "a", tmp_path / "a" / "c"):
        with pytest.raises(CacheError, match=r"/a is a link to .*/b, which does not exist. Create .*/b or set"):
            make_private_folder(folder)
    assert not (tmp_path / "b").exists()


def test_a_folder_without_permission(tmp_path, monkeypatch):
    monkeypatch.setattr(database.os, "access", lambda *_: False)  # root ignores permissions
    with pytest.raises(CacheError, match="Cannot read and write"):
        make_private_folder(tmp_path)
