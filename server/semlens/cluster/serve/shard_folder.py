"""The folder of a shard's objects on its node. A shard that is killed cannot delete it, so the next one there does."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

from semlens.core.errors import CacheError
from semlens.index.storage.writer_lock import WriterLock

_PREFIX = "semlens-shard-"
_LOCK_NAME = "lock"
_YOUNG_SECONDS = 60.0
"""A folder this young may be about to be locked."""


class ShardFolder:
    """A folder of this process, which others leave alone while the process lives. :ivar path: of the folder."""

    def __init__(self) -> None:
        """:raises OSError, CacheError: when it cannot be made."""
        self._folder = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
        self.path = Path(self._folder.name)
        self._lock = WriterLock(self.path / _LOCK_NAME)
        self._lock.acquire()

    def delete(self) -> None:
        self._lock.release()
        self._folder.cleanup()


def delete_left() -> None:
    """Delete the folders that killed shards of this user left on this machine."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError, CacheError):  # it stays, as another user's does
            if _is_own(folder.lstat()):
                lock = WriterLock(folder / _LOCK_NAME)
                if lock.acquire():
                    lock.release()
                    shutil.rmtree(folder)


def _is_own(status: os.stat_result) -> bool:
    is_users = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
    return stat.S_ISDIR(status.st_mode) and is_users and time.time() - status.st_mtime > _YOUNG_SECONDS
