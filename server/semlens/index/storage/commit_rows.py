"""The tables of a root's database, and the rows of its last commit, read and checked.

`root_store` writes them. `seeding` reads those of another root.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
from dataclasses import dataclass
from typing import Any

from semlens.core.hashing import ContentHash
from semlens.files.file_stamp import FileStamp
from semlens.index.storage.database import DamagedStoreError, StoreError

DATABASE_NAME = "index.sqlite"
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE segments (id TEXT PRIMARY KEY, n_bytes INTEGER NOT NULL);
CREATE TABLE files (
  path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER, inode INTEGER, seen_ns INTEGER,
  hash BLOB, segment TEXT, reason TEXT
) WITHOUT ROWID;
"""

_IS_FILE_ROW = """
typeof(path) = 'blob' AND typeof(size) = 'integer' AND typeof(mtime_ns) = 'integer' AND typeof(ctime_ns) = 'integer'
AND typeof(inode) = 'integer' AND typeof(seen_ns) = 'integer' AND typeof(hash) = 'blob'
AND typeof(segment) = 'text' AND typeof(reason) = 'text'
"""
META_TYPES: dict[str, type] = {
    "complete": bool, "skipped": dict, "features": int, "version": str, "fingerprints": list, "roleKeys": dict
}  # fmt: skip
"""Another version of semlens may write more keys into the same store. They are left out, and gone with a commit."""
_SEGMENT_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """What the index knows of one file.

    :ivar segment: id of the segment that contains it, or "" when it is not searchable.
    :ivar reason: why it is not searchable, or only as plain text; else "".
    """

    stamp: FileStamp
    hash: ContentHash
    segment: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CommittedRows:
    """What a commit recorded, but for the segments themselves.

    :ivar segments: ids. :ivar meta: see `META_TYPES`.
    """

    files: dict[str, FileEntry]
    segments: list[str]
    meta: dict[str, Any]


def read_rows(connection: sqlite3.Connection) -> CommittedRows:
    """:raises sqlite3.Error: when they cannot be read, or hold what this program does not write."""
    connection.execute("BEGIN")
    try:
        meta = read_meta(connection)
        ids = [row[0] for row in connection.execute("SELECT id FROM segments")]
        if connection.execute(f"SELECT 1 FROM files WHERE NOT ({_IS_FILE_ROW}) LIMIT 1").fetchone():  # noqa: S608 - a constant
            raise DamagedStoreError("a row of the table files has values of wrong types")
        rows = connection.execute(
            "SELECT path, size, mtime_ns, ctime_ns, inode, seen_ns, hash, segment, reason FROM files"
        ).fetchall()
    finally:
        with contextlib.suppress(StoreError):
            connection.execute("ROLLBACK")
    if len(set(ids)) < len(ids) or not all(isinstance(key, str) and _SEGMENT_ID.fullmatch(key) for key in ids):
        raise DamagedStoreError("the table segments has ids that this program does not write")
    files = {os.fsdecode(row[0]): FileEntry(FileStamp(*row[1:6]), row[6], row[7], row[8]) for row in rows}
    if len(files) < len(rows):
        raise DamagedStoreError("the table files has a path twice")
    return CommittedRows(files, ids, meta)


def read_meta(connection: sqlite3.Connection) -> dict[str, Any]:
    """:raises sqlite3.Error: as `read_rows`."""
    rows = connection.execute("SELECT key, value FROM meta").fetchall()
    try:
        meta = {key: json.loads(value) for key, value in rows}
    except (ValueError, TypeError, RecursionError) as error:
        raise DamagedStoreError(f"the table meta cannot be read: {error}") from error
    is_sound = all(type(value) is META_TYPES.get(key, type(value)) for key, value in meta.items())
    if len(meta) < len(rows) or not is_sound:
        raise DamagedStoreError("the table meta has types that this program does not write")
    meta = {key: value for key, value in meta.items() if key in META_TYPES}
    if not all(isinstance(count, int) for count in meta.get("skipped", {}).values()):
        raise DamagedStoreError("the counts of skipped files are not numbers")
    return meta
