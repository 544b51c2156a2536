"""Changes by watchdog: FSEvents on macOS, ReadDirectoryChangesW on Windows. Both watch a whole tree at once."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

from watchdog import events
from watchdog.events import FileModifiedEvent, FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from semlens.files.discovery import EXCLUDE_FILE, Discovery
from semlens.files.watching.changes import Changes, Rescan, SourceLostError

_EVENT_TYPES: list[type[FileSystemEvent]] = [
    events.DirCreatedEvent,
    events.DirDeletedEvent,
    events.DirMovedEvent,
    events.FileClosedEvent,
    events.FileCreatedEvent,
    events.FileDeletedEvent,
    events.FileModifiedEvent,
    events.FileMovedEvent,
]
_MAX_GATHERED = 50_000
_log = logging.getLogger(__name__)


class ObserverSource(FileSystemEventHandler):
    """Watches one root. See `changes.ChangeSource`. Events of ignored folders are dropped."""

    def __init__(self, root: Path, discovery: Discovery, batch_s: float) -> None:
        """:param batch_s: how long events gather after the first one."""
        super().__init__()
        self._root = root
        self._discovery = discovery
        self._batch_s = batch_s
        self._observer = Observer()
        self._lock = threading.Lock()
        self._has_changes = threading.Event()
        self._woken = threading.Event()
        self._changed: set[str] = set()
        self._rescan = ""

    @property
    def n_watches(self) -> int:
        return len(self._observer.emitters)

    def start(self) -> Changes:
        try:
            self._observer.schedule(self, str(self._root), recursive=True, event_filter=_EVENT_TYPES)
            self._observer.start()
        except OSError as error:
            raise SourceLostError(f"The system's file events cannot be used ({error})") from error
        return Rescan("watching begins")

    def wait(self) -> Changes:
        self._has_changes.wait()
        if self._woken.is_set() or self._woken.wait(self._batch_s):
            return set()
        with self._lock:
            self._has_changes.clear()
            changed, self._changed = self._changed, set()
            rescan, self._rescan = self._rescan, ""
        if rescan:
            self._discovery.refresh()
            return Rescan(rescan)
        if not self._root.exists():
            raise SourceLostError(f"The folder {self._root} was moved or deleted")
        return changed

    def wake(self) -> None:
        self._woken.set()
        self._has_changes.set()

    def flush(self) -> None:
        self._has_changes.set()

    def close(self) -> None:
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Called by watchdog's thread, which an error would end."""
        try:
            self._handle(event)
        except Exception:  # noqa: BLE001 - it is logged, and a scan finds what the event was about
            _log.exception("an event was not handled")
            self._note(rescan="an event was not handled")

    def _handle(self, event: FileSystemEvent) -> None:
        for path in (event.src_path, event.dest_path):
            relative = self._discovery.relative(os.fsdecode(path)) if path else None
            if relative is None or (event.is_directory and isinstance(event, FileModifiedEvent)):
                continue
            if event.is_directory:
                self._note_folder(relative, appeared=Path(self._discovery.absolute(relative)).is_dir())
            elif relative == EXCLUDE_FILE or (
                self._discovery.is_ignore_file(relative) and not self._is_in_ignored_folder(relative)
            ):
                self._note(rescan="the ignore rules changed")
            elif self._discovery.may_affect_index(relative):
                self._note({relative})

    def _is_in_ignored_folder(self, path: str) -> bool:
        return self._discovery.is_ignored_folder(path.rpartition("/")[0])

    def _note_folder(self, folder: str, *, appeared: bool) -> None:
        self._discovery.forget(folder)
        if self._is_in_ignored_folder(folder):
            return
        if not appeared:
            self._note({folder} if folder else set(), rescan="" if folder else "the root is gone")
            return
        stack = [folder]
        unread: set[str] = set()
        while stack:
            current = stack.pop()
            listed = self._discovery.list_folder(current, unread)
            if listed is not None:
                files, subfolders = listed
                stack.extend(subfolders)
                paths = (f"{current}/{entry.name}" if current else entry.name for entry in files)
                self._note({path for path in paths if self._discovery.may_affect_index(path)})
        if unread:
            self._note(rescan="folders could not be read")

    def _note(self, changed: set[str] | frozenset[str] = frozenset(), *, rescan: str = "") -> None:
        if not changed and not rescan:
            return
        with self._lock:
            self._changed |= changed
            self._rescan = self._rescan or rescan
            if len(self._changed) > _MAX_GATHERED:
                self._changed.clear()
                self._rescan = self._rescan or "too many changes at once"
        self._has_changes.set()
