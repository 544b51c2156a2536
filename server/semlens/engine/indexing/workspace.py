"""The roots that are indexed: added, removed, watched or followed, each with its own settings.

Used by the indexer thread, but for `states` and `failed_roots`, which others may look at. What is done with the files
of a root is the indexer's business.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from semlens.core.errors import CacheError
from semlens.core.status import Problem, WatchMode
from semlens.engine.indexing.root_index import RootIndex
from semlens.engine.indexing.root_presence import Presence, RootPresence, check_folder
from semlens.engine.indexing.root_state import RootState
from semlens.engine.indexing.scanner import ScanEnd
from semlens.files.discovery import Discovery
from semlens.index.segment.build_hash import build_problem
from semlens.index.storage.private_cache import temporary_cache
from semlens.index.storage.seeding import seed_index
from semlens.settings.choices import WatchSetting
from semlens.settings.loading import WORKSPACE_FILE, Settings

if TYPE_CHECKING:
    from semlens.files.watching.watcher import Rescan

logger = logging.getLogger(__name__)


class Workspace:
    """:ivar states: the roots by their real paths. :ivar failed_roots: why others cannot be indexed."""

    def __init__(
        self,
        settings_of: Callable[[Path], Settings | None],
        cache_folder: Path,
        fingerprints: Callable[[], list[str]],
        post: Callable[[Callable[[], None]], None],
        on_changed: Callable[[], None],
        *,
        read_only: bool,
    ) -> None:
        """:param on_changed: called when the next snapshot will differ."""
        self.states: dict[str, RootState] = {}
        self.failed_roots: dict[str, Problem] = {}
        self._settings_of = settings_of
        self._cache_folder = cache_folder
        self._fingerprints = fingerprints
        self._post = post
        self._on_changed = on_changed
        self._read_only = read_only
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._presence = RootPresence(
            lambda: self.writers, lambda state, presence: post(lambda: self._note_presence(state, presence))
        )

    @property
    def writers(self) -> list[RootState]:
        """The roots that this process writes the index of."""
        return [state for state in list(self.states.values()) if state.index.writer]

    @property
    def is_parsing(self) -> bool:
        """Whether files wait for a worker, or are with one."""
        return any(state.pending or state.in_flight for state in self.states.values())

    def add(self, real: Path, *, watching: WatchMode) -> None:
        """Add a root and load its last commit, unless it is there already."""
        if (known := self.states.get(str(real))) is not None:
            if known.requested_watching is WatchMode.NONE and watching is not WatchMode.NONE:
                known.requested_watching = watching
                self.watch_again(known)
            return
        is_seeded = not self._read_only and seed_index(self._cache_folder, real)
        try:
            index = self._open(real)
        except Exception as error:
            self.failed_roots[str(real)] = Problem(str(real), str(error))
            self._on_changed()
            if not isinstance(error, CacheError):
                raise
            return
        self.failed_roots.pop(str(real), None)
        settings = self._settings_of(real)
        assert settings is not None  # a session opens the root
        state = RootState(index, Discovery(real, settings), settings)
        state.requested_watching = watching
        state.identity = check_folder(real, None).identity
        state.first_index = is_seeded or not index.files
        state.skipped.update(index.meta.get("skipped", {}))
        self.states[str(real)] = state
        self._compare_versions(state)
        if watching is not WatchMode.NONE:
            self._presence.start()
        if index.writer:
            self._watch(state)
            state.scan_again = True
        else:
            index.scanned = True
            state.watching = watching if watching is WatchMode.CLIENT else WatchMode.NONE
        self._on_changed()

    def end_scan(self, state: RootState, end: ScanEnd) -> None:
        """Apply the end of a scan: files that were not found are gone, unless they could not be checked."""
        state.scan = 0
        if state.absence and not end.absence:
            self.note_back(state, check_folder(state.index.root, state.identity))
        state.absence, state.scan_problem = end.absence, end.failure
        state.note_unread(end.unread)
        if state.n_retries and not end.unread:
            self.watch_again(state)
        if not end.failure and not end.absence and state.is_present():
            state.remove_unseen(end.unread)
        state.end_scan()

    def _open(self, root: Path) -> RootIndex:
        """Open the index in the cache folder, or a temporary one if that folder cannot be used.

        :raises CacheError: when neither can be.
        """
        try:
            return self._load(RootIndex(root, self._cache_folder, self._fingerprints(), read_only=self._read_only))
        except CacheError as error:
            if self._read_only:
                raise
            logger.warning("%s", error)
            self._scratch = self._scratch or temporary_cache(error)
            index = self._load(RootIndex(root, Path(self._scratch.name), self._fingerprints()))
            index.unsaved_reason = f"{error} Until then its index is lost when semlens ends."
            return index

    @staticmethod
    def _load(index: RootIndex) -> RootIndex:
        try:
            index.acquire_writer_lock()
            index.load()
        except BaseException:
            index.close()
            raise
        return index

    def close(self) -> None:
        """Stop checking the roots and delete temporary indexes. The caller has closed the roots."""
        self._presence.close()
        if self._scratch is not None:
            self._scratch.cleanup()

    def remove(self, real: str) -> RootState | None:
        """Remove a root. The caller closes the returned state."""
        if self.failed_roots.pop(real, None) is not None:
            self._on_changed()
        state = self.states.pop(real, None)
        if state is not None:
            self._on_changed()
        return state

    def follow(self, state: RootState) -> None:
        """As a reader, load what the writer commits. Become the writer when the writer is gone."""
        try:
            self._follow(state)
        except CacheError as error:
            if state.index.commit_error != str(error):
                state.index.commit_error = str(error)
                self._on_changed()
            return
        if not state.index.writer and state.index.commit_error:
            state.index.commit_error = ""
            self._on_changed()

    def _follow(self, state: RootState) -> None:
        """:raises CacheError: when the lock or the store cannot be used."""
        if state.index.acquire_writer_lock():
            state.index.load()
            state.scan_again = True
            state.index.scanned = False
            self._compare_versions(state)
            self._watch(state)
            self._on_changed()
        elif state.index.follow():
            self.reload_settings(state)  # a reader watches nothing, and the writer commits their file too
            self._on_changed()

    def files_changed(self, paths: list[str], *, urgent: bool = False) -> None:
        """:param paths: absolute. :param urgent: a question waits for them."""
        for path in paths:
            for state in self.writers:
                relative = state.discovery.relative(path)
                if relative is not None:
                    self._note_path(state, relative)
                    if urgent:
                        state.urgent.add(relative)

    def rescan(self, real: str | None, *, reparse: bool) -> None:
        for name, state in self.states.items():
            if state.index.writer and (real is None or name == real):
                state.scan_again = True
                if reparse:
                    state.outdated.update(state.index.files)

    def reload_settings(self, state: RootState) -> None:
        """Load the settings of a root again. Scan the root if settings of files or of watching changed.

        Without a session they stay as they are. The next one that opens the root loads them.
        """
        old = state.settings
        state.settings = self._settings_of(state.index.root) or old
        if (old.files, old.watch) == (state.settings.files, state.settings.watch):
            return
        state.discovery = Discovery(state.index.root, state.settings)
        if state.index.writer:
            state.scan_again = True
            self.watch_again(state)

    def _compare_versions(self, state: RootState) -> None:
        state.role_keys = dict(state.index.meta.get("roleKeys", {}))
        problem = build_problem(state.index.meta.get("features"))
        state.outdated = set() if problem is None else set(state.index.files)
        state.upgrading = bool(state.outdated)
        if problem is not None:
            logger.info("the files of %s are parsed again: %s", state.index.root, problem)

    # --- watching --------------------------------------------------------------------------------------------------

    def _watch(self, state: RootState) -> None:
        if state.requested_watching is not WatchMode.NATIVE or state.settings.watch.mode == WatchSetting.OFF:
            state.watching = (
                state.requested_watching if state.requested_watching is WatchMode.CLIENT else WatchMode.NONE
            )
            return

        from semlens.files.watching.watcher import Watcher  # one-shot commands do not watch

        state.watching = state.requested_watching

        def on_changes(changes: set[str] | Rescan) -> None:
            self._post(lambda: self._note_changes(state, changes))

        def on_mode() -> None:
            self._post(lambda: self._note_watching(state))

        state.watcher = Watcher(state.index.root, state.discovery, state.settings, on_changes, on_mode)
        state.watcher.start()

    @staticmethod
    def _unwatch(state: RootState) -> None:
        if state.watcher is not None:
            state.watcher.stop()
            state.watcher = None

    def _note_watching(self, state: RootState) -> None:
        """Note that the watcher started or fell back to polling."""
        if state.watcher is not None and state.watcher.mode is not WatchMode.NONE:
            state.watching, state.watch_problem = state.watcher.mode, state.watcher.problem
            self._on_changed()

    def _note_presence(self, state: RootState, presence: Presence) -> None:
        """Note that the folder went away, came back, or was replaced."""
        if not state.differs_from(presence) or self.states.get(str(state.index.root)) is not state:
            return
        if presence.problem:
            state.absence = presence.problem
        else:
            state.scan_again = True
            self.note_back(state, presence)
        self._on_changed()

    def note_back(self, state: RootState, presence: Presence) -> None:
        """Note that the folder is back, and scan it."""
        state.absence, state.identity = "", presence.identity or state.identity
        self.watch_again(state)

    def watch_again(self, state: RootState) -> None:
        """Watch the root again, because its folder was replaced or could not be watched completely."""
        self._unwatch(state)
        self._watch(state)

    def _note_changes(self, state: RootState, changes: set[str] | Rescan) -> None:
        if not isinstance(changes, set):
            state.scan_again = True
            state.note_unread(changes.unread)  # when a scan has read them, the root is watched again
            return
        for path in changes:
            self._note_path(state, path)

    def _note_path(self, state: RootState, path: str) -> None:
        if path == WORKSPACE_FILE:
            self.reload_settings(state)
        state.changed.setdefault(path, time.monotonic())
