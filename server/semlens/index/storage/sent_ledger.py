"""What was sent to which service, ever, and the dimension that a service's model gave last. One store a user.

A cache like all else here: when it is lost, counting begins anew, and the service's next answer tells its dimension.
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
    """Totals of one service. :ivar redactions: secrets that were masked in what was sent."""

    service: str
    texts: int = 0
    bytes: int = 0
    redactions: int = 0


class SentLedger:
    """Thread-safe, shared by processes. What cannot be written now is written with the next addition."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"sent.v{_VERSION}.sqlite"
        self._lock = threading.Lock()
        self._unwritten: dict[str, Sent] = {}
        self._database: Database | None = None
        self._closed = False

    def add(self, service: str, texts: int, n_bytes: int, redactions: int) -> None:
        with self._lock:
            old = self._unwritten.get(service, Sent(service))
            self._unwritten[service] = Sent(
                service, old.texts + texts, old.bytes + n_bytes, old.redactions + redactions
            )
            with contextlib.suppress(sqlite3.Error, CacheError):
                self._write()

    def _write(self) -> None:
        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "INSERT INTO sent VALUES (?, ?, ?, ?) ON CONFLICT (service) DO UPDATE SET"
                " texts = texts + excluded.texts, bytes = bytes + excluded.bytes,"
                " redactions = redactions + excluded.redactions",
                [(one.service, one.texts, one.bytes, one.redactions) for one in self._unwritten.values()],
            )

        self._open().run_transaction(write)
        self._unwritten.clear()

    def _read_totals(self) -> dict[str, Sent]:
        def read(connection: sqlite3.Connection) -> dict[str, Sent]:
            rows = connection.execute("SELECT service, texts, bytes, redactions FROM sent").fetchall()
            if not all(type(row[0]) is str and all(type(count) is int for count in row[1:]) for row in rows):
                raise DamagedStoreError("counts of what was sent are none")
            return {row[0]: Sent(*row) for row in rows}

        return self._open().run(read)

    def totals(self) -> list[Sent]:
        """Of all services that something was sent to, by name."""
        with self._lock:
            found: dict[str, Sent] = {}
            if self._database is not None or self._path.exists():
                with contextlib.suppress(sqlite3.Error, CacheError):
                    found = self._read_totals()
            for service, more in self._unwritten.items():
                old = found.get(service, Sent(service))
                found[service] = Sent(
                    service, old.texts + more.texts, old.bytes + more.bytes, old.redactions + more.redactions
                )
        return [found[service] for service in sorted(found)]

    def dimension(self, model: str) -> int:
        """The dimension last seen; 0 when none was."""
        with self._lock:
            if self._database is None and not self._path.exists():
                return 0
            with contextlib.suppress(sqlite3.Error, CacheError):
                return self._open().run(lambda connection: _read_dimension(connection, model))
        return 0

    def note_dimension(self, model: str, dimension: int) -> None:
        """:param model: any text that names service and model."""
        with self._lock, contextlib.suppress(sqlite3.Error, CacheError):
            row = (model, dimension)
            self._open().run(lambda one: one.execute("INSERT OR REPLACE INTO dimensions VALUES (?, ?)", row))

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
        """:raises CacheError: when it cannot be opened, or is closed."""
        if self._closed:
            raise CacheError("The store of what was sent is closed.")
        if self._database is None:
            self._database = Database(self._path, _SCHEMA, _VERSION, busy_seconds=_BUSY_SECONDS)
        return self._database


def _read_dimension(connection: sqlite3.Connection, model: str) -> int:
    row = connection.execute("SELECT dimension FROM dimensions WHERE model = ?", (model,)).fetchone()
    if row is None:
        return 0
    if type(row[0]) is not int or not 0 < row[0] <= MAX_DIMENSION:
        raise DamagedStoreError("a dimension is no dimension")
    return row[0]
