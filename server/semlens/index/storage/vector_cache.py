"""Vectors that were ever computed, by (model fingerprint, content hash).

One store a user, so that clones, worktrees and branches share them. `CacheBound` bounds it: least recently used out.
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
from semlens.index.segment.vectors import Int8Matrix
from semlens.index.storage.database import Database

VERSION = 2
"""1: first. 2: each vector with its checksum, in the order of use, on pages that can be given back."""

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
    """Thread-safe. A vector that is used moves to the end of the table, but only once in some days.

    So the oldest lie together: dropping them empties whole pages without a search, and reading writes little.
    """

    def __init__(self, folder: Path, on_written: Callable[[int], None] = lambda _: None) -> None:
        """:param on_written: told the bytes of what was put, on the thread that put it.

        :raises CacheError: when the store cannot be opened.
        """
        # the version is in the name: an older and a newer semlens leave each other's vectors alone
        self.path = folder / f"vectors.v{VERSION}.sqlite"
        self._database = Database(self.path, _SCHEMA, VERSION, can_shrink=True)
        self._lock = threading.Lock()
        self._on_written = on_written

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def get(self, fingerprint: str, hashes: Sequence[ContentHash]) -> dict[ContentHash, bytes]:
        """The vectors known of these, as int8 bytes. One whose checksum is wrong is not known.

        :raises CacheError, sqlite3.Error: when they cannot be read.
        """
        found: dict[ContentHash, bytes] = {}
        today = int(time.time()) // _SECONDS_A_DAY

        def read(connection: sqlite3.Connection) -> None:
            model = _model_id(connection, fingerprint)
            if model is None:
                return
            wrong: list[ContentHash] = []
            stale: list[ContentHash] = []
            for start in range(0, len(hashes), _CHUNK):
                chunk = hashes[start : start + _CHUNK]
                marks = ",".join("?" * len(chunk))
                query = f"SELECT hash, vector, used FROM vectors WHERE model = ? AND hash IN ({marks})"  # noqa: S608 - only question marks
                for key, stored, used in connection.execute(query, (model, *chunk)):
                    vector = _unpack(fingerprint, key, stored)
                    if vector is None:
                        wrong.append(key)
                        continue
                    found[key] = vector
                    if type(used) is not int or not 0 <= today - used < _FRESH_DAYS:
                        stale.append(key)
            if not (stale or wrong):
                return
            # that they were used cannot be written on a full disk; they serve all the same
            with contextlib.suppress(sqlite3.OperationalError), self._database.transaction():
                connection.executemany(
                    "DELETE FROM vectors WHERE model = ? AND hash = ?", [(model, key) for key in wrong]
                )
                connection.executemany(
                    "UPDATE vectors SET id = (SELECT MAX(id) + 1 FROM vectors), used = ? WHERE model = ? AND hash = ?",
                    [(today, model, key) for key in stale],
                )

        with self._lock:
            self._database.run(read)
        return found

    def put(self, fingerprint: str, hashes: Sequence[ContentHash], matrix: Int8Matrix) -> None:
        """Keep vectors; a full disk loses nothing but the time to compute them again.

        :raises CacheError, sqlite3.Error: when they could not be kept.
        """
        today = int(time.time()) // _SECONDS_A_DAY

        def write(connection: sqlite3.Connection) -> None:
            model = _model_id(connection, fingerprint)
            if model is None:
                connection.execute("INSERT INTO models (fingerprint) VALUES (?)", (fingerprint,))
                model = _model_id(connection, fingerprint)
            connection.executemany(
                "INSERT OR IGNORE INTO vectors (model, hash, vector, used) VALUES (?, ?, ?, ?)",
                # in the order of the index, so that each of its pages is written once
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
        """Of the file, apart from pages that are free.

        :raises CacheError, sqlite3.Error: when it cannot be read.
        """
        with self._lock:
            return self._database.run(_used_bytes)

    def shrink(self, max_bytes: int, should_stop: Callable[[], bool] = lambda: False) -> int:
        """Drop the least recently used vectors until the file takes no more than this; returns how many.

        In steps, so that others use the store meanwhile. What is free goes back to the file system.

        :param should_stop: asked between two steps.
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
                if not self._database.run(_give_pages_back):
                    break
        with self._lock, contextlib.suppress(sqlite3.OperationalError):  # readers may keep the log from being cut
            self._database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return dropped


def _model_id(connection: sqlite3.Connection, fingerprint: str) -> int | None:
    row = connection.execute("SELECT id FROM models WHERE fingerprint = ?", (fingerprint,)).fetchone()
    return None if row is None else int(row[0])


def _checksum(fingerprint: str, key: ContentHash, vector: bytes) -> bytes:
    """Of all three: a vector of another model or text is as wrong as one that was altered."""
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


def _give_pages_back(connection: sqlite3.Connection) -> int:
    """Some of the free pages; returns how many."""
    before = _pragma(connection, "freelist_count")
    connection.execute(f"PRAGMA incremental_vacuum({_VACUUM_STEP})").fetchall()
    return before - _pragma(connection, "freelist_count")
