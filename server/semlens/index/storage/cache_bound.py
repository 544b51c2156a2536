"""Keeps the cache folder below its size limit.

What stopped pulls and builds left is deleted first, then maps and the FAISS files of models that are not used, then the
least recently used roots, a clone of a repository together with its index, then the least recently used vectors. The
size on disk counts, whichever process wrote it. A root that a process has open is never deleted.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from semlens.core.errors import CacheError
from semlens.files.folder_size import folder_bytes
from semlens.files.git_clone import clone_folders, clone_in, clone_last_use, delete_clone_folder
from semlens.index.nearest.opening import faiss_files
from semlens.index.storage.database import remove_database
from semlens.index.storage.private_cache import BUILDS_FOLDER, MAPS_FOLDER, PULLS_FOLDER
from semlens.index.storage.root_store import delete_index, index_folders, last_use
from semlens.index.storage.vector_cache import VectorCache
from semlens.index.storage.writer_lock import WriterLock

logger = logging.getLogger(__name__)

LOCK_NAME = "bound.lock"
_CLOSE_SECONDS = 1.0
_LEFTOVER_SECONDS = 24 * 3600.0
_CHECKS_PER_BOUND = 64
"""A process measures the folder each time it has written this part of the limit. That takes a few milliseconds."""


@dataclass(frozen=True, slots=True)
class _StoredRoot:
    """What is deleted together. :ivar indexes: folders of indexes. :ivar clone: the folder of the clone they are of."""

    indexes: tuple[Path, ...]
    clone: Path | None = None

    def last_use(self) -> float:
        times = [last_use(index) for index in self.indexes]
        return max(times if self.clone is None else [*times, clone_last_use(self.clone)])

    def n_bytes(self) -> int:
        return sum(map(folder_bytes, self.indexes if self.clone is None else (*self.indexes, self.clone)))

    def delete(self) -> bool:
        """Delete it, unless a process has it open. :raises OSError, CacheError: when it cannot be deleted."""
        return all(map(delete_index, self.indexes)) and (self.clone is None or delete_clone_folder(self.clone))


class CacheBound:
    """Thread-safe.

    :ivar vectors: the vector cache that this process has open. :ivar problem: why the folder exceeds its limit, or "".
    :ivar uses: whether this process needs a file of `faiss_files`.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.vectors: VectorCache | None = None
        self.uses: Callable[[Path], bool] = lambda _path: False
        self.problem = ""
        self._folder = folder
        self._max_bytes = max_bytes
        self._n_written = 0
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="semlens-cache-bound")
        self._waits = False
        self._stop_at = math.inf

    def start(self) -> None:
        """Check the folder that earlier processes left. Returns at once."""
        self._check_soon()

    def note_written(self, n_bytes: int) -> None:
        """Count bytes that this process wrote. Returns at once."""
        with self._lock:
            self._n_written += n_bytes
            due = self._n_written >= self._max_bytes // _CHECKS_PER_BOUND
        if due:
            self._check_soon()

    def close(self) -> None:
        """Check once more if this process wrote anything since the last check. Takes about a second at most.

        Call it while the roots are still locked, so that they do not count as unused.
        """
        with self._lock:
            due = self._n_written > 0
        self._stop_at = time.monotonic() + _CLOSE_SECONDS
        self._thread.shutdown(cancel_futures=True)
        if due and not self._should_stop():
            self.enforce()

    def _check_soon(self) -> None:
        with self._lock:
            if self._waits:
                return
            self._waits = True
        with contextlib.suppress(RuntimeError):  # the executor was shut down meanwhile
            self._thread.submit(self._check)

    def _check(self) -> None:
        with self._lock:
            self._waits = False
        self.enforce()

    def enforce(self) -> None:
        """Delete until the folder is below its limit, unless another process does so already. Never raises."""
        with self._lock:
            self._n_written = 0
        try:
            if folder_bytes(self._folder) <= self._max_bytes * 19 // 20:
                self.problem = ""
                return
            lock = WriterLock(self._folder / LOCK_NAME)
            if not lock.acquire():
                return
            try:
                self._shrink(self._max_bytes * 9 // 10)
            finally:
                lock.release()
        except Exception as error:  # an internal error too: unseen, it would let the cache grow without a bound
            logger.exception("the cache could not be shrunk")
            self.problem = f"Cannot shrink the cache in {self._folder}: {error}. Make the folder writable or delete it."

    def _shrink(self, target_bytes: int) -> None:
        """Shrink below the limit, so that there is room for a while."""
        for folder in self._leftovers():
            if self._should_stop():
                return
            shutil.rmtree(folder, ignore_errors=True)
        own_files = self._delete_other_files(target_bytes)
        own_bytes = sum(map(_file_bytes, own_files))
        own_exceed = own_bytes > target_bytes
        if own_exceed:
            target_bytes += own_bytes  # deleting all the rest would not help: the limit then holds for the rest
        self._delete_roots(target_bytes)
        if self._should_stop():
            return
        for path in self._other_vector_stores():
            if folder_bytes(self._folder) <= target_bytes:
                break
            remove_database(path)
        excess = folder_bytes(self._folder) - target_bytes
        if excess > 0 and self.vectors is not None:
            self.vectors.shrink(max(0, database_bytes(self.vectors.path) - excess), self._should_stop)
        total = folder_bytes(self._folder)
        cause, advice = "the open folders need it", "Raise semlens.index.maxCacheMb."
        if own_exceed:
            cause = f"the vectors of the model in use take {own_bytes >> 20:,} MiB ({own_files[-1]})"
            advice += " `semlens forget --all` deletes it, with all indexes."
        self.problem = (
            f"The cache in {self._folder} takes {total >> 20:,} MiB, more than its limit of {self._max_bytes >> 20:,} "
            f"MiB, because {cause}. {advice}"
            if total > self._max_bytes and not self._should_stop()
            else ""
        )

    def _delete_other_files(self, target_bytes: int) -> list[Path]:
        """Delete maps and FAISS files that are not used, until the folder is small enough. They are made again.

        :returns: the FAISS files that this process uses.
        """
        files = faiss_files(self._folder)
        own = [path for path in files if self.uses(path)]
        maps = [path for path in (self._folder / MAPS_FOLDER).glob("*") if path.is_file()]
        for path in (*maps, *(path for path in files if path not in own)):
            if self._should_stop() or folder_bytes(self._folder) <= target_bytes:
                break
            with contextlib.suppress(OSError):
                path.unlink()
        return own

    def _delete_roots(self, target_bytes: int) -> None:
        """Delete roots that are not in use until the folder is small enough. One that cannot be deleted is skipped."""
        total = folder_bytes(self._folder)
        for root in self._unused_roots():
            if total <= target_bytes:
                total = folder_bytes(self._folder)  # files that another root links to were not freed
            if total <= target_bytes or self._should_stop():
                return
            n_bytes = root.n_bytes()
            try:
                if root.delete():
                    total -= n_bytes
                    logger.info("%s was deleted to keep the cache below its limit", root)
            except (OSError, CacheError):
                total = folder_bytes(self._folder)  # a part of it may be gone

    def _should_stop(self) -> bool:
        return time.monotonic() > self._stop_at

    def _leftovers(self) -> list[Path]:
        """What pulls and builds left that were stopped. One that runs has written within a day."""
        folders = [*(self._folder / PULLS_FOLDER).glob("*"), self._folder / BUILDS_FOLDER]
        return [folder for folder in folders if 0.0 < _last_write(folder) < time.time() - _LEFTOVER_SECONDS]

    def _unused_roots(self) -> list[_StoredRoot]:
        """Least recently used first, without the most recent. Roots in use are detected later, by their lock."""
        roots: list[_StoredRoot] = []
        of_clones: set[Path] = set()
        for folder in clone_folders(self._folder):
            clone = clone_in(folder)
            indexes = [] if clone is None else index_folders(self._folder, Path(os.path.realpath(clone.folder)))
            of_clones.update(indexes)
            roots.append(_StoredRoot(tuple(indexes), folder))
        roots += [_StoredRoot((index,)) for index in index_folders(self._folder) if index not in of_clones]
        return sorted(roots, key=_StoredRoot.last_use)[:-1]

    def _other_vector_stores(self) -> list[Path]:
        """Vector caches of other versions of this program, oldest first."""
        own = self.vectors.path if self.vectors is not None else None
        stores = [path for path in self._folder.glob("vectors.v*.sqlite") if path != own and path.is_file()]
        return sorted(stores, key=lambda path: path.stat().st_mtime)


def _file_bytes(path: Path) -> int:
    """The size of a file, 0 if it is gone."""
    with contextlib.suppress(OSError):
        return path.stat().st_size
    return 0


def _last_write(folder: Path) -> float:
    """When something in a folder was written, in seconds since the epoch. 0 when there is no such folder."""
    times = [0.0]
    for path in (folder, *folder.rglob("*")):
        with contextlib.suppress(OSError):
            times.append(path.lstat().st_mtime)
    return max(times)


def database_bytes(path: Path) -> int:
    """Size of a database and its journals."""
    total = 0
    for suffix in ("", "-wal", "-shm", "-journal"):
        with contextlib.suppress(OSError):
            total += path.with_name(path.name + suffix).stat().st_size
    return total
