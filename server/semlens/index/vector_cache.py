"""Vectors that were ever computed, by (model fingerprint, content hash).

One store a user, so that clones, worktrees and branches share them. Bounded; least recently used out.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from semlens.core.hashing import ContentHash
from semlens.index.database import connect
from semlens.index.vectors import Int8Matrix

_VERSION = 1
_SCHEMA = """
CREATE TABLE models (id INTEGER PRIMARY KEY, fingerprint TEXT UNIQUE NOT NULL);
CREATE TABLE vectors (
  model INTEGER NOT NULL, hash BLOB NOT NULL, vector BLOB NOT NULL, used INTEGER NOT NULL,
  PRIMARY KEY (model, hash)
) WITHOUT ROWID;
"""
_SECONDS_A_DAY = 86_400
_CHUNK = 500
_SHRINK_STEP = 5_000


class VectorCache:
    """Thread-safe. Usage is stamped by the day, so that reading writes little."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        """:raises CacheError: when the store cannot be opened."""
        # the version is in the name: an older and a newer semlens leave each other's vectors alone
        self._path = folder / f"vectors.v{_VERSION}.sqlite"
        self._max_bytes = max_bytes
        self._connection = connect(self._path, _SCHEMA, _VERSION)
        self._lock = threading.Lock()
        self._model_ids: dict[str, int] = {}
        self._unchecked_bytes = 0

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _model_id(self, fingerprint: str) -> int | None:
        if fingerprint not in self._model_ids:
            row = self._connection.execute("SELECT id FROM models WHERE fingerprint = ?", (fingerprint,)).fetchone()
            if row is None:
                return None
            self._model_ids[fingerprint] = int(row[0])
        return self._model_ids[fingerprint]

    def get(self, fingerprint: str, hashes: Sequence[ContentHash]) -> dict[ContentHash, bytes]:
        """The vectors known of these, as int8 bytes.

        :raises sqlite3.Error: when they cannot be read.
        """
        found: dict[ContentHash, bytes] = {}
        stale: list[ContentHash] = []
        today = int(time.time()) // _SECONDS_A_DAY
        with self._lock:
            model = self._model_id(fingerprint)
            if model is None:
                return found
            for start in range(0, len(hashes), _CHUNK):
                chunk = hashes[start : start + _CHUNK]
                marks = ",".join("?" * len(chunk))
                query = f"SELECT hash, vector, used FROM vectors WHERE model = ? AND hash IN ({marks})"  # noqa: S608 - only question marks
                for key, vector, used in self._connection.execute(query, (model, *chunk)):
                    found[key] = vector
                    if used < today:
                        stale.append(key)
            if stale:
                # that they were used cannot be written on a full disk; they serve all the same
                with contextlib.suppress(sqlite3.Error), self._transaction():
                    self._connection.executemany(
                        "UPDATE vectors SET used = ? WHERE model = ? AND hash = ?",
                        [(today, model, key) for key in stale],
                    )
        return found

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing, and none left open.

        :raises sqlite3.Error: when it could not be committed.
        """
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def put(self, fingerprint: str, hashes: Sequence[ContentHash], matrix: Int8Matrix) -> None:
        """Keep vectors; a full disk loses nothing but the time to compute them again.

        :raises sqlite3.Error: when they could not be kept.
        """
        today = int(time.time()) // _SECONDS_A_DAY
        with self._lock, self._transaction():
            model = self._model_id(fingerprint)
            if model is None:
                self._connection.execute("INSERT INTO models (fingerprint) VALUES (?)", (fingerprint,))
                row = self._connection.execute("SELECT id FROM models WHERE fingerprint = ?", (fingerprint,)).fetchone()
                model = int(row[0])  # remembered only once it is committed, by the next question
            self._connection.executemany(
                "INSERT OR IGNORE INTO vectors (model, hash, vector, used) VALUES (?, ?, ?, ?)",
                # in the order of the table, so that each of its pages is written once
                sorted((model, key, row.tobytes(), today) for key, row in zip(hashes, matrix, strict=True)),
            )
        self._unchecked_bytes += matrix.nbytes
        if self._unchecked_bytes > self._max_bytes // 20:
            self._unchecked_bytes = 0
            self.shrink()

    @property
    def n_bytes(self) -> int:
        with self._lock:
            pages, free, size = (
                int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("page_count", "freelist_count", "page_size")
            )
        return (pages - free) * size

    def shrink(self) -> int:
        """Drop the least recently used vectors once the bound is passed, to a tenth below it; returns how many.

        :raises sqlite3.Error: when they could not be dropped.
        """
        if self.n_bytes <= self._max_bytes:
            return 0
        dropped = 0
        while self.n_bytes > self._max_bytes * 9 // 10:
            with self._lock, self._transaction():
                cursor = self._connection.execute(
                    "DELETE FROM vectors WHERE (model, hash) IN"
                    " (SELECT model, hash FROM vectors ORDER BY used LIMIT ?)",
                    (_SHRINK_STEP,),
                )
            if cursor.rowcount <= 0:
                break
            dropped += cursor.rowcount
        return dropped
