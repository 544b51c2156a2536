"""Serves what was built: shards in Ray, and a coordinator in this process with the API and MCP of `semlens http`.

The coordinator has no state, so several may run behind one proxy. It is no deployment of Ray Serve: the guard, the
tokens and the log of `semlens http` stand before it as they are, and MCP needs sessions that stay in one process.
"""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from semlens.cluster.errors import ClusterError
from semlens.cluster.seen_entries import built_in
from semlens.cluster.serve.cluster_methods import ClusterMethods, ClusterRoots
from semlens.cluster.serve.cluster_service import ClusterService
from semlens.cluster.serve.placing import homes_of, place_segments, shards_for
from semlens.cluster.serve.shard import ROOTS, root_of
from semlens.core.text.printable import printable
from semlens.engine.embedding.tiers import Tier, choose_local_tiers
from semlens.http.access import Access, read_or_make_token
from semlens.http.guard import Guard
from semlens.http.lazy_app import LazyApp
from semlens.http.options import HttpOptions
from semlens.http.routes import ApiRoutes
from semlens.http.server import HttpServer, open_socket, own_names, tls_context
from semlens.http.team import audit, tokens
from semlens.http.team.gate import App, TeamGate
from semlens.mcp.tools import AgentTools
from semlens.settings.loading import Settings
from semlens.settings.user_sources import config_folder

TOKEN_FILE = "cluster-token"  # noqa: S105 - the name of a file


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """:ivar url: of the store, "" for that of the settings. :ivar address: of the head of Ray; "local" for a new one.

    :ivar n_shards: 0 for as many as pay, at most one a node.
    """

    url: str
    address: str
    n_shards: int
    n_replicas: int
    http: HttpOptions


def serve(options: ServeOptions, settings: Settings, on_listening: Callable[[dict[str, Any]], None]) -> None:
    """Serve until the user ends it.

    :param on_listening: told where, when everything is loaded.
    :raises SemlensError: when it cannot be served.
    """
    store, repositories, problems = built_in(settings, options.url)
    if not repositories:
        raise ClusterError(f"Nothing is built in {printable(store.url)}. `semlens cluster build REPO... --to` builds.")
    models = settings.models
    tiers = choose_local_tiers(models.first, models.refine, models.folders)
    listening = open_socket(options.http)  # a port that is taken is told before minutes of loading
    ray_shards = importlib.import_module("semlens.cluster.serve.ray_shards")
    connection = importlib.import_module("semlens.cluster.ray_connection")
    with connection.connected(options.address):
        n_shards = options.n_shards or shards_for(repositories, connection.n_nodes())
        placed = place_segments(repositories, min(n_shards, sum(len(one.segments) for one in repositories)))
        shards = ray_shards.RayShards(store.url, placed, [tier.fingerprint for tier in tiers], options.n_replicas)
        try:
            shards.start()
            for tier in tiers:
                tier.query_vector("warm up")  # the first question does not wait for the models
            counts = _counts(shards, [root_of(one.name) for one in repositories])
            coordinator = Coordinator(shards, tiers, counts, homes_of(placed), settings, ray_shards.ShardLostError)
            coordinator.run(options.http, listening, lambda facts: on_listening({**facts, "problems": problems}))
        finally:
            shards.close()


class Coordinator:
    """The HTTP server over the shards."""

    def __init__(
        self,
        shards: Any,
        tiers: list[Tier],
        counts: dict[str, tuple[int, int]],
        homes: dict[str, int],
        settings: Settings,
        retryable: type[Exception],
    ) -> None:
        self._shards = shards
        self._tiers = tiers
        self._counts = counts
        self._homes = homes
        self._settings = settings
        self._retryable = retryable
        self._opened: dict[int, tuple[LazyApp, ApiRoutes]] = {}

    def run(self, http: HttpOptions, listening: Any, on_listening: Callable[[dict[str, Any]], None]) -> None:
        """On a thread, so that the calling one hears the user's signals."""
        stopping: list[Callable[[], None]] = []
        failed: list[BaseException] = []

        def work() -> None:
            try:
                asyncio.run(self._serve(http, listening, on_listening, stopping.append))
            except BaseException as error:  # noqa: BLE001 - the calling thread raises it
                failed.append(error)

        thread = threading.Thread(target=work, name="semlens-coordinator", daemon=True)
        thread.start()
        try:
            while thread.is_alive():
                thread.join(0.5)
        finally:
            for stop in stopping:
                stop()
            thread.join(5.0)
        if failed:
            raise failed[0]

    async def _serve(
        self,
        http: HttpOptions,
        listening: Any,
        on_listening: Callable[[dict[str, Any]], None],
        on_server: Callable[[Callable[[], None]], None],
    ) -> None:
        port = int(listening.getsockname()[1])
        folder = config_folder()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        token_path = folder / TOKEN_FILE
        gate = TeamGate(
            tokens.TeamTokens(folder / tokens.FILE_NAME),
            audit.AuditLog(folder / audit.FILE_NAME),
            lambda: [root.removeprefix(ROOTS) for root in self._counts],
            lambda repositories: self._app({root_of(name) for name in repositories}),
            self._close_app,
        )
        guard = Guard(
            self._app(None),
            Access(read_or_make_token(token_path), port),
            own_names(http),
            any_address=not http.is_loopback,
            app_of_member=gate.app_of,
        )
        tls = tls_context(http)
        server = HttpServer(guard, listening, tls)
        loop = asyncio.get_running_loop()

        def stop() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(server.stop)

        on_server(stop)
        scheme = "https" if tls else "http"
        files, symbols = (sum(column) for column in zip(*self._counts.values(), strict=True))
        on_listening(
            {
                "url": f"{scheme}://{http.host}:{port}",
                "port": port,
                "tokenFile": str(token_path),
                "repositories": len(self._counts),
                "files": files,
                "symbols": symbols,
                "shards": self._shards.n_shards,
            }
        )
        try:
            await server.serve()
        finally:
            for _, routes in list(self._opened.values()):
                await self._close_app(routes.app)

    def _app(self, roots: set[str] | None) -> App:
        service = ClusterService(self._shards, self._tiers, self._counts, self._homes, roots, self._retryable)
        mcp = LazyApp(lambda: _open_mcp(service))
        routes = ApiRoutes(ClusterMethods(service, self._settings), mcp)
        self._opened[id(routes.app)] = (mcp, routes)
        return routes.app

    async def _close_app(self, app: App) -> None:
        mcp, routes = self._opened.pop(id(app))
        await mcp.close()
        routes.close()


def _open_mcp(service: ClusterService) -> AbstractAsyncContextManager[Any]:
    """The SDK takes a second to load, so this runs on a thread, at the first request to it."""
    http_app = importlib.import_module("semlens.mcp.transport.http_app")
    opened: AbstractAsyncContextManager[Any] = http_app.open_app(AgentTools(service, ClusterRoots(service)))
    return opened


def _counts(shards: Any, roots: list[str]) -> dict[str, tuple[int, int]]:
    """Files and symbols of each root."""
    counts = dict.fromkeys(roots, (0, 0))
    for of_shard in shards.lease().ask("counts"):
        for root, (files, symbols) in of_shard.items():
            counts[root] = (counts[root][0] + files, counts[root][1] + symbols)
    return counts
