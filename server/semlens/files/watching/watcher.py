"""Watches one root and reports changes, by events of the system if they are reliable, else by polling.

It chooses the source and replaces one that fails. Each source has a module of its own.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from semlens.core.status import WatchMode
from semlens.files.discovery import Discovery
from semlens.files.network_file_systems import remote_file_system
from semlens.files.watching.changes import Changes, ChangeSource, Rescan, SourceLostError
from semlens.files.watching.polling_source import PollingSource
from semlens.settings.choices import WatchSetting
from semlens.settings.loading import Settings

__all__ = ["Changes", "Rescan", "Watcher"]

BATCH_S = 0.05
_STOP_S = 2.0
_IS_LINUX = sys.platform.startswith("linux")
_log = logging.getLogger(__name__)


class Watcher:
    """Reports the changes in one root by a callback, from a thread of its own.

    A change between `start` and the first watch is reported as well. Paths are collected for 50 ms. The path of a
    folder stands for everything in it.

    :ivar mode: `WatchMode.NONE` while it does not run.
    :ivar problem: a message for the user if events of the system should work but fail, else "".
    """

    def __init__(
        self,
        root: Path,
        discovery: Discovery,
        settings: Settings,
        on_changes: Callable[[Changes], None],
        on_mode: Callable[[], None] | None = None,
    ) -> None:
        """:param on_changes: is given a set of paths relative to the root, never empty, or `Rescan`.
        :param on_mode: is called when `mode` or `problem` changed.
        """
        self.mode = WatchMode.NONE
        self.problem = ""
        self._root = root
        self._discovery = discovery
        self._settings = settings.watch
        self._on_changes = on_changes
        self._on_mode = on_mode
        self._lock = threading.Lock()
        self._stopping = False
        self._ready = threading.Event()
        self._syncs: list[threading.Event] = []
        self._source: ChangeSource | None = None
        self._thread = threading.Thread(target=self._run, name=f"watch {root.name}", daemon=True)

    @property
    def n_watches(self) -> int:
        """Watches held in the system."""
        source = self._source
        return 0 if source is None else source.n_watches

    def start(self) -> None:
        """Start watching. Returns at once, and the thread sets the watches."""
        if self._settings.mode == WatchSetting.OFF:
            self._ready.set()
            return
        self._set_source(self._first_source())
        self._thread.start()

    def wait_ready(self, timeout_s: float) -> bool:
        """Wait until everything is watched. False after the timeout."""
        return self._ready.wait(timeout_s)

    def sync(self, timeout_s: float) -> bool:
        """Wait until all that changed before this call was reported.

        :returns: False after the timeout, and where files are polled.
        """
        done = threading.Event()
        with self._lock:
            if self._stopping or self._source is None or self.mode is not WatchMode.NATIVE:
                return False
            self._syncs.append(done)
            self._source.flush()
        return done.wait(timeout_s)

    def stop(self) -> None:
        """Stop watching. No callback starts after this returns, unless one runs for more than two seconds."""
        with self._lock:
            self._stopping = True
            if self._source is not None:
                self._source.wake()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(_STOP_S)

    def _first_source(self) -> ChangeSource:
        if self._settings.mode == WatchSetting.POLLING:
            return self._polling_source()
        if self._settings.mode == WatchSetting.AUTO:
            kind = remote_file_system(str(self._root))
            if kind is not None:
                _log.info("%s is on a remote file system (%s), so its files are polled.", self._root, kind)
                return self._polling_source()
        try:
            return self._native_source()
        except SourceLostError as lost:
            return self._polling_source(str(lost))

    def _native_source(self) -> ChangeSource:
        """:raises SourceLostError: when the system's events cannot be had."""
        # Imported here, because each source loads only on its own system.
        if _IS_LINUX:
            from semlens.files.watching.inotify_source import InotifySource

            return InotifySource(self._root, self._discovery, BATCH_S)
        from semlens.files.watching.observer_source import ObserverSource

        return ObserverSource(self._root, self._discovery, BATCH_S)

    def _polling_source(self, reason: str = "") -> ChangeSource:
        if reason:
            self.problem = f"{reason}, so its files are polled every {self._settings.poll_seconds} seconds instead."
            _log.warning("%s", self.problem)
        return PollingSource(self._discovery, self._settings.poll_seconds)

    def _set_source(self, source: ChangeSource) -> None:
        with self._lock:
            self._source = source
            if self._stopping:
                source.wake()
        self.mode = WatchMode.POLLING if isinstance(source, PollingSource) else WatchMode.NATIVE
        if self._on_mode is not None:
            self._on_mode()

    def _run(self) -> None:
        source = self._source
        if source is None:
            return
        step = source.start
        while not self._stopping:
            with self._lock:
                syncs, self._syncs = self._syncs, []
            if syncs:
                source.flush()
            try:
                changes = step()
            except (SourceLostError, OSError) as lost:
                # Polling begins with a rescan, which finds what the lost source missed.
                source.close()
                source = self._polling_source(str(lost))
                self._set_source(source)
                step = source.start
                continue
            step = source.wait
            if changes and not self._stopping:
                self._on_changes(changes)
            for done in syncs:
                done.set()
            self._ready.set()
        source.close()
        self.mode = WatchMode.NONE
