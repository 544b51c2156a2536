"""An engine with one session: what the command line and a language server of its own stand on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from semlens.core.status import EngineStatus
from semlens.engine.engine_session import EngineSession
from semlens.engine.sessions.index_session import SettingsOf
from semlens.engine.shared_engine import SharedEngine
from semlens.settings.loading import Settings


class Engine(EngineSession):
    """A `SharedEngine` and its only session. It runs from `start` to `close`."""

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
        """See `SharedEngine` and `SharedEngine.open_session`.

        :raises CacheError: when the cache folder cannot be used.
        """
        shared = SharedEngine(
            settings, cache_folder=cache_folder, read_only=read_only, one_shot=one_shot, follows=follows
        )
        super().__init__(shared, settings, settings_of=settings_of, on_status=on_status, on_change=on_change)

    def start(self) -> None:
        self._shared.start()

    def close(self) -> None:
        """Commit, end threads and workers; at most about two seconds."""
        self._shared.close()
