"""The engine as one client uses it: its roots, its open documents, its questions and its status."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from semlens.core.cancel import CancelToken
from semlens.core.hit import SearchResult, SearchStage
from semlens.core.paths import uri_to_path
from semlens.core.request import SearchRequest
from semlens.core.status import EngineStatus, Problem, TierRole, WatchMode
from semlens.engine.browsing.browser import IndexBrowser
from semlens.engine.fetched_index import fetch_index
from semlens.engine.graph.graph_queries import GraphQueryService
from semlens.engine.mapping.index_map import IndexMap
from semlens.engine.overlays.document_places import locate, real_paths
from semlens.engine.overlays.open_buffers import OpenBuffer
from semlens.engine.query.status import build_status, of_roots_alone
from semlens.engine.sessions.index_session import SettingsOf
from semlens.engine.team import has_file, open_team_answers
from semlens.files.discovery import Discovery
from semlens.files.roots import check_root
from semlens.index.snapshot import IndexSnapshot
from semlens.index.storage.private_cache import MAPS_FOLDER
from semlens.settings.loading import Settings

if TYPE_CHECKING:
    from semlens.engine.shared_engine import SharedEngine

STATUS_SECONDS = 0.1
"""The least time between two statuses, while the index is not complete."""

LOAD_SECONDS = 10.0
SYNC_SECONDS = 1.0
"""The longest waits for the last commits, and for what the watchers know."""


class EngineSession(GraphQueryService):
    """Thread-safe. Questions block, and belong on a thread; everything else only enqueues."""

    def __init__(
        self,
        shared: SharedEngine,
        settings: Settings,
        *,
        settings_of: SettingsOf | None = None,
        on_status: Callable[[EngineStatus], None] | None = None,
        on_change: Callable[[int], None] | None = None,
    ) -> None:
        """See `SharedEngine.open_session`."""
        self._shared = shared
        self._settings = settings
        self._on_status = on_status
        self._on_change = on_change
        self._status_lock = threading.Lock()
        self._n_statuses = 0
        self._last_status = 0.0
        self._closed = False
        self.settings_of: SettingsOf = settings_of or (lambda _root: self._settings)
        self._team = open_team_answers(settings.team.url, shared.cache_folder)
        self._is_of_member = False
        indexer = shared.indexer
        session = indexer.open_session(settings, self.settings_of, self._published)
        super().__init__(indexer, session, shared.tiers, shared.file_texts, remote_wait_s=shared.remote_wait_s)

    def start(self) -> None:
        """The engine of the session runs already; see `Engine`."""

    @property
    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Forget the open documents and release the roots."""
        if not self._closed:
            self._closed = True
            if self._team is not None:
                self._team.close()
            self._indexer.close_session(self._session)

    def serve_member(self) -> None:
        """Answer a member of a team, from the roots of the session alone, and tell nothing of what else there is."""
        self._team = None
        self._is_of_member = True

    @property
    def root_paths(self) -> list[str]:
        """The roots of the session, as the client named them."""
        return [str(path) for path in list(self._session.roots.values())]

    @property
    def open_buffers(self) -> list[OpenBuffer]:
        return self._session.buffers.all()

    @property
    def lends_buffers(self) -> bool:
        """Whether the user lets coding agents see the open documents."""
        return self._settings.agents.unsaved_text

    @property
    def unsaved_paths(self) -> list[str]:
        """The paths in their roots of open documents whose text differs from the file."""
        overlays = list(self._session.overlays.shown.values())
        return sorted(one.buffer.path for one in overlays if one.buffer.root and not one.same_as_disk)

    @property
    def discoveries(self) -> list[Discovery]:
        """The rules of each root for which files are indexed, inner roots first."""
        states = self._session.states
        return [states[real].discovery for real in sorted(states, key=len, reverse=True)]

    def open_map(self) -> IndexMap:
        """A map of the roots of the session. The caller closes it."""
        first = next((tier for tier in self._tiers if tier.role == TierRole.FIRST), None)

        def roots() -> dict[str, str]:
            return {real: self._session.display_root(real) for real in self._session.states}

        folder = self._shared.cache_folder / MAPS_FOLDER
        return IndexMap(lambda: self._session.snapshot, roots, lambda: first.fingerprint if first else "", folder)

    @property
    def browser(self) -> IndexBrowser:
        """Looks around in the roots of the session."""
        return IndexBrowser(self._session, self._shared.file_texts, self._indexer.parser)

    def _published(self, snapshot: IndexSnapshot) -> None:
        if self._on_change is not None:
            self._on_change(snapshot.generation)
        now = time.monotonic()
        if self._on_status is not None and (now - self._last_status >= STATUS_SECONDS or snapshot.complete):
            self._last_status = now
            self._on_status(self.status())
        if snapshot.complete and self._indexer.is_awaited:
            self._session.note_change()  # the status said so, and the awaited work may change nothing

    # --- workspace -------------------------------------------------------------------------------------------------

    def add_root(self, path: Path, *, explicit: bool = True, watching: WatchMode = WatchMode.NONE) -> None:
        """Index a folder.

        :param explicit: the user named this folder. Then even a home folder is indexed.
        :param watching: `WatchMode.NATIVE` chooses the best source of changes by itself.
        :raises WorkspaceError: when it is missing, a file, or one that only the user may choose.
        """
        real = check_root(path, explicit)
        display_path = Path(os.path.abspath(path))

        def add() -> None:
            try:
                if not self._closed:
                    self._indexer.add_root(self._session, display_path, real, watching=watching)
            finally:
                self._session.preparing.discard(real)

        self._session.preparing.add(real)
        share = self._settings.share
        if self._shared.is_read_only or not (share.url and share.pull):
            self._indexer.post_change(add)
            return
        threading.Thread(
            target=self._fetch_index, args=(real, add), name="semlens-fetch-index", daemon=True
        ).start()  # a store may be slow

    def set_roots_named(self) -> None:
        """Say that the client has named its roots. Without one, the open documents are all there is."""

        def note() -> None:
            self._session.has_named_roots = True
            self._session.note_change(at_once=True)

        self._indexer.post_change(note)

    def _fetch_index(self, real: Path, add: Callable[[], None]) -> None:
        """Fetch what is shared of a root, then open it."""
        try:
            fetch_index(real, self._settings)
        finally:
            self._indexer.post_change(add)

    def remove_root(self, real: Path) -> None:
        """:param real: the folder without links, as they were when it was added."""
        self._indexer.post_change(lambda: self._indexer.remove_root(self._session, str(real)))

    def release_root(self, path: Path) -> None:
        """Close a root that no session uses, instead of keeping it open for the next session."""
        real = os.path.realpath(path)
        self._indexer.post_change(lambda: self._indexer.release_root(real))
        self.wait_loaded()

    def files_changed(self, paths: Iterable[Path]) -> None:
        """Files or folders were created, changed or deleted."""
        names = [str(path) for path in paths]
        self._indexer.post_change(lambda: self._indexer.files_changed(real_paths(names)))

    def rescan(self, root: Path | None = None, *, full: bool = False) -> None:
        """Compare everything with the disk again; ``full`` parses it again too."""
        real = os.path.realpath(root) if root is not None else None
        for tier in self._tiers:
            tier.reset_pause()
        self._indexer.post_change(lambda: self._indexer.rescan(real, full=full))

    def pause(self) -> None:
        """Pause for all sessions until this one is closed, perhaps in this moment or before it."""
        was_closed = self._closed
        if not was_closed:
            self._indexer.set_paused(self._session, paused=True)
            if self._closed:  # by another thread, meanwhile
                self.resume()

    def resume(self) -> None:
        self._indexer.set_paused(self._session, paused=False)

    def apply_settings(self, settings: Settings) -> None:
        """Use other settings from now on; models and the cache folder keep until the next start."""
        self._settings = settings
        self._indexer.post_change(lambda: self._indexer.apply_settings(self._session, settings))

    # --- questions -------------------------------------------------------------------------------------------------

    def search(
        self,
        request: SearchRequest,
        cancel: CancelToken,
        on_partial: Callable[[SearchResult, SearchStage], None] | None = None,
        *,
        explain: bool = False,
    ) -> SearchResult:
        """See `QueryService`. The team's server, where there is one, is asked meanwhile; partial hits are local."""
        if self._team is None or not request.query.strip():
            return super().search(request, cancel, on_partial, explain=explain)
        asked = self._team.start(request, explain=explain)
        local = super().search(request, cancel, on_partial, explain=explain)
        if on_partial is not None and asked is not None and not asked.done():
            on_partial(local, SearchStage.REFINED)
        roots, opened = list(self._session.states), {(buffer.root, buffer.path) for buffer in self.open_buffers}
        return self._team.merged(local, asked, request.limit, partial(has_file, roots, opened), cancel)

    # --- open documents --------------------------------------------------------------------------------------------

    def open_buffer(self, uri: str, language_id: str, text: str) -> None:
        path = uri_to_path(uri)
        if path is None:
            self._buffers.put(uri, "", uri.partition(":")[2].lstrip("/") or "untitled", language_id, text)
        else:
            # placed by its name at once, so that edits find it; the disk is asked by the indexer's thread
            root, relative = locate(uri, path, "", self._session.states)
            self._buffers.put(uri, root, relative, language_id, text)
            self._indexer.post_change(lambda: self._session.overlays.follow_links(uri, self._session.states))
        self._buffers_changed()

    def change_buffer(self, uri: str, text: str) -> None:
        if self._buffers.change(uri, text) is not None:
            self._buffers_changed()

    def save_buffer(self, uri: str) -> None:
        path = uri_to_path(uri)
        if path is not None:
            self.files_changed([Path(path)])

    def close_buffer(self, uri: str) -> None:
        self._buffers.close(uri)
        self._buffers_changed()
        self.save_buffer(uri)

    def _buffers_changed(self) -> None:
        """Check the open buffers again. Until that is done, the index does not count as settled."""
        self._indexer.post_change(self._session.overlays.expect)

    # --- status and waiting ----------------------------------------------------------------------------------------

    def status(self) -> EngineStatus:
        with self._status_lock:  # one at a time, so that their numbers are in the order of what they saw
            self._n_statuses += 1
            status = build_status(self._n_statuses, self._shared, self._session)
        if self._is_of_member:
            return of_roots_alone(status, self.root_paths)
        if self._team is None or not self._team.problem:
            return status
        return status._replace(problems=(*status.problems, Problem("", self._team.problem)))

    def is_stuck(self, *, follows: bool = False) -> bool:
        """Whether the index cannot become more complete than it is now.

        :param follows: wait for another process that writes the index.
        """
        return self._indexer.is_stuck(self._session, follows=follows)

    def sync_changes(self, timeout_s: float = SYNC_SECONDS) -> None:
        """Block until what changed on disk before this call is known to the index."""
        for state in self._session.states.values():
            if (watcher := state.watcher) is not None:
                watcher.sync(timeout_s)
        self._indexer.post_change(lambda: None)  # what the watchers reported is handled before it

    def wait_loaded(self, timeout_s: float = LOAD_SECONDS) -> None:
        """Block until the last commits of the roots are searchable."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline and (self._indexer.is_awaited or not self._session.is_published):
            with self._session.published:
                self._session.published.wait(0.01)

    @property
    def _is_up_to_date(self) -> bool:
        """Whether the snapshot has all known changes. Changes settle before they are published: keep this order."""
        return self._session.settled and self._session.is_published

    def wait_complete(
        self,
        *,
        refined: bool = False,
        follows: bool = False,
        timeout: float | None = None,
        on_progress: Callable[[EngineStatus], None] | None = None,
    ) -> bool:
        """Block until everything is searchable, or until that cannot be.

        :param refined: wait until the refine tier is filled too. :param follows: see `is_stuck`.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        if refined:
            self._indexer.allow_refinement()
        step_s = 0.002  # short at first: what settles without a publication wakes nobody
        while True:
            done = self._is_up_to_date and self._session.snapshot.complete
            if on_progress is not None or (done and refined):
                status = self.status()
                if on_progress is not None:
                    on_progress(status)
                done = done and not (refined and status.refining)
            if not done and self.is_stuck(follows=follows):
                return False
            if done:
                return True
            if deadline is not None and time.monotonic() >= deadline:
                return False
            with self._session.published:
                self._session.published.wait(step_s)
            step_s = min(0.1, 2 * step_s)

    def wait_saved(self) -> str:
        """Block until all that is searchable is saved, by this process or another.

        :returns: why it cannot be saved, or "".
        """
        if self._shared.unsaved_reason:
            return self._shared.unsaved_reason
        while True:
            indexes = [state.index for state in self._session.states.values()]
            reason = next((text for one in indexes if (text := one.unsaved_reason or one.commit_error)), "")
            if reason or self.is_stuck() or not any(one.writer and one.dirty for one in indexes):
                return reason
            with self._session.published:
                self._session.published.wait(0.1)
