"""The lock that makes one process the writer of a root.

It tells "another process has it", which passes, from "there can be no lock here", which somebody must put right.
"""

from __future__ import annotations

import contextlib
import errno
import stat
from pathlib import Path

import filelock

from semlens.core.errors import CacheError

_NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL})


class LockUnusableError(CacheError):
    """No process can have the lock, so waiting for it is of no use."""


class WriterLock:
    """Freed by the system when its process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # a lock by the mere existence of a file would outlive a killed process, so there is no falling back to one
        self._lock = filelock.FileLock(path, mode=0o600, fallback_to_soft=False)

    def acquire(self, timeout_s: float = 0.0) -> bool:
        """Whether it is ours now; False when another process has it.

        :raises LockUnusableError: when nobody can have it; the message says what to do.
        """
        self._make_way()
        try:
            self._lock.acquire(timeout=timeout_s)
        except filelock.Timeout:
            return False
        except (OSError, NotImplementedError) as error:
            raise LockUnusableError(self._reason(error)) from error
        return True

    def _make_way(self) -> None:
        """Nobody holds a link, or a pipe: neither was made by this program."""
        with contextlib.suppress(OSError):
            if not stat.S_ISREG(self._path.lstat().st_mode):
                self._path.unlink()

    def release(self) -> None:
        self._lock.release()

    def _reason(self, error: OSError | NotImplementedError) -> str:
        number = error.errno if isinstance(error, OSError) else errno.ENOSYS
        said = (isinstance(error, OSError) and error.strerror) or str(error)
        if number in _NO_LOCKS:
            return (
                f"The file system of {self._path.parent} has no locks ({said}): "
                "set SEMLENS_CACHE_DIR to a folder on a local disk."
            )
        if number in (errno.ENOSPC, errno.EDQUOT):
            return f"The disk is full at {self._path.parent}: free some space or set SEMLENS_CACHE_DIR."
        return f"The lock {self._path} cannot be used ({said}): make it writable, delete it, or set SEMLENS_CACHE_DIR."
