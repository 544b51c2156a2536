"""Opening SQLite files: private, in a journal mode that is safe where they are, and made anew when they are damaged.

All of them are caches. Whatever is not what this program writes counts as damaged, and the file is replaced.
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
from semlens.files.network_file_systems import remote_file_system
from semlens.index.versions import IndexProblem

logger = logging.getLogger(__name__)

T = TypeVar("T")

StoreError = sqlite3.Error
"""What a store raises when it cannot be read or written; named here so that nothing else imports SQLite."""

OPEN_SECONDS = 2.0
"""How long a new connection waits for other processes, which hold the file only for moments."""

_SUFFIXES = ("", "-wal", "-shm", "-journal")
_DAMAGED = frozenset(
    {
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_CONSTRAINT,  # what we write breaks none, unless an index contradicts its table
        sqlite3.SQLITE_TOOBIG,
        sqlite3.SQLITE_ERROR,  # our statements are right, so the tables are not: "no such column", for example
    }
)
_DAMAGED_IO = frozenset({sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS, sqlite3.SQLITE_IOERR_DATA})


class DamagedStoreError(sqlite3.DatabaseError):
    """What was read is not what this program writes, although SQLite finds no fault."""


class OtherVersionError(DamagedStoreError):
    """The database was written by another version of this program."""


@contextlib.contextmanager
def garbled_text_is_damage() -> Iterator[None]:
    """Python raises this when SQLite's own message quotes a damaged text. Also a decorator.

    :raises DamagedStoreError: in its place.
    """
    try:
        yield
    except UnicodeDecodeError as error:
        raise DamagedStoreError(f"a text cannot be read: {error.reason}") from error


def make_private_folder(folder: Path) -> None:
    """Create a folder that only its user may read, and those above it that are missing likewise.

    :raises CacheError: when it cannot be created or written.
    """
    try:
        missing = [folder]
        while not missing[-1].parent.exists():
            missing.append(missing[-1].parent)
        for path in reversed(missing):
            path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise CacheError(
            f"The cache folder {folder} cannot be created ({error.strerror or error}): "
            "make it writable or set SEMLENS_CACHE_DIR."
        ) from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise CacheError(
            f"The cache folder {folder} cannot be read and written: make it writable or set SEMLENS_CACHE_DIR."
        )


def is_damaged(error: sqlite3.Error) -> bool:
    """Whether the error says that the file itself is broken, rather than that the disk is full, locked or read-only."""
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
    """Whether another process holds the file at the moment."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_disk_full(error: Exception) -> bool:
    """Whether there is no room to write: on the disk, in a quota, or below a limit of the process."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def connect(
    path: Path, schema: str, version: int, *, busy_seconds: float = OPEN_SECONDS, can_shrink: bool = False
) -> sqlite3.Connection:
    """Open, or make anew when it is missing, damaged, or of another version: it is a cache.

    What only cannot be used now - on a full disk, say - is left as it is.

    :param busy_seconds: how long each later statement waits for another process.
    :param can_shrink: the file can give pages back to the file system; only a new file takes this on.
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
                time.sleep(0.02)  # SQLite itself does not wait where two processes turn to WAL at once
            elif is_busy(error):
                raise CacheError(f"The index {path} is locked by another process: try again in a moment.") from error
            else:
                raise CacheError(
                    f"The index {path} cannot be opened ({error}): check the cache folder's permissions and free space."
                ) from error


def remove_database(path: Path) -> None:
    """Delete the file with its journals."""
    for suffix in _SUFFIXES:
        with contextlib.suppress(OSError):
            path.with_name(path.name + suffix).unlink()


class Database:
    """One connection to one file. It is opened anew when the file turns out to be damaged, or was replaced."""

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
        """It is open, and its file is still the one at its path: someone may delete or replace it while it is used."""
        return not self._closed and self._is_same_file()

    def _is_same_file(self) -> bool:
        return self._identity is not None and _identity(self.path) == self._identity

    def is_damaged(self, error: sqlite3.Error) -> bool:
        """As the function of this name; besides, SQLite calls a file read-only whose header names a later format."""
        if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_READONLY:
            return is_damaged(error)
        try:
            with self.path.open("rb") as file:
                formats = file.read(20)[18:]
        except OSError:
            return False
        return not set(formats) <= {1, 2}

    def begin_anew(self) -> None:
        """Replace a damaged file; one that another process made in its place meanwhile is taken as it is.

        :raises CacheError: when it cannot be opened.
        """
        self.connection.close()  # before the new one is made: closing deletes the log by its name
        if self._is_same_file():
            remove_database(self.path)
        self._identity = None  # should connecting fail, the next try begins here again
        self._connect()
        self._closed = False

    def run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """What the job returns; it runs once more, on an empty file, when it met damage.

        :raises CacheError: when the new file cannot be opened.
        :raises sqlite3.Error: for all but damage.
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
        """`run` as one transaction."""

        def whole(_connection: sqlite3.Connection) -> T:
            with self.transaction() as connection:
                return job(connection)

        return self.run(whole)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and none left open.

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
    try:
        found = _version(connection)
        if found == 0 and can_shrink:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before anything else makes the first page
        connection.execute(f"PRAGMA journal_mode = {_journal_mode(path.parent)}")
        connection.execute("PRAGMA synchronous = NORMAL")
        # 32 MB: while much is indexed, a page that is written again and again reaches the file itself once
        connection.execute("PRAGMA wal_autocheckpoint = 8000")
        connection.execute("PRAGMA journal_size_limit = 1048576")
        if found == 0:
            connection.execute("BEGIN IMMEDIATE")
            found = _version(connection)  # another process may have been faster
            if found == 0:
                for statement in schema.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version}")
                found = version
            connection.execute("COMMIT")
        if found != version:
            raise OtherVersionError(f"version {found}")
        if _tables(connection) != _expected_tables(schema):
            raise DamagedStoreError("the tables are not those of this program")
    except BaseException:
        connection.close()
        raise
    return connection


def _journal_mode(folder: Path) -> str:
    """WAL needs memory shared by all processes, which network file systems lack; SQLite does not detect them."""
    return "DELETE" if remote_file_system(os.path.realpath(folder)) else "WAL"


def _prepare_files(path: Path) -> None:
    """Make the file here rather than by SQLite: it is private from its first moment, and its WAL takes the same mode.

    An existing file is not opened: closing it would let go of the locks that this process holds on it.

    :raises CacheError: when there is something else in its place that cannot be removed.
    """
    for suffix in _SUFFIXES:
        part = path.with_name(path.name + suffix)
        try:
            mode = part.lstat().st_mode
        except FileNotFoundError:
            if not suffix:
                with contextlib.suppress(OSError):  # SQLite says better why
                    os.close(os.open(path, os.O_CREAT | os.O_RDWR | getattr(os, "O_CLOEXEC", 0), 0o600))
            continue
        except OSError as error:
            raise CacheError(f"The index {part} cannot be opened ({error.strerror}): set SEMLENS_CACHE_DIR.") from error
        if stat.S_ISREG(mode):
            continue
        try:
            part.unlink()  # a pipe or a link: opening it could block, or lead elsewhere
        except OSError as error:
            raise CacheError(f"The index {part} is no regular file: remove it or set SEMLENS_CACHE_DIR.") from error
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
