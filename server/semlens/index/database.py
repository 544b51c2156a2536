"""Opening SQLite the way both stores want it: WAL where it is safe, private, and rebuilt when it is broken."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import time
from pathlib import Path

from semlens.core.errors import CacheError

StoreError = sqlite3.Error
"""What a store raises when it cannot be read or written; named here so that nothing else imports SQLite."""

BrokenStoreError = sqlite3.DatabaseError
"""The part of those that means: the store itself is broken, open it anew."""

_BUSY_SECONDS = 10.0
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class OtherVersionError(sqlite3.DatabaseError):
    """The database was written by another version of this program, or has another meaning."""


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
    if isinstance(error, OtherVersionError):
        return True
    code = getattr(error, "sqlite_errorcode", None)
    # a database without our tables is damaged too: SQLite says "no such table" or "no such column"
    return code is not None and (code & 0xFF in _DAMAGED or (code == sqlite3.SQLITE_ERROR and "no such" in str(error)))


def connect(path: Path, schema: str, version: int) -> sqlite3.Connection:
    """Open, or make anew when it is missing, damaged, or of another version: it is a cache.

    What only cannot be used now - on a full disk, say - is left as it is.

    :raises CacheError: when it cannot be opened.
    """
    deadline = time.monotonic() + _BUSY_SECONDS
    removed = False
    while True:
        try:
            return _open(path, schema, version)
        except sqlite3.DatabaseError as error:
            if is_damaged(error) and not removed:
                remove_database(path)
                removed = True
            elif _is_busy(error) and time.monotonic() < deadline:
                time.sleep(0.02)  # SQLite itself does not wait where two processes turn to WAL at once
            elif _is_busy(error):
                raise CacheError(f"The index {path} is locked by another process: try again in a moment.") from error
            else:
                raise CacheError(
                    f"The index {path} cannot be opened ({error}): check the cache folder's permissions and free space."
                ) from error


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def remove_database(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        with contextlib.suppress(OSError):
            path.with_name(path.name + suffix).unlink()


def _open(path: Path, schema: str, version: int) -> sqlite3.Connection:
    _make_private_file(path)
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        found = _version(connection)
        # WAL needs shared memory, which network file systems lack: SQLite then says another mode, and that is used
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        # 32 MB: while much is indexed, a page that is written again and again reaches the file itself once
        connection.execute("PRAGMA wal_autocheckpoint = 8000")
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
    except BaseException:
        connection.close()
        raise
    return connection


def _make_private_file(path: Path) -> None:
    """Made here rather than by SQLite, so that it is private from its first moment; its WAL takes the same mode.

    An existing file is not opened: closing it would let go of the locks that this process holds on it.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        with contextlib.suppress(OSError):  # SQLite says better why
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | getattr(os, "O_CLOEXEC", 0), 0o600))
        return
    except OSError as error:
        raise CacheError(f"The index {path} cannot be opened ({error.strerror}): set SEMLENS_CACHE_DIR.") from error
    if not stat.S_ISREG(mode):
        raise CacheError(f"The index {path} is no regular file: remove it or set SEMLENS_CACHE_DIR.")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
