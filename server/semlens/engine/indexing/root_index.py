"""The index of one root: which file is in which segment, which files are dead, and what is not committed yet.

Mutable, used by the indexer thread alone; what it hands out (`views`) is immutable.
"""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from semlens.core.errors import CacheError
from semlens.core.status import SEARCHABLE, UNPARSABLE, SkipReason
from semlens.embedding.embedder import TokenIds
from semlens.engine.indexing.live_segment import LiveSegment, verified_files
from semlens.engine.indexing.scheduling import Backoff
from semlens.engine.indexing.segment_vectors import has_unwritten_vectors, keep_vectors, load_vectors, write_vectors
from semlens.files.discovery import add_folders
from semlens.files.file_stamp import NO_STAMP
from semlens.index.segment.merge import MergedSegment
from semlens.index.segment.segment import Segment
from semlens.index.segment.vectors import merge_blocks
from semlens.index.snapshot import SegmentView
from semlens.index.storage.database import StoreError, is_busy, is_disk_full
from semlens.index.storage.root_store import Commit, FileEntry, RootStore
from semlens.index.storage.writer_lock import WriterLock
from semlens.workers.messages import FileOutcome

logger = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 120.0
"""The pause after a merge or commit that failed. It doubles each time."""


class RootIndex:
    """One root. Readers of a root that another process writes use the same class without the lock.

    :ivar commit_error: why the last commit failed, or "". :ivar merge_error: likewise. Both are tried again later.
    :ivar n_bytes_written: of segments and vectors, to disk, by this process.
    :ivar folders: those that hold files of the index or files to read, and some that did.
    :ivar unsaved_reason: why the index is kept in a folder that this process will delete, or "".
    """

    def __init__(
        self, root: Path, cache_folder: Path, fingerprints: Sequence[str] = (), *, read_only: bool = False
    ) -> None:
        """:param fingerprints: the models in use: vectors of others are neither loaded nor kept.

        :raises CacheError: when the cache folder cannot be used.
        """
        self.root = root
        self.fingerprints = tuple(fingerprints)
        self.store = RootStore(cache_folder, root)
        self.read_only = read_only
        self._lock = WriterLock(self.store.lock_path)
        self.writer = False
        self.unsaved_reason = ""
        self.files: dict[str, FileEntry] = {}
        self.rows: dict[str, int] = {}
        self.folders: set[str] = set()
        self.segments: dict[str, LiveSegment] = {}
        self.meta: dict[str, Any] = {}
        self.scanned = False
        self.commit_error = ""
        self.merge_error = ""
        self.commit_backoff = Backoff(FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS)
        self.merge_backoff = Backoff(FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS)
        self.skipped: Counter[str] = Counter()
        self.crashing_files: dict[str, str] = {}  # path to cause, "" where an earlier process met it
        self._uncommitted: dict[str, FileEntry] = {}
        self._removed: set[str] = set()
        self._segments_changed, self._data_version = False, -1
        self.n_bytes_written = 0

    # --- committed state -------------------------------------------------------------------------------------------

    def acquire_writer_lock(self) -> bool:
        """Become the process that writes this root, unless another one is.

        :raises LockUnusableError: when no process can.
        """
        if not self.read_only and not self.writer:
            self.writer = self._lock.acquire()
        return self.writer

    def load(self) -> None:
        """Load the last commit. Broken parts are dropped, and the next scan finds their files again.

        :raises CacheError: when the store is broken and no new one can be made.
        """
        try:
            data_version = self.store.data_version()
            stored = self.store.load({key: live.segment for key, live in self.segments.items()})
        except StoreError as error:
            logger.warning("the index of %s could not be read: %s", self.root, error)
            if self.store.is_damaged(error):
                self._begin_anew()
            return
        self._data_version = data_version
        self.meta = stored.meta
        old, self.segments = self.segments, {}
        for segment_id, segment in stored.segments.items():
            live = old.get(segment_id)
            if live is None:
                live = LiveSegment(segment, np.zeros(len(segment.files), bool), written=True)
            live.alive = np.zeros(len(segment.files), bool)
            live.view = None
            self.segments[segment_id] = live
        self.files, self.rows = verified_files(stored.files, self.segments)
        add_folders(self.folders, self.files)
        for path, row in self.rows.items():
            self.segments[self.files[path].segment].alive[row] = True
        if stored.lost_segments or len(self.files) < len(stored.files):
            self.meta = {**self.meta, "complete": False}
        self.skipped = Counter(entry.reason for entry in self.files.values() if entry.reason)
        self.crashing_files = {path: "" for path, entry in self.files.items() if entry.reason in UNPARSABLE}
        if stored.lost_segments:
            self._segments_changed = True
        load_vectors(self.segments, self.fingerprints, self.store)

    def _begin_anew(self) -> None:
        """Create a new store and commit everything into it, because the old one is broken or was deleted.

        A reader that does so makes the writer commit everything: it sees that its database is not in place.

        :raises CacheError: when that cannot be done.
        """
        self.store.begin_anew()
        if self.writer:
            self._lock.release()  # the file that was locked may be gone
            self.writer = False
            self._lock = WriterLock(self.store.lock_path)
            self.acquire_writer_lock()
        self._uncommitted, self._removed, self._segments_changed = dict(self.files), set(), True
        for live in self.segments.values():
            live.written = False
            live.written_vectors.clear()

    def follow(self) -> bool:
        """As a reader: take over what the writer committed since; says whether there was anything.

        :raises CacheError: when the store is broken and no new one can be made.
        """
        try:
            if not self.store.exists:  # it was deleted, or a damaged one was replaced
                self.store.begin_anew()
                self._data_version = -1
            if self.store.data_version() == self._data_version:
                return False
        except StoreError:
            return False  # another process holds it for a moment
        self.load()
        return True

    @property
    def dirty(self) -> bool:
        """Whether a change is not committed yet."""
        return bool(self._uncommitted or self._removed or self._segments_changed)

    def commit(self, meta: Mapping[str, Any]) -> None:
        """Save everything so far. A failure is told in ``commit_error``; the commit before it stays."""
        if not self.writer:
            return
        try:
            if not self.store.exists:  # the cache was deleted, or a damaged database was replaced
                self._begin_anew()
            try:
                self._commit(meta)
            except StoreError as error:
                if not self.store.is_damaged(error):
                    raise
                self._begin_anew()
                self._commit(meta)
        except (OSError, StoreError, CacheError) as error:
            self._note_failed_commit(error)
        except Exception as error:  # an internal error: reported and retried with backoff, like the others
            logger.exception("the index of %s could not be saved", self.root)
            self._note_failed_commit(error)
        else:
            self.commit_error = ""
            self.commit_backoff.succeeded()

    def _note_failed_commit(self, error: Exception) -> None:
        """Record what the user can do. A lock that another process holds for a moment is not reported."""
        self.commit_backoff.failed()
        busy = isinstance(error, StoreError) and is_busy(error)
        if not busy or self.commit_backoff.n_failures > 1:
            self.commit_error = (
                f"The index of {self.root} could not be saved ({error}): {advice_on_saving(error, self.store.folder)}."
            )

    def _commit(self, meta: Mapping[str, Any]) -> None:
        """:raises OSError, StoreError: when it could not be written."""
        if not self.writer:  # another process created the new store first
            return
        written: list[LiveSegment] = []
        for live in self.segments.values():
            if not live.written:
                live.n_bytes = self.store.write_segment(live.segment)
                live.written = True
                self.n_bytes_written += live.n_bytes
                written.append(live)
            self.n_bytes_written += write_vectors(live, self.fingerprints, self.store)
        self.store.commit(
            Commit(
                self._uncommitted,
                self._removed - self._uncommitted.keys(),
                {key: live.n_bytes for key, live in self.segments.items()},
                {**meta, "fingerprints": list(self.fingerprints)},
            )
        )
        self.meta = dict(meta)
        self._uncommitted, self._removed, self._segments_changed = {}, set(), False
        self._data_version = self.store.data_version()
        for live in written:
            self._map(live)

    def _map(self, live: LiveSegment) -> None:
        """Map the segment from its file, where it costs memory only for the pages that are read."""
        mapped = self.store.read_segment(live.segment.id)
        if mapped is not None:
            live.segment, live.view = mapped, None

    @property
    def unwritten_vectors(self) -> bool:
        return has_unwritten_vectors(self.segments, self.fingerprints)

    def close(self) -> None:
        with contextlib.suppress(StoreError):
            self.store.close()
        if self.writer:
            self._lock.release()
            self.writer = False

    # --- changes ---------------------------------------------------------------------------------------------------

    def apply(
        self, outcomes: Sequence[FileOutcome], segment: Segment | None, tokens: tuple[TokenIds, ...]
    ) -> LiveSegment | None:
        """Put the result of a worker into the index.

        :returns: the new segment, if any of its files is searchable.
        """
        row = 0
        replaced = [place for outcome in outcomes if (place := self.place(outcome.path)) is not None]
        for outcome in outcomes:
            if outcome.stamp is None and outcome.reason in (SkipReason.GONE, SkipReason.UNREADABLE, SkipReason.NONE):
                self.remove(outcome.path)
                if outcome.reason == SkipReason.UNREADABLE:
                    self._put(outcome.path, FileEntry(NO_STAMP, b"", "", SkipReason.UNREADABLE))
                continue
            stamp = outcome.stamp or NO_STAMP
            if outcome.reason == SkipReason.UNCHANGED:
                old = self.files.get(outcome.path)
                if old is not None:  # else it was removed meanwhile, and will be checked again
                    self._put(outcome.path, FileEntry(stamp, old.hash, old.segment, old.reason))
                continue
            self._kill(outcome.path)
            segment_id = segment.id if segment is not None and outcome.reason in SEARCHABLE else ""
            self._put(outcome.path, FileEntry(stamp, outcome.hash, segment_id, outcome.reason))
            if outcome.cause:
                self.crashing_files[outcome.path] = outcome.cause
            if segment_id:
                self.rows[outcome.path] = row
                row += 1
        if segment is None:
            return None
        live = LiveSegment(segment, np.ones(len(segment.files), bool), tokens=tokens)
        keep_vectors(live, replaced)
        self.segments[segment.id] = live
        self._segments_changed = True
        return live

    def _put(self, path: str, entry: FileEntry) -> None:
        self._count(path, -1)
        self.files[path] = entry
        self._count(path, 1)
        add_folders(self.folders, (path,))
        self._uncommitted[path] = entry
        self._removed.discard(path)

    def _count(self, path: str, step: int) -> None:
        """Update the counts of skipped files by reason."""
        entry = self.files.get(path)
        if entry is None or not entry.reason:
            return
        self.skipped[entry.reason] += step
        if entry.reason in UNPARSABLE:
            if step > 0:
                self.crashing_files[path] = ""
            else:
                self.crashing_files.pop(path, None)

    def _kill(self, path: str) -> None:
        old = self.files.get(path)
        row = self.rows.pop(path, None)
        if old is None or row is None or old.segment not in self.segments:
            return
        live = self.segments[old.segment]
        live.alive = live.alive.copy()
        live.alive[row] = False
        live.view = None
        if not live.alive.any():
            del self.segments[old.segment]
            self._segments_changed = True

    def remove(self, path: str) -> bool:
        """Remove a file that is gone or no longer eligible. :returns: whether it was in the index."""
        if path not in self.files:
            return False
        self._kill(path)
        self._count(path, -1)
        del self.files[path]
        self._uncommitted.pop(path, None)
        self._removed.add(path)
        return True

    def clear(self) -> None:
        for path in list(self.files):
            self.remove(path)

    # --- merging ---------------------------------------------------------------------------------------------------

    def _keeps(self, part: LiveSegment, fingerprint: str) -> bool:
        return fingerprint in self.fingerprints or any(block.is_in_store for block in part.tiers[fingerprint])

    def adopt_merge(
        self, parts: Sequence[LiveSegment], alive: Sequence[npt.NDArray[np.bool_]], merged: MergedSegment
    ) -> None:
        """Replace segments by their merged segment, without the files that died during the merge."""
        all_alive = np.ones(len(merged.segment.files), bool)
        live = LiveSegment(merged.segment, all_alive, loaded=any(part.loaded for part in parts))
        # First what can fail: the parts are dropped only when the merged segment is whole.
        for fingerprint in {name for part in parts for name in part.tiers if self._keeps(part, name)}:
            blocks = [
                (block, new_rows)
                for part, new_rows in zip(parts, merged.passage_maps, strict=True)
                for block in part.tiers.get(fingerprint, ())
            ]
            live.tiers[fingerprint] = (merge_blocks(blocks),)
        for part, was_alive, new_rows in zip(parts, alive, merged.file_maps, strict=True):
            still = part.alive if self.segments.get(part.segment.id) is part else np.zeros_like(part.alive)
            died = was_alive & ~still
            live.alive[new_rows[died]] = False
            if self.segments.pop(part.segment.id, None) is None:
                continue
            paths = part.segment.files.paths
            for row in np.flatnonzero(still).tolist():
                path = paths[row]
                old = self.files[path]
                self.rows[path] = int(new_rows[row])
                self._put(path, FileEntry(old.stamp, old.hash, merged.segment.id, old.reason))
        self._segments_changed = True
        if live.alive.any():
            self.segments[merged.segment.id] = live

    # --- views and counts ------------------------------------------------------------------------------------------

    def views(self) -> list[SegmentView]:
        """The views of this root for a snapshot."""
        found = []
        for live in self.segments.values():
            if live.view is None:
                alive = None if live.alive.all() else live.alive
                live.view = SegmentView(str(self.root), live.segment, alive, dict(live.tiers))
            found.append(live.view)
        return found

    @property
    def n_files(self) -> int:
        return len(self.rows)

    @property
    def n_symbols(self) -> int:
        return sum(int(live.alive[live.segment.symbols.files].sum()) for live in list(self.segments.values()))

    def place(self, path: str) -> tuple[LiveSegment, int] | None:
        """The segment and the row of a searchable file."""
        entry, row = self.files.get(path), self.rows.get(path)
        if entry is None or row is None:
            return None
        live = self.segments.get(entry.segment)
        return None if live is None else (live, row)


def advice_on_saving(error: Exception, folder: Path) -> str:
    """What the user can do about a commit that failed."""
    if is_disk_full(error):
        return f"free some space in {folder} or set SEMLENS_CACHE_DIR"
    if isinstance(error, StoreError) and is_busy(error):
        return "another process holds it; semlens tries again"
    return f"make {folder} writable or set SEMLENS_CACHE_DIR"
