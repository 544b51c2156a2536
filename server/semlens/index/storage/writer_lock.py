"""The lock that makes one process the writer of a root.

It distinguishes a lock that another process holds, which passes, from a place without locks, which the user must fix.
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
    """No process can acquire the lock, so waiting is useless."""


class WriterLock:
    """A file lock. The operating system releases it when the process ends for any reason."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # a soft lock (the existence of a file) would outlive a killed process, so there is no fallback to one
        self._lock = filelock.FileLock(path, mode=0o600, fallback_to_soft=False)

    def acquire(self, timeout_s: float = 0.0) -> bool:
        """Acquire the lock. Returns False when another process holds it.

        :raises LockUnusableError: when no process can acquire it. The message says what to do.
        """
        self._remove_other_kinds()
        try:
            self._lock.acquire(timeout=timeout_s)
        except filelock.Timeout:
            return False
        except (OSError, NotImplementedError) as error:
            raise LockUnusableError(self._reason(error)) from error
        return True

    def _remove_other_kinds(self) -> None:
        """Remove a link or a pipe at the path: this program creates regular files only."""
        with contextlib.suppress(OSError):
            if not stat.S_ISREG(self._path.lstat().st_mode):
                self._path.unlink()

    def release(self) -> None:
        self._lock.release()

    def _reason(self, error: OSError | NotImplementedError) -> str:
        number = error.errno if isinstance(error, OSError) else errno.ENOSYS
        cause = (isinstance(error, OSError) and error.strerror) or str(error)
        if number in _NO_LOCKS:
            return (
                f"Cannot lock the index: the file system of {self._path.parent} has no locks ({cause}). "
                "Set SEMLENS_CACHE_DIR to a folder on a local disk."
            )
        if number in (errno.ENOSPC, errno.EDQUOT):
            return f"Cannot lock {self._path}: the disk is full. Free some space or set SEMLENS_CACHE_DIR."
        return f"Cannot use the lock {self._path}: {cause}. Make it writable, delete it, or set SEMLENS_CACHE_DIR."
