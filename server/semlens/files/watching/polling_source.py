"""Notices changes by comparing the status of files at intervals, for file systems that send no events."""

from __future__ import annotations

import contextlib
import os
import threading
import time

from semlens.core.errors import WorkspaceError
from semlens.files.discovery import Discovery, is_below
from semlens.files.ignoring.gitattributes import attributes_path
from semlens.files.watching.changes import Changes, Rescan
from semlens.settings.loading import WORKSPACE_FILE

_MAX_BUSY_SHARE = 0.05
"""At most this share of the time is spent on walks, even for a large tree."""


class PollingSource:
    """Polls one root. See `changes.ChangeSource`. Ignore files are read again for every walk."""

    def __init__(self, discovery: Discovery, pause_s: float) -> None:
        """:param pause_s: shortest pause between two walks."""
        self._discovery = discovery
        self._pause_s = pause_s
        self._woken = threading.Event()
        self._statuses: dict[str, tuple[int, int, int, int]] = {}
        self._walk_s = 0.0

    @property
    def n_watches(self) -> int:
        return 0

    def start(self) -> Changes:
        # File times come from the clock of another machine, so changes before the first walk are unknown.
        self._statuses = self._file_statuses() or {}
        return Rescan("polling begins")

    def wait(self) -> Changes:
        if self._woken.wait(max(self._pause_s, self._walk_s / _MAX_BUSY_SHARE)):
            return set()
        statuses = self._file_statuses()
        if statuses is None:
            return set()
        previous, self._statuses = self._statuses, statuses
        changed = {path for path, status in statuses.items() if previous.get(path) != status}
        return changed | (previous.keys() - statuses.keys())

    def wake(self) -> None:
        self._woken.set()

    def flush(self) -> None:
        """Comparing everything takes too long for somebody who waits."""

    def close(self) -> None:
        self._statuses = {}

    def _file_statuses(self) -> dict[str, tuple[int, int, int, int]] | None:
        """The status of every file, also of those that say how others are read.

        None if the root is missing or it was interrupted.
        """
        begin = time.monotonic()
        statuses: dict[str, tuple[int, int, int, int]] = {}
        try:
            unread: set[str] = set()
            with_attributes: set[str] = set()
            for file in self._discovery.walk(unread, with_attributes=with_attributes):
                statuses[file.path] = (file.size, file.mtime_ns, file.ctime_ns, file.inode)
                if self._woken.is_set():
                    return None
            for path in (WORKSPACE_FILE, *map(attributes_path, with_attributes)):
                with contextlib.suppress(FileNotFoundError):
                    status = os.lstat(self._discovery.absolute(path))
                    statuses[path] = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        except (OSError, WorkspaceError):
            return None
        if unread:
            statuses |= {path: status for path, status in self._statuses.items() if is_below(path, unread)}
        self._walk_s = time.monotonic() - begin
        return statuses
