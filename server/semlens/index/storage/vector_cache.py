"""The store of computed vectors, by (model fingerprint, content hash).

There is one store for each user, so that clones, worktrees and branches share vectors. `CacheBound` decides when to
shrink it. The least recently used vectors are dropped first.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from semlens.core.hashing import ContentHash
from semlens.index.arrays import Int8Matrix
from semlens.index.storage.database import Database

VERSION = 2
"""The version of the tables, part of the file's name. Only this version is read.

1: the first. 2: vectors have checksums and are in order of use, on pages that can be returned to the file system.
"""

_SCHEMA = """
CREATE TABLE models (id INTEGER PRIMARY KEY, fingerprint TEXT UNIQUE NOT NULL);
CREATE TABLE vectors (
  id INTEGER PRIMARY KEY, model INTEGER NOT NULL, hash BLOB NOT NULL, vector BLOB NOT NULL, used INTEGER NOT NULL,
  UNIQUE (model, hash)
)
"""
_SECONDS_A_DAY = 86_400
_FRESH_DAYS = 3
_CHUNK = 500
_SHRINK_STEP = 2_000
_VACUUM_STEP = 500
_CHECKSUM_BYTES = 4


class VectorCache:
    """Thread-safe. A vector that is used moves to the end of the table, at most once in `_FRESH_DAYS` days.

    So the oldest vectors are adjacent: dropping them empties whole pages, and reading seldom writes.
    """

    def __init__(self, folder: Path, on_written: Callable[[int], None] = lambda _: None) -> None:
        """:param on_written: called with the bytes that were written, on the thread that wrote them.

        :raises CacheError: when the store cannot be opened.
        """
        # the version is in the name, so that an older and a newer semlens do not touch each other's vectors
        self.path = folder / f"vectors.v{VERSION}.sqlite"
        self._database = Database(self.path, _SCHEMA, VERSION, can_shrink=True)
        self._lock = threading.Lock()
        self._on_written = on_written

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def get(self, fingerprint: str, hashes: Sequence[ContentHash]) -> dict[ContentHash, bytes]:
        """The stored vectors of these hashes, as int8 bytes. A vector with a wrong checksum counts as missing.

        :raises CacheError, sqlite3.Error: when they cannot be read.
        """
        vectors: dict[ContentHash, bytes] = {}
        today = int(time.time()) // _SECONDS_A_DAY

        def read(connection: sqlite3.Connection) -> None:
            model = _model_id(connection, fingerprint)
            if model is None:
                return
            damaged: list[ContentHash] = []
            stale: list[ContentHash] = []
            for start in range(0, len(hashes), _CHUNK):
                chunk = hashes[start : start + _CHUNK]
                marks = ",".join("?" * len(chunk))
                query = f"SELECT hash, vector, used FROM vectors WHERE model = ? AND hash IN ({marks})"  # noqa: S608 - only question marks
                for key, stored, used in connection.execute(query, (model, *chunk)):
                    vector = _unpack(fingerprint, key, stored)
                    if vector is None:
                        damaged.append(key)
                        continue
                    vectors[key] = vector
                    if type(used) is not int or not 0 <= today - used < _FRESH_DAYS:
                        stale.append(key)
            if not (stale or damaged):
                return
            # on a full disk the use cannot be recorded, but the vectors are valid
            with contextlib.suppress(sqlite3.OperationalError), self._database.transaction():
                connection.executemany(
                    "DELETE FROM vectors WHERE model = ? AND hash = ?", [(model, key) for key in damaged]
                )
                connection.executemany(
                    "UPDATE vectors SET id = (SELECT MAX(id) + 1 FROM vectors), used = ? WHERE model = ? AND hash = ?",
                    [(today, model, key) for key in stale],
                )

        with self._lock:
            self._database.run(read)
        return vectors

    def put(self, fingerprint: str, hashes: Sequence[ContentHash], matrix: Int8Matrix) -> None:
        """Store vectors. When that fails, they are only computed again.

        :raises CacheError, sqlite3.Error: when they could not be stored.
        """
        today = int(time.time()) // _SECONDS_A_DAY

        def write(connection: sqlite3.Connection) -> None:
            model = _model_id(connection, fingerprint)
            if model is None:
                connection.execute("INSERT INTO models (fingerprint) VALUES (?)", (fingerprint,))
                model = _model_id(connection, fingerprint)
            connection.executemany(
                "INSERT OR IGNORE INTO vectors (model, hash, vector, used) VALUES (?, ?, ?, ?)",
                # in the order of the database index, so that each of its pages is written once
                sorted(
                    (model, key, _pack(fingerprint, key, row.tobytes()), today)
                    for key, row in zip(hashes, matrix, strict=True)
                ),
            )

        with self._lock:
            self._database.run_transaction(write)
        self._on_written(matrix.nbytes)

    @property
    def n_bytes(self) -> int:
        """Size of the file without free pages.

        :raises CacheError, sqlite3.Error: when it cannot be read.
        """
        with self._lock:
            return self._database.run(_used_bytes)

    def shrink(self, max_bytes: int, should_stop: Callable[[], bool] = lambda: False) -> int:
        """Drop the least recently used vectors until the file is at most this large. Returns how many were dropped.

        Works in steps, so that others can use the store meanwhile. Free pages are returned to the file system.

        :param should_stop: called between two steps.
        :raises CacheError, sqlite3.Error: when they could not be dropped.
        """
        dropped = 0
        while self.n_bytes > max_bytes and not should_stop():
            with self._lock:
                count = self._database.run_transaction(_drop_oldest)
            if not count:
                break
            dropped += count
        while not should_stop():
            with self._lock:
                if not self._database.run(_release_pages):
                    break
        with self._lock, contextlib.suppress(sqlite3.OperationalError):  # readers may prevent truncating the log
            self._database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return dropped


def _model_id(connection: sqlite3.Connection, fingerprint: str) -> int | None:
    row = connection.execute("SELECT id FROM models WHERE fingerprint = ?", (fingerprint,)).fetchone()
    return None if row is None else int(row[0])


def _checksum(fingerprint: str, key: ContentHash, vector: bytes) -> bytes:
    """A checksum of model, text and vector: a vector of another model or text is wrong too."""
    return zlib.crc32(vector, zlib.crc32(key, zlib.crc32(fingerprint.encode()))).to_bytes(_CHECKSUM_BYTES, "little")


def _pack(fingerprint: str, key: ContentHash, vector: bytes) -> bytes:
    return _checksum(fingerprint, key, vector) + vector


def _unpack(fingerprint: str, key: object, stored: object) -> bytes | None:
    if not isinstance(key, bytes) or not isinstance(stored, bytes):
        return None
    vector = stored[_CHECKSUM_BYTES:]
    return vector if stored[:_CHECKSUM_BYTES] == _checksum(fingerprint, key, vector) else None


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _used_bytes(connection: sqlite3.Connection) -> int:
    n_pages = _pragma(connection, "page_count") - _pragma(connection, "freelist_count")
    return n_pages * _pragma(connection, "page_size")


def _drop_oldest(connection: sqlite3.Connection) -> int:
    return connection.execute(
        "DELETE FROM vectors WHERE id IN (SELECT id FROM vectors ORDER BY id LIMIT ?)",
        (_SHRINK_STEP,),
    ).rowcount


def _release_pages(connection: sqlite3.Connection) -> int:
    """Return some free pages to the file system. Returns how many."""
    before = _pragma(connection, "freelist_count")
    connection.execute(f"PRAGMA incremental_vacuum({_VACUUM_STEP})").fetchall()
    return before - _pragma(connection, "freelist_count")
