"""Changes by inotify: one watch for each folder that is not ignored, one thread for all. Linux only."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

from semlens.files.discovery import EXCLUDE_FILE, Discovery
from semlens.files.watching.changes import Changes, Rescan, SourceLostError
from semlens.files.watching.inotify import (
    IN_ATTRIB,
    IN_CREATE,
    IN_DELETE,
    IN_DELETE_SELF,
    IN_IGNORED,
    IN_ISDIR,
    IN_MODIFY,
    IN_MOVE_SELF,
    IN_MOVED_FROM,
    IN_MOVED_TO,
    IN_Q_OVERFLOW,
    IN_UNMOUNT,
    Inotify,
    InotifyEvent,
)

_EXHAUSTED = (errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
_FOLDER_GONE = (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP)
_MAX_WRITE_DELAY_S = 1.0
"""A file that is being written is reported when it is closed, or this often. A log file changes all the time."""
_CLOCK_SLACK_NS = 50_000_000
"""The clock of file times advances only every few milliseconds."""


class InotifySource:
    """Watches one root. See `changes.ChangeSource`.

    A folder is watched before it is listed, so that no file is missed. The files that a new folder already holds are
    reported one by one.
    """

    def __init__(self, root: Path, discovery: Discovery, batch_s: float) -> None:
        """:param batch_s: how long events gather after the first one.

        :raises SourceLostError: when the user has no inotify instance left.
        """
        self._root = str(root)
        self._discovery = discovery
        self._batch_s = batch_s
        self._folder_of: dict[int, str] = {}
        self._watch_of: dict[str, int] = {}
        self._unread: set[str] = set()  # folders without a watch, because they could not be read now
        self._pending_writes: dict[str, float] = {}  # changed and still open for writing: when it changed (monotonic)
        self._is_woken = False
        self._created_ns = time.time_ns() - _CLOCK_SLACK_NS
        try:
            self._inotify = Inotify()
        except OSError as error:
            raise SourceLostError(_failure_message(error)) from error

    @property
    def n_watches(self) -> int:
        return len(self._folder_of)

    def start(self) -> Changes:
        changed: set[str] = set()
        if not self._watch_root(changed, only_since_ns=self._created_ns) and not self._is_woken:
            raise SourceLostError(f"The folder {self._root} cannot be watched")
        # The time of a folder shows that an entry was deleted or moved, but not which.
        if any(_folder_changed_since(self._discovery.absolute(name), self._created_ns) for name in self._watch_of):
            return self._rescan("something changed while watching began")
        return self._rescan("folders could not be read") if self._unread else changed

    def wait(self) -> Changes:
        timeout_s = (
            None
            if not self._pending_writes
            else max(0.0, min(self._pending_writes.values()) + _MAX_WRITE_DELAY_S - time.monotonic())
        )
        changed: set[str] = set()
        if self._inotify.wait(timeout_s) and self._inotify.pause(self._batch_s):
            return changed
        for event in self._inotify.read():
            if event.mask & IN_Q_OVERFLOW:
                self._watch_anew()
                return self._rescan("the system dropped events")
            folder = self._folder_of.get(event.watch)
            if folder is None:
                continue
            if event.mask & IN_IGNORED:
                self._forget_watch(event.watch)
            elif not event.name:
                self._handle_folder_event(folder, event.mask)
            elif self._handle_entry_event(f"{folder}/{event.name}" if folder else event.name, event, changed):
                self._watch_anew()
                return self._rescan("the ignore rules changed")
        due = time.monotonic() - _MAX_WRITE_DELAY_S
        changed.update(path for path, since in self._pending_writes.items() if since <= due)
        for path in changed:
            self._pending_writes.pop(path, None)
        return self._rescan("folders could not be read") if self._unread else changed

    def wake(self) -> None:
        self._is_woken = True
        self._inotify.wake()

    def flush(self) -> None:
        self._inotify.flush()

    def close(self) -> None:
        self._inotify.close()
        self._folder_of.clear()
        self._watch_of.clear()

    def _rescan(self, reason: str) -> Rescan:
        unread, self._unread = self._unread, set()
        return Rescan(reason, frozenset(unread))

    def _handle_folder_event(self, folder: str, mask: int) -> None:
        if folder == "" and mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT):
            raise SourceLostError(f"The folder {self._root} was moved or deleted")

    def _handle_entry_event(self, path: str, event: InotifyEvent, changed: set[str]) -> bool:
        """Handle the event of one entry. True if it changed the ignore rules."""
        if self._discovery.is_ignore_file(path):
            return True
        if event.mask & IN_ISDIR:
            if event.mask & IN_MOVED_FROM:
                self._unwatch_tree(path)
            elif path in self._watch_of and event.mask & (IN_DELETE | IN_CREATE | IN_MOVED_TO):
                self._unwatch(path)  # its contents were deleted before it
            if event.mask & (IN_DELETE | IN_MOVED_FROM):
                if not self._discovery.is_ignored_folder(path):
                    changed.add(path)
                self._discovery.forget(path)
            elif event.mask & (IN_CREATE | IN_MOVED_TO):
                self._watch_tree(path, changed)
            elif event.mask & IN_ATTRIB:
                self._handle_permissions(path, changed)
            return False
        if self._discovery.may_affect_index(path):
            if event.mask & IN_MODIFY:
                self._pending_writes.setdefault(path, time.monotonic())
            else:
                changed.add(path)
        return False

    def _handle_permissions(self, folder: str, changed: set[str]) -> None:
        """Handle new permissions of a folder, which only matter if they open or close it."""
        is_readable = os.access(self._discovery.absolute(folder), os.R_OK | os.X_OK)
        if is_readable == (folder in self._watch_of):
            return
        self._discovery.forget(folder)
        if is_readable:
            self._watch_tree(folder, changed)
        else:
            self._unwatch_tree(folder)
            changed.add(folder)

    def _watch_root(self, changed: set[str], *, only_since_ns: int = 0) -> bool:
        is_changed = self._watch_tree("", changed, only_since_ns=only_since_ns)
        self._watch_exclude_file()  # later, as the watch of the root tells when a repository comes
        return is_changed

    def _watch_exclude_file(self) -> None:
        """Watch the folder of git's ignore file. While it is missing, the one above tells when it comes."""
        folder = os.path.dirname(EXCLUDE_FILE)
        if self._watch(folder) is None and self._watch(os.path.dirname(folder)) is not None:
            self._watch(folder)  # it may have come before the watch above it

    def _watch_tree(self, start: str, changed: set[str], *, only_since_ns: int = 0) -> bool:
        """Watch a folder and its subfolders that are not ignored. The files in them count as changed.

        :param only_since_ns: count only files whose status changed since this time.
        """
        stack = [start]
        is_watched = False
        while stack and not self._is_woken:
            folder = stack.pop()
            watch = self._watch(folder)
            if watch is None:
                continue
            listing = self._discovery.list_folder(folder, self._unread)
            if listing is None:
                self._inotify.remove(watch)
                self._forget_watch(watch)
                continue
            is_watched = True
            files, subfolders = listing
            stack.extend(subfolders)
            for entry in files:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if (not only_since_ns or _changed_since(entry, only_since_ns)) and self._discovery.may_affect_index(
                    path
                ):
                    changed.add(path)
        return is_watched

    def _watch(self, folder: str) -> int | None:
        """:raises SourceLostError: when the watches are used up."""
        try:
            watch = self._inotify.add(self._discovery.absolute(folder))
        except OSError as error:
            if error.errno in _EXHAUSTED:
                raise SourceLostError(_failure_message(error)) from error
            if error.errno in _FOLDER_GONE or not os.path.lexists(self._discovery.absolute(folder)):
                return None
            raise SourceLostError(f"The folder {folder} cannot be watched ({error.strerror})") from error
        # The system gives a moved folder the same watch again, so its old name is removed.
        old = self._folder_of.get(watch)
        if old is not None and old != folder:
            self._watch_of.pop(old, None)
        self._folder_of[watch] = folder
        self._watch_of[folder] = watch
        return watch

    def _unwatch_tree(self, folder: str) -> None:
        if folder in self._watch_of:  # otherwise nothing below it is watched
            below = folder + "/"
            for name in [name for name in self._watch_of if name == folder or name.startswith(below)]:
                self._unwatch(name)

    def _unwatch(self, folder: str) -> None:
        watch = self._watch_of[folder]
        self._inotify.remove(watch)
        self._forget_watch(watch)

    def _forget_watch(self, watch: int) -> None:
        folder = self._folder_of.pop(watch, None)
        if folder is not None and self._watch_of.get(folder) == watch:
            del self._watch_of[folder]

    def _watch_anew(self) -> None:
        """List the tree again and adjust the watches to it."""
        self._discovery.refresh()
        before = dict(self._watch_of)
        self._watch_of.clear()
        self._folder_of.clear()
        self._watch_root(set())
        for watch in before.values():
            if watch not in self._folder_of:
                self._inotify.remove(watch)


def _changed_since(entry: os.DirEntry[str], time_ns: int) -> bool:
    try:
        return entry.stat(follow_symlinks=False).st_ctime_ns >= time_ns
    except OSError:
        return True


def _folder_changed_since(path: str, time_ns: int) -> bool:
    try:
        return os.lstat(path).st_ctime_ns >= time_ns
    except OSError:
        return True


def _failure_message(error: OSError) -> str:
    """A message that names the limit that was reached, and how to raise it."""
    if error.errno == errno.ENOSPC:
        limit = _limit("max_user_watches")
        return (
            f"The system's file watches are used up (fs.inotify.max_user_watches is {limit}; "
            f"`sudo sysctl fs.inotify.max_user_watches=1048576` allows more)"
        )
    if error.errno == errno.EMFILE:
        limit = _limit("max_user_instances")
        return (
            f"The system's watch instances are used up (fs.inotify.max_user_instances is {limit}; "
            f"`sudo sysctl fs.inotify.max_user_instances=1024` allows more)"
        )
    return f"The system's file events cannot be used ({error.strerror})"


def _limit(name: str) -> str:
    try:
        return Path("/proc/sys/fs/inotify", name).read_text().strip()
    except OSError:
        return "unknown"
