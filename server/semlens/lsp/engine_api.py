"""The methods of the engine that the server uses, as protocols. Tests can substitute another engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from semlens.core.cancel import CancelToken
from semlens.core.context import ContextPack, ContextRequest, DuplicatesResult
from semlens.core.hit import SearchResult, SearchStage
from semlens.core.request import SearchRequest
from semlens.core.status import EngineStatus, WatchMode
from semlens.core.symbol import Outline
from semlens.settings.loading import Settings


class EngineApi(Protocol):
    """The part of `semlens.engine.engine.Engine` that the server uses. Its docstrings are there."""

    def start(self) -> None: ...

    def close(self) -> None: ...

    def add_root(self, path: Path, *, explicit: bool = True, watching: WatchMode = WatchMode.NONE) -> None: ...

    def remove_root(self, path: Path) -> None: ...

    def files_changed(self, paths: Iterable[Path]) -> None: ...

    def rescan(self, root: Path | None = None, *, full: bool = False) -> None: ...

    def open_buffer(self, uri: str, language_id: str, version: int, text: str) -> None: ...

    def change_buffer(self, uri: str, version: int, text: str) -> None: ...

    def save_buffer(self, uri: str) -> None: ...

    def close_buffer(self, uri: str) -> None: ...

    def search(
        self,
        request: SearchRequest,
        cancel: CancelToken,
        on_partial: Callable[[SearchResult, SearchStage], None] | None = None,
        *,
        explain: bool = False,
    ) -> SearchResult: ...

    def similar(self, uri: str, line: int, limit: int, cancel: CancelToken) -> SearchResult: ...

    def duplicates(self, uri: str, limit: int, cancel: CancelToken) -> DuplicatesResult: ...

    def context(self, request: ContextRequest, cancel: CancelToken) -> ContextPack: ...

    def symbols(self, query: str, limit: int, cancel: CancelToken) -> SearchResult: ...

    def outline_of_buffer(self, uri: str, cancel: CancelToken) -> Outline | None: ...

    def status(self) -> EngineStatus: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def apply_settings(self, settings: Settings) -> None: ...


class EngineFactory(Protocol):
    """Creates the engine once the client's settings are known.

    The arguments are the settings of the whole server, a function that loads those of one root, and the callback for
    status reports.

    :raises SemlensError: when the engine cannot start. The client's `initialize` then fails with that message.
    """

    def __call__(
        self,
        settings: Settings,
        load_root_settings: Callable[[Path], Settings],
        on_status: Callable[[EngineStatus], None],
    ) -> EngineApi: ...
