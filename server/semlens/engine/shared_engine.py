"""What all sessions of one engine share: the roots on disk, the models, and the caches."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from semlens.core.errors import CacheError, ModelError
from semlens.core.status import EngineStatus, SessionStatus, TierRole
from semlens.engine.embedding.remote_tier import REMOTE_QUERY_WAIT_SECONDS, RemoteTier, service_from_settings
from semlens.engine.embedding.tier_store import TierStore
from semlens.engine.embedding.tiers import Tier, choose_tiers
from semlens.engine.engine_session import EngineSession
from semlens.engine.indexing.indexer import Indexer
from semlens.engine.process_limits import check_process_limits
from semlens.engine.query.file_text_cache import FileTextCache
from semlens.engine.sessions.index_session import SettingsOf
from semlens.index.nearest.opening import faiss_path
from semlens.index.storage.cache_bound import CacheBound
from semlens.index.storage.database import make_private_folder
from semlens.index.storage.private_cache import temporary_cache, tighten_cache_folder
from semlens.index.storage.sent_ledger import SentLedger
from semlens.index.storage.vector_cache import VectorCache
from semlens.settings.choices import VectorStoreSetting
from semlens.settings.loading import Settings


class SharedEngine:
    """Thread-safe.

    :ivar cache_folder: the one in use, which may be temporary. :ivar tiers: the models whose vectors are searched.
    :ivar ledger: what was sent to services.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        cache_folder: Path,
        read_only: bool = False,
        one_shot: bool = False,
        follows: bool = False,
        root_idle_s: float = 0.0,
        before_opening: Callable[[str], None] = lambda _root: None,
        remote_key: str | None = None,
        sessions_of_process: Callable[[], tuple[SessionStatus, ...]] = tuple,
    ) -> None:
        """:param settings: of the first session; the models are chosen from them.

        :param read_only: never write the index: answer from what is committed.
        :param one_shot: for a command that ends: no watching, no following, no idle work.
        :param follows: let such a command wait for another process that writes, instead of taking what is committed.
        :param root_idle_s: how long a root stays open after its last session.
        :param before_opening: called with the real path of a root, on the indexer thread.
        :param remote_key: the key of the embedding service, instead of the one in this process's environment.
        :param sessions_of_process: the clients of the resident server, for its status.
        :raises CacheError: when the cache folder cannot be used.
        :raises ResourceLimitError: when the limits of the process are too low.
        """
        check_process_limits()
        self.sessions_of_process = sessions_of_process
        self._remote_key = remote_key
        self._cache_problem = ""
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self.cache_folder = cache_folder = self._usable_cache(cache_folder)
        self._bound = CacheBound(cache_folder, settings.index.max_cache_mb << 20)
        try:
            self._cache: VectorCache | None = VectorCache(cache_folder, self._bound.note_written)
        except CacheError as error:
            self._cache = None
            self._cache_problem = str(error)
        self._bound.vectors = self._cache
        self.ledger = SentLedger(cache_folder)
        self.file_texts = FileTextCache()
        self.tiers, errors = self._choose_tiers(settings)
        self._model_errors = [str(error) for error in errors]
        self._bound.uses = self._uses
        self.indexer = Indexer(
            settings,
            cache_folder,
            self.tiers,
            self._bound.note_written,
            one_shot=one_shot,
            read_only=read_only,
            follows=follows,
            root_idle_s=root_idle_s,
            before_opening=before_opening,
        )
        self._one_shot = one_shot
        self.is_read_only = read_only
        self._closed = False

    @property
    def problems(self) -> list[str]:
        """Why models could not be chosen, and why the cache cannot be used as it should. A sentence each."""
        cache_problem = self._cache_problem or self._bound.problem
        return [*self._model_errors, *([cache_problem] if cache_problem else [])]

    @property
    def unsaved_reason(self) -> str:
        """Why nothing that is indexed can be kept, or ""."""
        return self._cache_problem if self._scratch is not None else ""

    @property
    def remote_wait_s(self) -> float:
        """The least time that a search waits for a service."""
        return REMOTE_QUERY_WAIT_SECONDS if self._one_shot else 0.0

    def open_session(
        self,
        settings: Settings,
        *,
        settings_of: SettingsOf | None = None,
        on_status: Callable[[EngineStatus], None] | None = None,
        on_change: Callable[[int], None] | None = None,
    ) -> EngineSession:
        """:param settings_of: the settings of one root, loaded when it is added and when its `.semlens.toml` changes;
            without it ``settings`` hold everywhere.
        :param on_status: called on the indexer thread, at most ten times a second.
        :param on_change: likewise, with every published generation.
        """
        return EngineSession(self, settings, settings_of=settings_of, on_status=on_status, on_change=on_change)

    def _usable_cache(self, cache_folder: Path) -> Path:
        """The cache folder, or a temporary one where it can be read but not written.

        :raises CacheError: when it cannot be read either, or other users can change it.
        """
        tighten_cache_folder(cache_folder)
        try:
            make_private_folder(cache_folder)
        except CacheError as error:
            if not cache_folder.is_dir() or not os.access(cache_folder, os.R_OK | os.X_OK):
                raise
            self._cache_problem = (
                f"The cache folder {cache_folder} is read-only, so the index is built again at each start: "
                "make the folder writable or set SEMLENS_CACHE_DIR."
            )
            self._scratch = temporary_cache(error)
            return Path(self._scratch.name)
        return cache_folder

    def _uses(self, path: Path) -> bool:
        """Whether a FAISS file is that of a tier. Any may be, until a service has told the length of its vectors."""
        return any(
            not tier.dimension or path == faiss_path(self.cache_folder, tier.fingerprint)
            for tier in self.tiers
            if tier.store is not None
        )

    def _choose_tiers(self, settings: Settings) -> tuple[list[Tier], list[ModelError]]:
        """The local ones, and a service in the place of one of them."""
        names = {TierRole.FIRST: settings.models.first, TierRole.REFINE: settings.models.refine}
        remote: RemoteTier | None = None
        errors: list[ModelError] = []
        try:
            service = service_from_settings(settings.remote, self._remote_key)
        except ModelError as error:
            service, errors = None, [error]
        if service is not None:
            remote = RemoteTier(settings.remote.tier, service, self._cache, self.ledger)
            names[remote.role] = "none"
        tiers, tier_errors = choose_tiers(
            names[TierRole.FIRST], names[TierRole.REFINE], settings.models.folders, self._cache
        )
        if remote is not None:
            tiers = [remote, *tiers] if remote.role == TierRole.FIRST else [*tiers, remote]
        if settings.vectors.store is not VectorStoreSetting.INDEX:
            for tier in tiers:
                if tier.role == TierRole.REFINE:
                    tier.store = TierStore(settings.vectors, self.cache_folder)
        return tiers, [*errors, *tier_errors]

    def start(self) -> None:
        self.indexer.start()
        if not self._one_shot and not self.is_read_only:
            self._bound.start()
        for tier in self.tiers:
            if isinstance(tier, RemoteTier) and not self._one_shot:
                tier.warm_up()

    def close(self) -> None:
        """Commit, end threads and workers; at most about three seconds."""
        if self._closed:
            return
        self._closed = True
        for tier in self.tiers:
            tier.close()
        try:
            self.indexer.commit()  # first: a process that is told to end may be killed meanwhile
            self._bound.close()
        finally:
            self.indexer.close()
        self.ledger.close()
        if self._cache is not None:
            self._cache.close()
        if self._scratch is not None:
            self._scratch.cleanup()
