"""What the members of a team may ask of `semlens http`: for each set of repositories a session that has no others.

A session has the segments of its own roots alone, so nothing that it computes can tell of another repository.
"""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semlens.core.status import WatchMode
from semlens.engine.engine_session import EngineSession
from semlens.http.served_roots import ServedRoots
from semlens.http.team import audit, tokens
from semlens.http.team.gate import METHODS, App, TeamGate
from semlens.mcp.root_policy import RootPolicy
from semlens.mcp.tools import AgentTools
from semlens.service.api import Api
from semlens.settings.loading import Settings

if TYPE_CHECKING:
    from semlens.http.lazy_app import LazyApp


class TeamApps:
    """Belongs to one event loop."""

    def __init__(self, roots: ServedRoots, open_session: Callable[[], EngineSession], settings: Settings) -> None:
        """:param roots: all that are served."""
        self._roots = roots
        self._open_session = open_session
        self._settings = settings
        self._opened: dict[int, LazyApp] = {}

    def gate(self, config_folder: Path, log_folder: Path) -> TeamGate:
        """:param config_folder: of the file with the tokens. :param log_folder: of the audit log."""
        return TeamGate(
            tokens.TeamTokens(config_folder / tokens.FILE_NAME),
            audit.AuditLog(log_folder / audit.FILE_NAME),
            lambda: [root.repository for root in self._roots.all],
            self._make,
            self._close,
        )

    async def close(self) -> None:
        for opened in list(self._opened.values()):
            await self._close(opened)

    async def _close(self, app: App) -> None:
        await self._opened.pop(id(app)).close()

    def _make(self, repositories: tuple[str, ...]) -> App:
        from semlens.http.lazy_app import LazyApp

        readable = ServedRoots([root for root in self._roots.all if root.repository in repositories])
        app = LazyApp(lambda: _member_app(self._open_session(), readable, self._settings))
        self._opened[id(app)] = app
        return app


def _member_app(session: EngineSession, roots: ServedRoots, settings: Settings) -> AbstractAsyncContextManager[App]:
    """What may be asked of some roots. Blocks until they are searchable, so that the first answer is whole.

    :raises SemlensError: when a root cannot be opened. The session is then closed.
    """
    try:
        session.serve_member()  # the server's user may be a member elsewhere, with rights of their own
        for root in roots.all:
            session.add_root(Path(root.path), watching=WatchMode.NATIVE)
        session.wait_loaded()
    except BaseException:
        session.close()
        raise
    return _serve(session, roots, settings)


@asynccontextmanager
async def _serve(session: EngineSession, roots: ServedRoots, settings: Settings) -> AsyncIterator[App]:
    from semlens.http.lazy_app import LazyApp
    from semlens.http.map_methods import MapMethods
    from semlens.http.methods import PageMethods
    from semlens.http.routes import ApiRoutes

    api = Api(session, lambda _root: settings, _ignore, watching=WatchMode.NATIVE, search_defaults=settings.search)
    index_map = session.open_map()
    methods = PageMethods(api, session.browser, MapMethods(index_map), roots, exposed=True, only=METHODS)
    mcp = LazyApp(lambda: open_mcp(session, roots))
    routes = ApiRoutes(methods, mcp)
    try:
        yield routes.app
    finally:
        await mcp.close()
        routes.close()
        index_map.close()
        session.close()


def open_mcp(session: EngineSession, roots: ServedRoots) -> AbstractAsyncContextManager[Any]:
    """The SDK takes a second to load, so this runs on a thread, at the first request to it."""
    policy = RootPolicy(_ignore, named=[root.path for root in roots.all])
    opened: AbstractAsyncContextManager[Any] = importlib.import_module("semlens.mcp.transport.http_app").open_app(
        AgentTools(session, policy)
    )
    return opened


def _ignore(*_values: object) -> None:
    """Nobody is told: the session's roots are open already, and partial results are not asked for."""
