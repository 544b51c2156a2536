"""Records how much was sent to each embedding service, and the last dimension of each service's model.

There is one store for each user. It is a cache: when it is lost, counting starts again, and the next answer of the
service gives its dimension. Sending belongs to `embedding/remote`.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

from semlens.core.errors import CacheError
from semlens.index.storage.database import DamagedStoreError, Database

_VERSION = 1
_BUSY_SECONDS = 1.0
MAX_DIMENSION = 1 << 16
_SCHEMA = """
CREATE TABLE sent (
  service TEXT PRIMARY KEY, texts INTEGER NOT NULL, bytes INTEGER NOT NULL, redactions INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE dimensions (model TEXT PRIMARY KEY, dimension INTEGER NOT NULL) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """Totals of one service.

    :ivar redactions: number of secrets that were masked in the texts.
    """

    service: str
    texts: int = 0
    bytes: int = 0
    redactions: int = 0


class SentLedger:
    """Thread-safe and shared by processes. Counts that cannot be written now are written with the next addition."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"sent.v{_VERSION}.sqlite"
        self._lock = threading.Lock()
        self._unwritten: dict[str, Sent] = {}
        self._database: Database | None = None
        self._closed = False

    def add(self, service: str, texts: int, n_bytes: int, redactions: int) -> None:
        with self._lock:
            total = self._unwritten.get(service, Sent(service))
            self._unwritten[service] = Sent(
                service, total.texts + texts, total.bytes + n_bytes, total.redactions + redactions
            )
            with contextlib.suppress(sqlite3.Error, CacheError):
                self._write()

    def _write(self) -> None:
        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "INSERT INTO sent VALUES (?, ?, ?, ?) ON CONFLICT (service) DO UPDATE SET"
                " texts = texts + excluded.texts, bytes = bytes + excluded.bytes,"
                " redactions = redactions + excluded.redactions",
                [(sent.service, sent.texts, sent.bytes, sent.redactions) for sent in self._unwritten.values()],
            )

        self._open().run_transaction(write)
        self._unwritten.clear()

    def _read_totals(self) -> dict[str, Sent]:
        def read(connection: sqlite3.Connection) -> dict[str, Sent]:
            rows = connection.execute("SELECT service, texts, bytes, redactions FROM sent").fetchall()
            if not all(type(row[0]) is str and all(type(count) is int for count in row[1:]) for row in rows):
                raise DamagedStoreError("the counts of sent texts are not numbers")
            return {row[0]: Sent(*row) for row in rows}

        return self._open().run(read)

    def totals(self) -> list[Sent]:
        """Totals of all services, in order of their names."""
        with self._lock:
            totals: dict[str, Sent] = {}
            if self._database is not None or self._path.exists():
                with contextlib.suppress(sqlite3.Error, CacheError):
                    totals = self._read_totals()
            for service, unwritten in self._unwritten.items():
                total = totals.get(service, Sent(service))
                totals[service] = Sent(
                    service,
                    total.texts + unwritten.texts,
                    total.bytes + unwritten.bytes,
                    total.redactions + unwritten.redactions,
                )
        return [totals[service] for service in sorted(totals)]

    def dimension(self, model: str) -> int:
        """The last known dimension of the model, or 0."""
        with self._lock:
            if self._database is None and not self._path.exists():
                return 0
            with contextlib.suppress(sqlite3.Error, CacheError):
                return self._open().run(lambda connection: _read_dimension(connection, model))
        return 0

    def note_dimension(self, model: str, dimension: int) -> None:
        """:param model: a text that identifies service and model."""
        with self._lock, contextlib.suppress(sqlite3.Error, CacheError):
            row = (model, dimension)
            self._open().run(
                lambda connection: connection.execute("INSERT OR REPLACE INTO dimensions VALUES (?, ?)", row)
            )

    def close(self) -> None:
        with self._lock:
            if self._unwritten:
                with contextlib.suppress(sqlite3.Error, CacheError):
                    self._write()
            if self._database is not None:
                self._database.close()
                self._database = None
            self._closed = True

    def _open(self) -> Database:
        """:raises CacheError: when the store cannot be opened or is closed."""
        if self._closed:
            raise CacheError("The store of sent totals is closed.")
        if self._database is None:
            self._database = Database(self._path, _SCHEMA, _VERSION, busy_seconds=_BUSY_SECONDS)
        return self._database


def _read_dimension(connection: sqlite3.Connection, model: str) -> int:
    row = connection.execute("SELECT dimension FROM dimensions WHERE model = ?", (model,)).fetchone()
    if row is None:
        return 0
    if type(row[0]) is not int or not 0 < row[0] <= MAX_DIMENSION:
        raise DamagedStoreError("a dimension is out of range")
    return row[0]
