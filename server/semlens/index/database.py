"""Opening SQLite the way both stores want it: WAL where it is safe, private, and rebuilt when it is broken."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from semlens.core.errors import CacheError

StoreError = sqlite3.Error
"""What a store raises when it cannot be read or written; named here so that nothing else imports SQLite."""

BrokenStoreError = sqlite3.DatabaseError
"""The part of those that means: the store itself is broken, open it anew."""


def make_private_folder(folder: Path) -> None:
    """Create a folder that only its user may read.

    :raises CacheError: when it cannot be created or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise CacheError(
            f"The cache folder {folder} cannot be created ({error.strerror or error}): make it writable or set "
            "SEMLENS_CACHE_DIR."
        ) from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise CacheError(
            f"The cache folder {folder} cannot be read and written: make it writable or set SEMLENS_CACHE_DIR."
        )


def connect(path: Path, schema: str, version: int) -> sqlite3.Connection:
    """Open, or make anew when it is missing, corrupt, or of another version: it is a cache.

    :raises CacheError: when that fails too.
    """
    for attempt in (1, 2):
        try:
            return _open(path, schema, version)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise CacheError(f"The index {path} is locked by another process: try again in a moment.") from error
            if attempt == 2:
                raise CacheError(
                    f"The index {path} cannot be opened ({error}): check the cache folder's permissions and free space."
                ) from error
            remove_database(path)
    raise AssertionError("unreachable")


def remove_database(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        with contextlib.suppress(OSError):
            path.with_name(path.name + suffix).unlink()


def _open(path: Path, schema: str, version: int) -> sqlite3.Connection:
    if not path.exists():
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    try:
        found = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if found not in (0, version):
            raise sqlite3.DatabaseError(f"version {found}")
        # WAL needs shared memory, which network file systems lack: SQLite then says another mode, and that is used
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if found == 0:
            connection.executescript(f"BEGIN IMMEDIATE; {schema}; PRAGMA user_version = {version}; COMMIT;")
    except BaseException:
        connection.close()
        raise
    return connection
