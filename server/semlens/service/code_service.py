"""`CodeService`: what the product does, as typed requests and results. Every front end stands on it.

Two implementations: a session of the engine in this process (`semlens.engine.engine_session`), and `RemoteService` over
a socket to the resident server. Every method blocks, so call it on a thread of your own. Opening documents is not part
of it, because only editors do that: see `semlens.lsp.engine_api`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from semlens.core.cancel import CancelToken
from semlens.core.context import ContextPack, ContextRequest, DuplicatesResult
from semlens.core.graph import ImpactRequest, ImpactResult, NeighboursRequest, NeighboursResult, UnusedResult
from semlens.core.hit import SearchResult, SearchStage
from semlens.core.request import SearchRequest
from semlens.core.status import EngineStatus, WatchMode


class CodeQueries(Protocol):
    """What may be asked of one client's roots. Docstrings are in `semlens.engine.query`.

    Every method raises `SemlensError` with a message for the user, and `Cancelled` after its token was cancelled.
    """

    def add_root(self, path: Path, *, explicit: bool = True, watching: WatchMode = WatchMode.NONE) -> None: ...

    def search(
        self,
        request: SearchRequest,
        cancel: CancelToken,
        on_partial: Callable[[SearchResult, SearchStage], None] | None = None,
        *,
        explain: bool = False,
    ) -> SearchResult: ...

    def similar(self, uri: str, line: int, limit: int, cancel: CancelToken) -> SearchResult: ...

    def duplicates(self, uri: str, limit: int, folders: Sequence[str], cancel: CancelToken) -> DuplicatesResult: ...

    def context(self, request: ContextRequest, cancel: CancelToken) -> ContextPack: ...

    def callers(self, request: NeighboursRequest, cancel: CancelToken) -> NeighboursResult: ...

    def callees(self, request: NeighboursRequest, cancel: CancelToken) -> NeighboursResult: ...

    def impact(self, request: ImpactRequest, cancel: CancelToken) -> ImpactResult: ...

    def unused(self, limit: int, folders: Sequence[str], cancel: CancelToken) -> UnusedResult: ...

    def status(self) -> EngineStatus: ...

    def rescan(self, root: Path | None = None, *, full: bool = False) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class CodeService(CodeQueries, Protocol):
    """The questions, and waiting for the index."""

    def wait_complete(
        self,
        *,
        refined: bool = False,
        follows: bool = False,
        timeout: float | None = None,
        on_progress: Callable[[EngineStatus], None] | None = None,
    ) -> bool: ...

    def wait_saved(self) -> str: ...

    def close(self) -> None: ...


class LocalService(CodeService, Protocol):
    """A service in this process."""

    def release_root(self, path: Path) -> None:
        """Close a root that no session uses, instead of keeping it open for the next session."""

    def sync_changes(self) -> None:
        """Wait until what changed on disk before this call is known to the index."""

    def wait_loaded(self) -> None:
        """Wait until the last commits of the roots are searchable."""

    def is_stuck(self, *, follows: bool = False) -> bool:
        """Whether the index cannot become more complete than it is now."""
