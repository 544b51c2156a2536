"""The engine: what the language server and the command line stand on.

A facade: it owns the indexer, answers questions from its snapshots, and checks every answer against the texts.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from semlens.core.errors import CacheError, ModelError
from semlens.core.paths import uri_to_path
from semlens.core.status import EngineStatus, TierRole, WatchMode
from semlens.engine.embedding.remote_tier import REMOTE_QUERY_WAIT_SECONDS, RemoteTier, service_from_settings
from semlens.engine.embedding.tiers import Tier, choose_tiers
from semlens.engine.indexing.indexer import Indexer
from semlens.engine.indexing.workspace import SettingsOf
from semlens.engine.overlays.open_buffers import OpenBuffers
from semlens.engine.overlays.overlay_indexer import locate, real_paths
from semlens.engine.query.query_service import QueryService
from semlens.engine.query.status import build_status
from semlens.files.discovery import check_root
from semlens.index.snapshot import IndexSnapshot
from semlens.index.storage.cache_bound import CacheBound
from semlens.index.storage.database import make_private_folder
from semlens.index.storage.sent_ledger import SentLedger
from semlens.index.storage.vector_cache import VectorCache
from semlens.settings.loading import Settings

STATUS_SECONDS = 0.1


class Engine(QueryService):
    """Thread-safe. Questions block, and belong on a thread; everything else only enqueues."""

    def __init__(
        self,
        settings: Settings,
        *,
        cache_folder: Path,
        settings_of: SettingsOf | None = None,
        on_status: Callable[[EngineStatus], None] | None = None,
        on_change: Callable[[int], None] | None = None,
        read_only: bool = False,
        one_shot: bool = False,
        follows: bool = False,
    ) -> None:
        """:param settings_of: the settings of one root, asked when it is added and when its `.semlens.toml` changes;
            without it ``settings`` hold everywhere.
        :param on_status: called on the indexer thread, at most ten times a second.
        :param on_change: likewise, with every published generation.
        :param read_only: never write the index: answer from what is committed.
        :param one_shot: for a command that ends: no watching, no following, no idle work.
        :param follows: let such a command wait for another process that writes, instead of taking what is committed.
        :raises CacheError: when the cache folder cannot be used.
        """
        self._cache_problem = ""
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        cache_folder = self._usable_cache(cache_folder)
        self._settings = settings
        self._cache_folder = cache_folder
        self._on_status = on_status
        self._on_change = on_change
        self._buffers = OpenBuffers()
        self._bound = CacheBound(cache_folder, settings.index.max_cache_mb << 20)
        try:
            self._cache: VectorCache | None = VectorCache(cache_folder, self._bound.note_written)
        except CacheError as error:
            self._cache = None
            self._cache_problem = str(error)
        self._bound.vectors = self._cache
        self._ledger = SentLedger(cache_folder)
        self._tiers, errors = self._choose_tiers(settings)
        self._model_errors = [str(error) for error in errors]
        indexer = Indexer(
            settings,
            settings_of or (lambda _root: self._settings),
            cache_folder,
            self._buffers,
            self._tiers,
            self._published,
            self._bound.note_written,
            one_shot=one_shot,
            read_only=read_only,
            follows=follows,
        )
        super().__init__(
            indexer, self._buffers, self._tiers, remote_wait_s=REMOTE_QUERY_WAIT_SECONDS if one_shot else 0.0
        )
        self._one_shot = one_shot
        self._read_only = read_only
        self._status_lock = threading.Lock()
        self._n_statuses = 0
        self._last_status = 0.0
        self._closed = False

    def _usable_cache(self, cache_folder: Path) -> Path:
        """The cache folder, or a temporary one where it can be read but not written.

        :raises CacheError: when it cannot be read either.
        """
        try:
            make_private_folder(cache_folder)
        except CacheError:
            if not cache_folder.is_dir() or not os.access(cache_folder, os.R_OK | os.X_OK):
                raise
            self._cache_problem = (
                f"The cache folder {cache_folder} is read-only, so the index is built again at each start: "
                "make the folder writable or set SEMLENS_CACHE_DIR."
            )
            self._scratch = tempfile.TemporaryDirectory(prefix="semlens-")  # as private as the cache
            return Path(self._scratch.name)
        return cache_folder

    # --- life ------------------------------------------------------------------------------------------------------

    def _choose_tiers(self, settings: Settings) -> tuple[list[Tier], list[ModelError]]:
        """The local ones, and a service in the place of one of them."""
        names = {TierRole.FIRST: settings.models.first, TierRole.REFINE: settings.models.refine}
        remote: RemoteTier | None = None
        errors: list[ModelError] = []
        try:
            service = service_from_settings(settings.remote)
        except ModelError as error:
            service, errors = None, [error]
        if service is not None:
            remote = RemoteTier(settings.remote.tier, service, self._cache, self._ledger)
            names[remote.role] = "none"
        tiers, tier_errors = choose_tiers(
            names[TierRole.FIRST], names[TierRole.REFINE], settings.models.folders, self._cache
        )
        if remote is not None:
            tiers = [remote, *tiers] if remote.role == TierRole.FIRST else [*tiers, remote]
        return tiers, [*errors, *tier_errors]

    def start(self) -> None:
        self._indexer.start()
        if not self._one_shot and not self._read_only:
            self._bound.start()
        for tier in self._tiers:
            if isinstance(tier, RemoteTier) and not self._one_shot:
                tier.warm_up()

    def close(self) -> None:
        """Commit, end threads and workers; at most about two seconds."""
        if self._closed:
            return
        self._closed = True
        for tier in self._tiers:
            tier.close()
        self._bound.close()
        self._indexer.close()
        self._ledger.close()
        if self._cache is not None:
            self._cache.close()
        if self._scratch is not None:
            self._scratch.cleanup()

    def _published(self, snapshot: IndexSnapshot) -> None:
        if self._on_change is not None:
            self._on_change(snapshot.generation)
        now = time.monotonic()
        if self._on_status is not None and (now - self._last_status >= STATUS_SECONDS or snapshot.complete):
            self._last_status = now
            self._on_status(self.status())

    # --- workspace -------------------------------------------------------------------------------------------------

    def add_root(self, path: Path, *, explicit: bool = True, watching: WatchMode = WatchMode.NONE) -> None:
        """Index a folder.

        :param explicit: the user named this folder. Then even a home folder is indexed.
        :param watching: `WatchMode.NATIVE` chooses the best source of changes by itself.
        :raises WorkspaceError: when it is missing, a file, or one that only the user may choose.
        """
        real = check_root(path, explicit)
        display_path = Path(os.path.abspath(path))
        self._indexer.post_change(lambda: self._indexer.add_root(display_path, real, watching=watching))

    def remove_root(self, path: Path) -> None:
        real = os.path.realpath(path)
        self._indexer.post_change(lambda: self._indexer.remove_root(real))

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
        self._indexer.set_paused(True)

    def resume(self) -> None:
        self._indexer.set_paused(False)

    def apply_settings(self, settings: Settings) -> None:
        """Use other settings from now on; models and the cache folder keep until the next start."""
        self._settings = settings
        self._indexer.post_change(lambda: self._indexer.apply_settings(settings))

    # --- overlays --------------------------------------------------------------------------------------------------

    def open_buffer(self, uri: str, language_id: str, version: int, text: str) -> None:  # noqa: ARG002 - versions are the protocol's
        path = uri_to_path(uri)
        if path is None:
            self._buffers.put(uri, "", uri.partition(":")[2].lstrip("/") or "untitled", language_id, text)
        else:
            # placed by its name at once, so that edits find it; the disk is asked by the indexer's thread
            root, relative = locate(uri, path, "", dict(self._indexer.states))
            self._buffers.put(uri, root, relative, language_id, text)
            self._indexer.post_change(lambda: self._indexer.overlays.follow_links(uri, self._indexer.states))
        self._indexer.buffers_changed()

    def change_buffer(self, uri: str, version: int, text: str) -> None:  # noqa: ARG002
        if self._buffers.change(uri, text) is not None:
            self._indexer.buffers_changed()

    def save_buffer(self, uri: str) -> None:
        path = uri_to_path(uri)
        if path is not None:
            self.files_changed([Path(path)])

    def close_buffer(self, uri: str) -> None:
        self._buffers.close(uri)
        self._indexer.buffers_changed()
        self.save_buffer(uri)

    def status(self) -> EngineStatus:
        with self._status_lock:  # one at a time, so that their numbers are in the order of what they saw
            self._n_statuses += 1
            return build_status(
                self._n_statuses,
                self._indexer,
                self._tiers,
                self._buffers,
                self._ledger.totals(),
                self._model_errors,
                self._cache_problem or self._bound.problem,
            )

    def wait_complete(
        self,
        *,
        refined: bool = False,
        timeout: float | None = None,
        on_progress: Callable[[EngineStatus], None] | None = None,
    ) -> bool:
        """Block until everything is searchable; with ``refined`` until the refine tier is filled too."""
        deadline = None if timeout is None else time.monotonic() + timeout
        if refined:
            self._indexer.allow_refinement()
        while True:
            done = self._is_up_to_date and self._indexer.snapshot.complete
            if on_progress is not None or (done and refined):
                status = self.status()
                if on_progress is not None:
                    on_progress(status)
                done = done and not (refined and status.refining)
            if not done and self._indexer.is_stuck:
                return False
            if done:
                return True
            if deadline is not None and time.monotonic() >= deadline:
                return False
            with self._indexer.published:
                self._indexer.published.wait(0.1)

    def wait_saved(self) -> str:
        """Block until all that is searchable is saved, by this process or another; returns why it cannot be, or ""."""
        if self._scratch is not None:
            return self._cache_problem
        while True:
            indexes = [state.index for state in list(self._indexer.states.values())]
            reason = next((text for one in indexes if (text := one.unsaved_reason or one.commit_error)), "")
            if reason or self._indexer.is_stuck or not any(one.writer and one.dirty for one in indexes):
                return reason
            with self._indexer.published:
                self._indexer.published.wait(0.1)
