"""What the indexer knows about one root while it works on it: what is to be read, by whom it is watched."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from semlens.core.hashing import ContentHash
from semlens.core.skip_reason import SkipReason
from semlens.engine.indexing.root_index import RootIndex
from semlens.engine.indexing.root_presence import FolderIdentity, Presence, look_at
from semlens.files.discovery import DiscoveredFile, Discovery, is_below
from semlens.files.file_stamp import FileStamp
from semlens.settings.loading import Settings
from semlens.workers.messages import FileOutcome, FilesRequest

if TYPE_CHECKING:
    from semlens.files.watching.watcher import Watcher

FILES_A_BATCH = 48
BYTES_A_BATCH = 600_000
RETRY_SECONDS = 1.0
MAX_RETRY_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Pending:
    """A file to read. :ivar since: monotonic seconds at which it was seen to have changed."""

    known: ContentHash
    size: int
    since: float


@dataclass(slots=True)
class RootState:
    """Used by the indexer thread alone.

    :ivar given: the root as the editor or user named it; answers use this name.
    :ivar asked: how it was asked to be watched. :ivar watching: how it is.
    :ivar changed: paths that something said has changed, not looked at yet.
    :ivar pending: paths to read, in order. :ivar in_flight: paths that a worker has.
    :ivar scan: number of the scan under way, 0 when there is none.
    :ivar scan_again: something happened that only another scan can sort out.
    :ivar urgent: paths that a question waits for.
    :ivar touched: paths that were looked at while the scan went on, which may have passed their folder before.
    :ivar identity: of the folder when it was last there. :ivar lost: why it is not there now, or "".
    :ivar unread: files and folders that could not be read for a cause that may pass; ``retry_at``: monotonic seconds at
        which they are tried again.
    :ivar full: the next scan is to read every file again; ``scan_full``: the scan under way does.
    :ivar upgrading: what the index holds is of an older making until everything was read again.
    """

    given: Path
    index: RootIndex
    discovery: Discovery
    settings: Settings
    watcher: Watcher | None = None
    asked: str = "none"
    watching: str = "none"
    watch_problem: str = ""
    changed: dict[str, float] = field(default_factory=dict)
    pending: dict[str, Pending] = field(default_factory=dict)
    in_flight: dict[str, float] = field(default_factory=dict)
    scan: int = 0
    scan_again: bool = False
    seen: set[str] = field(default_factory=set)
    skipped: Counter[str] = field(default_factory=Counter)
    first_index: bool = False
    full: bool = False
    scan_full: bool = False
    upgrading: bool = False
    touched: set[str] = field(default_factory=set)
    urgent: set[str] = field(default_factory=set)
    identity: FolderIdentity | None = None
    lost: str = ""
    unread: frozenset[str] = frozenset()
    retry_at: float = 0.0
    n_retries: int = 0
    last_change: float = 0.0
    last_commit: float = field(default_factory=time.monotonic)

    @property
    def settled(self) -> bool:
        """All that is known to have changed is in the index (its vectors apart)."""
        return self.index.scanned and not (
            self.scan or self.scan_again or self.changed or self.pending or self.in_flight
        )

    @property
    def oldest_change(self) -> float | None:
        times = [*self.changed.values(), *(p.since for p in list(self.pending.values())), *self.in_flight.values()]
        return min(times, default=None)

    def is_waiting_for(self, path: str) -> bool:
        """The file is known to have changed, and what it says now is not in the index yet."""
        return path in self.changed or path in self.pending or path in self.in_flight

    @property
    def losses(self) -> list[str]:
        """What of the root is not as it is on disk, in sentences."""
        found = [self.lost] if self.lost else []
        if self.unread:
            example = min(self.unread) or "an ignore file"
            found.append(
                f"{len(self.unread)} of its files and folders cannot be read now, such as {example!r}: what was known "
                "of them stays, and they are tried again."
            )
        return found

    def is_there(self) -> bool:
        """Whether the folder is there now, asked where files seem to be gone. `lost` says from now on if it is not."""
        seen = look_at(self.index.root, self.identity)
        self.lost = seen.problem or self.lost  # what it lost meanwhile, only a scan finds
        return not seen.problem

    def differs_from(self, seen: Presence) -> bool:
        """The folder went away, is back, or is another one."""
        return self.lost != seen.problem or (seen.identity is not None and seen.identity != self.identity)

    def note_unread(self, paths: Collection[str]) -> None:
        """Look at these again later, each time later than the last."""
        if not paths:
            return
        self.unread = self.unread.union(paths)
        if not self.retry_at:
            self.n_retries += 1
            self.retry_at = time.monotonic() + min(RETRY_SECONDS * 2**self.n_retries, MAX_RETRY_SECONDS)

    def without_losses(self, outcomes: Sequence[FileOutcome]) -> list[FileOutcome]:
        """Of what a worker found, all but files that only seem to be gone, or could not be read now."""
        self.note_unread([outcome.path for outcome in outcomes if outcome.reason == SkipReason.NOT_READABLE_NOW])
        seems_gone = any(outcome.reason == SkipReason.GONE for outcome in outcomes)
        doubtful = {SkipReason.NOT_READABLE_NOW}
        if seems_gone and not self.is_there():
            doubtful.add(SkipReason.GONE)
        return [outcome for outcome in outcomes if outcome.reason not in doubtful]

    def begin_scan(self, number: int) -> None:
        """A walk of the root starts now."""
        self.scan, self.scan_again = number, False
        self.scan_full, self.full = self.full, False
        self.seen, self.touched = set(), set()
        self.unread, self.retry_at = frozenset(), 0.0
        self.discovery.refresh()

    def take_found(self, number: int, found: list[DiscoveredFile]) -> None:
        """Note what a scan found, unless another scan began meanwhile."""
        if self.scan == number:
            self.note_found(found)

    def remove_unseen(self, unread: Collection[str]) -> None:
        """Remove the files that the scan did not find. :param unread: what it could not look at; files below stay.

        What was looked at while the scan went on is known better than by the scan.
        """
        known = self.seen | self.touched | self.changed.keys() | self.in_flight.keys() | self.pending.keys()
        for path in [path for path in self.index.files if path not in known]:
            if not is_below(path, unread):
                self.index.remove(path)

    def end_scan(self) -> None:
        """What the walk found is taken over."""
        self.scan_full = False
        self.seen, self.touched = set(), set()
        self.skipped = self.discovery.skipped.copy()
        self.index.scanned = True

    def note_found(self, found: list[DiscoveredFile]) -> None:
        """Compare a part of a scan with what is known; what differs is to be read."""
        now = time.monotonic()
        for file in found:
            self.seen.add(file.path)
            entry = self.index.files.get(file.path)
            stamp = FileStamp.of(file.size, file.mtime_ns, file.ctime_ns, file.inode, 0)
            if entry is not None and not self.scan_full and entry.stamp.same_file(stamp) and not entry.stamp.racy:
                continue
            if file.path in self.in_flight:
                self.changed.setdefault(file.path, now)  # the worker may have read it before it changed
                continue
            known = entry.hash if entry is not None and not self.scan_full else b""
            self.pending.setdefault(file.path, Pending(known, file.size, now))

    def take_changed(self) -> None:
        """Turn what was said to have changed into files to read, files to forget, or a scan."""
        changed, self.changed = self.changed, {}
        roots_of_trees: set[str] = set()
        gone: list[str] = []
        unwanted: list[str] = []
        if self.lost and self.is_there():
            self.scan_again = True
        if self.scan:
            self.touched.update(changed)
        examine = self.discovery.examiner()
        for path, since in changed.items():
            if path in self.in_flight:
                self.changed[path] = since  # look again when the worker is done with what it read
                continue
            if self.discovery.is_ignore_file(path):
                self.discovery.refresh()
                self.scan_again = True
            found = examine(path)
            if found == SkipReason.FOLDER:
                self.scan_again = True
                continue
            if found == SkipReason.NOT_READABLE_NOW:
                self.note_unread([path])
                continue
            if isinstance(found, str):
                (gone if found == SkipReason.MISSING else unwanted).append(path)
                continue
            entry = self.index.files.get(path)
            if entry is None:
                roots_of_trees.add(path)  # it may have been a folder until now
            self.pending[path] = Pending(entry.hash if entry else b"", found.size, since)
        if gone and not self.is_there():
            gone = []  # when the folder is back, all is compared
        self._forget([*gone, *unwanted], roots_of_trees)

    def _forget(self, paths: list[str], roots_of_trees: set[str]) -> None:
        """:param roots_of_trees: paths that may have been folders until now."""
        for path in paths:
            self.pending.pop(path, None)
            if not self.index.remove(path):
                roots_of_trees.add(path)
        if roots_of_trees:
            self._forget_below(roots_of_trees)

    def _forget_below(self, folders: set[str]) -> None:
        """What may have been folders are gone: so is all below them. One walk over the names, however many folders."""

        def is_below(path: str) -> bool:
            place = path.rfind("/")
            while place > 0:
                if path[:place] in folders:
                    return True
                place = path.rfind("/", 0, place)
            return False

        now = time.monotonic()
        for path in [path for path in (*self.index.files, *self.pending) if is_below(path)]:
            self.pending.pop(path, None)
            self.index.remove(path)
        for path in [path for path in self.in_flight if is_below(path)]:
            self.changed.setdefault(path, now)  # what the worker read is not there any more

    def next_batch(self, max_bytes: int, model: str, *, urgent: bool = False) -> FilesRequest | None:
        """Some of the pending files, as a request; they are in flight from now on.

        :param urgent: only those that a question waits for.
        """
        files: list[tuple[str, ContentHash]] = []
        n_bytes = 0
        candidates = self.urgent & self.pending.keys() if urgent else islice(self.pending, FILES_A_BATCH)
        for path in list(candidates):
            item = self.pending[path]
            if files and (len(files) >= FILES_A_BATCH or n_bytes + item.size > BYTES_A_BATCH):
                break
            del self.pending[path]
            self.in_flight[path] = item.since
            files.append((path, item.known))
            n_bytes += item.size
        return FilesRequest(str(self.index.root), tuple(files), max_bytes, model) if files else None
