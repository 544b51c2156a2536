"""The state of one root while it is indexed: which files wait to be read, and how changes are noticed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from semlens.core.hashing import ContentHash
from semlens.core.status import SkipReason, WatchMode
from semlens.engine.indexing.root_index import RootIndex
from semlens.engine.indexing.root_presence import FolderIdentity, Presence, check_folder
from semlens.files.discovery import DiscoveredFile, Discovery, add_folders, is_below
from semlens.files.file_stamp import FileStamp
from semlens.files.ignoring.gitattributes import ATTRIBUTES_FILE, attributes_path
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

    size: int
    since: float


@dataclass(slots=True)
class RootState:
    """Used by the indexer thread alone.

    :ivar requested_watching: how it was asked to be watched. :ivar watching: how it is.
    :ivar changed: paths that something said has changed, not looked at yet.
    :ivar pending: paths to read, in order. :ivar in_flight: paths that a worker has.
    :ivar scan: number of the scan under way, 0 when there is none.
    :ivar scan_again: something happened that only another scan can sort out.
    :ivar urgent: paths that a question waits for.
    :ivar touched: paths that were looked at while the scan went on, which may have passed their folder before.
    :ivar identity: of the folder when it was last there. :ivar absence: why it is not there now, or "".
    :ivar scan_problem: why the last scan failed, or "".
    :ivar unread: files and folders that could not be read for a cause that may pass; ``retry_at``: monotonic seconds at
        which they are tried again.
    :ivar role_keys: `roles_key` of the folders whose ``.gitattributes`` sets roles; ``found_role_keys``: those that the
        scan under way met.
    :ivar outdated: indexed files to parse again although their content is the same. A path stays until it was parsed,
        whatever happens to the file or to a worker meanwhile.
    :ivar upgrading: what the index holds is of an older making until everything was read again.
    """

    index: RootIndex
    discovery: Discovery
    settings: Settings
    watcher: Watcher | None = None
    requested_watching: WatchMode = WatchMode.NONE
    watching: WatchMode = WatchMode.NONE
    watch_problem: str = ""
    changed: dict[str, float] = field(default_factory=dict)
    pending: dict[str, Pending] = field(default_factory=dict)
    in_flight: dict[str, float] = field(default_factory=dict)
    scan: int = 0
    scan_again: bool = False
    scan_problem: str = ""
    found_paths: set[str] = field(default_factory=set)
    skipped: Counter[str] = field(default_factory=Counter)
    first_index: bool = False
    role_keys: dict[str, str] = field(default_factory=dict)
    found_role_keys: dict[str, str] = field(default_factory=dict)
    outdated: set[str] = field(default_factory=set)
    upgrading: bool = False
    touched: set[str] = field(default_factory=set)
    urgent: set[str] = field(default_factory=set)
    identity: FolderIdentity | None = None
    absence: str = ""
    unread: frozenset[str] = frozenset()
    retry_at: float = 0.0
    n_retries: int = 0
    last_change: float = 0.0
    last_commit: float = field(default_factory=time.monotonic)

    @property
    def settled(self) -> bool:
        """Whether all known changes are in the index, except for their vectors."""
        return self.index.scanned and not (
            self.scan or self.scan_again or self.changed or self.pending or self.in_flight
        )

    @property
    def is_of_one_build(self) -> bool:
        """Whether all files were parsed that were to be parsed again, but for those that cannot be read now."""
        return self.settled and all(is_below(path, self.unread - {""}) for path in self.outdated)

    @property
    def oldest_change(self) -> float | None:
        times = [*self.changed.values(), *(p.since for p in list(self.pending.values())), *self.in_flight.values()]
        return min(times, default=None)

    def is_waiting_for(self, path: str) -> bool:
        """Whether the file is known to have changed and its new content is not in the index yet."""
        return path in self.changed or path in self.pending or path in self.in_flight

    @property
    def freshness_problems(self) -> list[str]:
        """Sentences that say which parts of the index may differ from the disk."""
        found = [text for text in (self.absence, self.scan_problem) if text]
        if self.unread:
            example = min(self.unread) or "an ignore file"
            found.append(
                f"{len(self.unread)} of its files and folders cannot be read now, such as {example!r}: what was known "
                "of them stays, and they are tried again."
            )
        return found

    def is_present(self) -> bool:
        """Whether the folder exists now. Used when files seem to be gone; sets `absence` if the folder is gone."""
        presence = check_folder(self.index.root, self.identity)
        self.absence = presence.problem or self.absence  # only a scan finds what changed in the meantime
        return not presence.problem

    def differs_from(self, presence: Presence) -> bool:
        """Whether the folder went away, came back, or was replaced."""
        return self.absence != presence.problem or (
            presence.identity is not None and presence.identity != self.identity
        )

    def note_unread(self, paths: Collection[str]) -> None:
        """Read these again later, with a longer pause each time."""
        if not paths:
            return
        self.unread = self.unread.union(paths)
        if not self.retry_at:
            self.n_retries += 1
            self.retry_at = time.monotonic() + min(RETRY_SECONDS * 2**self.n_retries, MAX_RETRY_SECONDS)

    def without_doubtful(self, outcomes: Sequence[FileOutcome]) -> list[FileOutcome]:
        """The outcomes of a worker, without files that only seem to be gone or could not be read now."""
        self.note_unread([outcome.path for outcome in outcomes if outcome.reason == SkipReason.NOT_READABLE_NOW])
        seems_gone = any(outcome.reason == SkipReason.GONE for outcome in outcomes)
        doubtful = {SkipReason.NOT_READABLE_NOW}
        if seems_gone and not self.is_present():
            doubtful.add(SkipReason.GONE)
        return [outcome for outcome in outcomes if outcome.reason not in doubtful]

    def note_parsed(self, outcomes: Sequence[FileOutcome]) -> None:
        """Note that the index has what a worker read, unless something changed meanwhile."""
        self.outdated.difference_update(
            outcome.path
            for outcome in outcomes
            if outcome.path not in self.changed and outcome.reason != SkipReason.UNCHANGED
        )

    def begin_scan(self, number: int) -> None:
        """Note that a scan of the root starts."""
        self.scan, self.scan_again = number, False
        self.found_paths, self.touched, self.found_role_keys = set(), set(), {}
        self.unread, self.retry_at = frozenset(), 0.0
        self.discovery.refresh()

    def add_scanned(self, number: int, found: list[DiscoveredFile], role_keys: Mapping[str, str]) -> None:
        """Note what a scan found, unless another scan began meanwhile.

        :param role_keys: of folders that were entered before these files, so that new files are parsed only once.
        """
        if self.scan != number:
            return
        self._parse_again({folder for folder, key in role_keys.items() if key != self.role_keys.get(folder, "")})
        self.role_keys |= role_keys
        self.found_role_keys |= role_keys
        self._compare_with_index(found)

    def _parse_again(self, folders: set[str]) -> None:
        """Parse the known files below folders again."""
        if not folders:
            return
        now = time.monotonic()
        for path, entry in self.index.files.items():
            if not entry.segment or not is_below(path, folders):
                continue
            self.outdated.add(path)
            if path in self.in_flight:
                self.changed.setdefault(path, now)  # the worker may have read the roles before they changed
            else:
                self.pending.setdefault(path, Pending(entry.stamp.size, now))

    def remove_unseen(self, unread: Collection[str]) -> None:
        """Remove the files that the scan did not find. :param unread: what it could not look at; files below stay.

        Also forget the role keys of folders where it found no ``.gitattributes``.

        What was looked at while the scan went on is known better than by the scan.
        """
        known = self.found_paths | self.touched | self.changed.keys() | self.in_flight.keys() | self.pending.keys()
        for path in [path for path in self.index.files if path not in known]:
            if not is_below(path, unread):
                self.index.remove(path)
        lost = {
            folder
            for folder in self.role_keys.keys() - self.found_role_keys.keys()
            if not is_below(attributes_path(folder), unread)
        }
        self._parse_again(lost)
        self.role_keys = {folder: key for folder, key in self.role_keys.items() if key and folder not in lost}

    def end_scan(self) -> None:
        """Note that the results of the scan are complete."""
        self.outdated.intersection_update(self.index.files)
        self.found_paths, self.touched = set(), set()
        self.skipped = self.discovery.skipped.copy()
        self.index.scanned = True

    def _compare_with_index(self, found: list[DiscoveredFile]) -> None:
        """Compare a part of a scan with the index. Files that differ are read again."""
        now = time.monotonic()
        for file in found:
            self.found_paths.add(file.path)
            entry = self.index.files.get(file.path)
            stamp = FileStamp.of(file.size, file.mtime_ns, file.ctime_ns, file.inode, 0)
            is_known = entry is not None and entry.stamp.same_file(stamp) and not entry.stamp.racy
            if is_known and file.path not in self.outdated:
                continue
            if file.path in self.in_flight:
                self.changed.setdefault(file.path, now)  # the worker may have read it before it changed
                continue
            if file.path not in self.pending:
                self._queue(file.path, Pending(file.size, now))

    def process_changes(self) -> None:
        """Turn reported changes into files to read, files to remove, or a scan."""
        changed, self.changed = self.changed, {}
        try:
            self._process(changed)
        except Exception:
            self.scan_again = True  # it compares everything: trying the same paths again could fail for ever
            raise

    def _process(self, changed: dict[str, float]) -> None:
        roots_of_trees: set[str] = set()
        gone: list[str] = []
        unwanted: list[str] = []
        if self.absence and self.is_present():
            self.scan_again = True
        if self.scan:
            self.touched.update(changed)
        examine = self.discovery.examiner()
        for path, since in changed.items():
            if path in self.in_flight:
                self.changed[path] = since  # check again when the worker has finished
                continue
            if self.discovery.is_ignore_file(path):
                self.discovery.refresh()
                self.scan_again = True
            if path.rpartition("/")[2] == ATTRIBUTES_FILE:
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
            if path not in self.index.files:
                roots_of_trees.add(path)  # it may have been a folder until now
            self._queue(path, Pending(found.size, since))
        if gone and not self.is_present():
            gone = []  # a scan compares everything when the folder is back
        self._forget([*gone, *unwanted], roots_of_trees)

    def _queue(self, path: str, item: Pending) -> None:
        self.pending[path] = item
        add_folders(self.index.folders, (path,))

    def _forget(self, paths: list[str], roots_of_trees: set[str]) -> None:
        """:param roots_of_trees: paths that may have been folders until now."""
        for path in paths:
            self.pending.pop(path, None)
            if not self.index.remove(path):
                roots_of_trees.add(path)
        folders = self.index.folders & roots_of_trees  # most paths are files that are not indexed, such as logs
        if folders:
            self._forget_below(folders)

    def _forget_below(self, folders: set[str]) -> None:
        """Remove everything below paths that were folders, in one pass over the names."""

        def is_inside(path: str) -> bool:
            return is_below(path.rpartition("/")[0], folders)

        now = time.monotonic()
        for path in [path for path in (*self.index.files, *self.pending) if is_inside(path)]:
            self.pending.pop(path, None)
            self.index.remove(path)
        for path in [path for path in self.in_flight if is_inside(path)]:
            self.changed.setdefault(path, now)  # the file that the worker read is gone
        self.index.folders = {folder for folder in self.index.folders if not is_below(folder, folders)}

    def next_batch(self, max_bytes: int, model: str, *, urgent: bool = False) -> FilesRequest | None:
        """A request with some of the pending files, which are in flight from now on.

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
            entry = self.index.files.get(path)
            files.append((path, entry.hash if entry is not None and path not in self.outdated else b""))
            n_bytes += item.size
        return FilesRequest(str(self.index.root), tuple(files), max_bytes, model) if files else None
