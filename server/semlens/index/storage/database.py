"""Opens SQLite files with private permissions and a safe journal mode, and replaces damaged ones.

Every database here is a cache. Content that this program does not write counts as damage, and the file is replaced.
Tables and queries are left to the stores.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from semlens.core.errors import CacheError
from semlens.core.paths import cannot_create, make_private_folders
from semlens.files.network_file_systems import remote_file_system
from semlens.index.versions import IndexProblem

logger = logging.getLogger(__name__)

T = TypeVar("T")

StoreError = sqlite3.Error
"""Raised when a store cannot be read or written. Other packages use this name, so that they need not import SQLite."""

OPEN_SECONDS = 2.0
"""How long a new connection waits for other processes. They lock the file only for moments."""

_SUFFIXES = ("", "-wal", "-shm", "-journal")
_DAMAGED = frozenset(
    {
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_CONSTRAINT,  # our statements violate none, unless an index contradicts its table
        sqlite3.SQLITE_TOOBIG,
        sqlite3.SQLITE_ERROR,  # our statements are valid, so the tables are wrong: "no such column", for example
    }
)
_DAMAGED_IO = frozenset({sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS, sqlite3.SQLITE_IOERR_DATA})


class DamagedStoreError(sqlite3.DatabaseError):
    """SQLite reports no error, but the content is not what this program writes."""


class OtherVersionError(DamagedStoreError):
    """The database was written by another version of this program."""


@contextlib.contextmanager
def garbled_text_is_damage() -> Iterator[None]:
    """Turn a `UnicodeDecodeError`, which Python raises when SQLite quotes a damaged text, into an error of the store.

    :raises DamagedStoreError: instead.
    """
    try:
        yield
    except UnicodeDecodeError as error:
        raise DamagedStoreError(f"a text cannot be read: {error.reason}") from error


def make_private_folder(folder: Path) -> None:
    """Create a folder that only its user may read, and its missing parents.

    :raises CacheError: when it cannot be created or written.
    """
    try:
        make_private_folders(folder)
    except OSError as error:
        raise CacheError(cannot_create(f"the cache folder {folder}", error)) from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise CacheError(f"Cannot read and write the cache folder {folder}. Make it writable or set SEMLENS_CACHE_DIR.")


def is_damaged(error: sqlite3.Error) -> bool:
    """Whether the error means that the file is damaged, not that the disk is full, locked or read-only."""
    if isinstance(error, DamagedStoreError):
        return True
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):
        return False
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return isinstance(error, sqlite3.DatabaseError)  # Python could not decode a text
    if code in _DAMAGED_IO:
        return True
    return code & 0xFF in _DAMAGED and "syntax error" not in str(error)


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another process has locked the file."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_disk_full(error: Exception) -> bool:
    """Whether the disk, a quota or a size limit of the process is full."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def connect(
    path: Path, schema: str, version: int, *, busy_seconds: float = OPEN_SECONDS, can_shrink: bool = False
) -> sqlite3.Connection:
    """Open a database. One that is missing, damaged or of another version is created again, empty.

    A database that cannot be used for another reason, such as a full disk, is left as it is.

    :param busy_seconds: how long each later statement waits for another process.
    :param can_shrink: free pages can be returned to the file system. This takes effect in a new file only.
    :raises CacheError: when it cannot be opened.
    """
    deadline = time.monotonic() + OPEN_SECONDS
    removed = False
    while True:
        try:
            return _open(path, schema, version, busy_seconds, can_shrink=can_shrink)
        except sqlite3.DatabaseError as error:
            if is_damaged(error) and not removed:
                is_other_version = isinstance(error, OtherVersionError)
                problem = IndexProblem.STORE_VERSION if is_other_version else IndexProblem.DAMAGED
                logger.info("%s is replaced by an empty database: %s (%s)", path, problem, error)
                remove_database(path)
                removed = True
            elif is_busy(error) and time.monotonic() < deadline:
                time.sleep(0.02)  # SQLite does not wait when two processes switch to WAL at the same time
            elif is_busy(error):
                raise CacheError(
                    f"Cannot open the index {path}: another process has locked it. Try again in a moment."
                ) from error
            else:
                raise CacheError(
                    f"Cannot open the index {path}: {error}. Check the permissions and free space of the cache folder."
                ) from error


def connect_to_read(path: Path, schema: str, version: int) -> sqlite3.Connection:
    """Open a database of another root to read it. It is neither created nor replaced.

    :raises sqlite3.Error: when it is missing, damaged, locked or of another version.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", timeout=OPEN_SECONDS, isolation_level=None, uri=True
    )
    with _closed_on_error(connection):
        connection.execute("PRAGMA query_only = ON")
        if _version(connection) != version:
            raise OtherVersionError("it was written by another version")
        _check_tables(connection, schema)
    return connection


@contextlib.contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _check_tables(connection: sqlite3.Connection, schema: str) -> None:
    """:raises DamagedStoreError: when the tables are not those of the schema."""
    if _tables(connection) != _expected_tables(schema):
        raise DamagedStoreError("the tables differ from the schema")


def remove_database(path: Path) -> None:
    """Delete the database file and its journals."""
    for suffix in _SUFFIXES:
        with contextlib.suppress(OSError):
            path.with_name(path.name + suffix).unlink()


class Database:
    """One connection to one file. It is opened again when the file is damaged or was replaced."""

    def __init__(
        self, path: Path, schema: str, version: int, *, busy_seconds: float = OPEN_SECONDS, can_shrink: bool = False
    ) -> None:
        """See `connect`.

        :raises CacheError: when it cannot be opened.
        """
        self.path = path
        self._schema = schema
        self._version = version
        self._busy_seconds = busy_seconds
        self._can_shrink = can_shrink
        self._closed = False
        self._identity: tuple[int, int] | None = None
        self._connect()

    def _connect(self) -> None:
        self.connection = connect(
            self.path, self._schema, self._version, busy_seconds=self._busy_seconds, can_shrink=self._can_shrink
        )
        self._identity = _identity(self.path)

    def close(self) -> None:
        self._closed = True
        self.connection.close()

    @property
    def is_in_place(self) -> bool:
        """The connection is open, and nobody deleted or replaced the file at its path."""
        return not self._closed and self._is_same_file()

    def _is_same_file(self) -> bool:
        return self._identity is not None and _identity(self.path) == self._identity

    def is_damaged(self, error: sqlite3.Error) -> bool:
        """Like `is_damaged`. SQLite also calls a file read-only when its header has a later format."""
        if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_READONLY:
            return is_damaged(error)
        try:
            with self.path.open("rb") as file:
                formats = file.read(20)[18:]
        except OSError:
            return False
        return not set(formats) <= {1, 2}

    def begin_anew(self) -> None:
        """Replace a damaged file. A file that another process has created meanwhile is opened as it is.

        :raises CacheError: when it cannot be opened.
        """
        self.connection.close()  # close before the new file is created: closing deletes the log by its name
        if self._is_same_file():
            remove_database(self.path)
        self._identity = None  # when connecting fails, the next try starts here again
        self._connect()
        self._closed = False

    def run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run a job and return its result. After damage it runs once more, on an empty file.

        :raises CacheError: when the new file cannot be opened.
        :raises sqlite3.Error: for every error except damage.
        """
        if not self._closed and not self.is_in_place:
            self.begin_anew()
        try:
            with garbled_text_is_damage():
                return job(self.connection)
        except sqlite3.Error as error:
            if not self.is_damaged(error):
                raise
        self.begin_anew()
        return job(self.connection)

    def run_transaction(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run a job as one transaction, see `run`."""

        def run_in_transaction(_connection: sqlite3.Connection) -> T:
            with self.transaction() as connection:
                return job(connection)

        return self.run(run_in_transaction)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is committed at the end, or rolled back on any error.

        :raises sqlite3.Error: when it could not be committed.
        """
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


@garbled_text_is_damage()
def _open(
    path: Path, schema: str, version: int, busy_seconds: float, *, can_shrink: bool = False
) -> sqlite3.Connection:
    _prepare_files(path)
    connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    with _closed_on_error(connection):
        stored_version = _version(connection)
        if stored_version == 0 and can_shrink:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # must precede the first page
        connection.execute(f"PRAGMA journal_mode = {_journal_mode(path.parent)}")
        connection.execute("PRAGMA synchronous = NORMAL")
        # 32 MB: while many files are indexed, a page that changes often is copied to the file once
        connection.execute("PRAGMA wal_autocheckpoint = 8000")
        connection.execute("PRAGMA journal_size_limit = 1048576")
        if stored_version == 0:
            connection.execute("BEGIN IMMEDIATE")
            stored_version = _version(connection)  # another process may have created the tables meanwhile
            if stored_version == 0:
                for statement in schema.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version}")
                stored_version = version
            connection.execute("COMMIT")
        if stored_version != version:
            raise OtherVersionError(f"version {stored_version}")
        _check_tables(connection, schema)
    return connection


def _journal_mode(folder: Path) -> str:
    """WAL needs memory that all processes share. Network file systems lack it, and SQLite does not detect them."""
    return "DELETE" if remote_file_system(os.path.realpath(folder)) else "WAL"


def _prepare_files(path: Path) -> None:
    """Create the file before SQLite does, so that it is private from the start. Its WAL gets the same mode.

    An existing file is not opened, because closing it would release the locks that this process holds on it.

    :raises CacheError: when the path is not a regular file and cannot be removed.
    """
    for suffix in _SUFFIXES:
        part = path.with_name(path.name + suffix)
        try:
            mode = part.lstat().st_mode
        except FileNotFoundError:
            if not suffix:
                with contextlib.suppress(OSError):  # SQLite reports the cause better
                    os.close(os.open(path, os.O_CREAT | os.O_RDWR | getattr(os, "O_CLOEXEC", 0), 0o600))
            continue
        except OSError as error:
            raise CacheError(f"Cannot open the index {part}: {error.strerror}. Set SEMLENS_CACHE_DIR.") from error
        if stat.S_ISREG(mode):
            continue
        try:
            part.unlink()  # opening a pipe could block, and a link could lead elsewhere
        except OSError as error:
            raise CacheError(
                f"Cannot use {part} as the index: it is not a regular file. Remove it or set SEMLENS_CACHE_DIR."
            ) from error
        if not suffix:
            _prepare_files(path)
            return


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _tables(connection: sqlite3.Connection) -> frozenset[str]:
    return frozenset(row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))


@lru_cache
def _expected_tables(schema: str) -> frozenset[str]:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema)
        return _tables(connection)
