"""The methods of the engine that the server uses, as protocols. Tests can substitute another engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from semlens.core.cancel import CancelToken
from semlens.core.hit import SearchResult
from semlens.core.status import EngineStatus
from semlens.core.symbol import Outline
from semlens.service.code_service import CodeQueries
from semlens.settings.loading import Settings


class BufferSink(Protocol):
    """The methods of the engine that take open buffers. They only enqueue."""

    def open_buffer(self, uri: str, language_id: str, text: str) -> None: ...

    def change_buffer(self, uri: str, text: str) -> None: ...

    def save_buffer(self, uri: str) -> None: ...

    def close_buffer(self, uri: str) -> None: ...


class EngineApi(CodeQueries, BufferSink, Protocol):
    """What an editor needs besides `CodeQueries`. Docstrings are in `semlens.engine.engine_session`."""

    def start(self) -> None: ...

    def close(self) -> None: ...

    def set_roots_named(self) -> None: ...

    def remove_root(self, real: Path) -> None: ...

    def wait_loaded(self, timeout_s: float = ...) -> None: ...

    def files_changed(self, paths: Iterable[Path]) -> None: ...

    def symbols(self, query: str, limit: int, cancel: CancelToken) -> SearchResult: ...

    def outline_of_buffer(self, uri: str, cancel: CancelToken) -> Outline | None: ...

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
