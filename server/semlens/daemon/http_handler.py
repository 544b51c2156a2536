"""The `http` protocol of the resident server: while a command is connected, its folders are served over HTTP.

The command sends its options in the first line, and then a line ``link`` for each further link that it wants. An answer
is one JSON object a line: ``listening``, ``link`` or ``error``. Nothing listens any more when the command leaves.

This loads the HTTP server, so `host` imports it at the first command.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from semlens.core.cancel import CancelToken
from semlens.core.errors import SemlensError
from semlens.core.request import SearchRequest
from semlens.core.status import EngineStatus, WatchMode
from semlens.daemon.client_connection import ClientConnection
from semlens.daemon.team_apps import TeamApps, open_mcp
from semlens.engine.engine_session import EngineSession
from semlens.engine.team import copies_folder
from semlens.files.git_origin import repository_name
from semlens.files.roots import check_root
from semlens.files.watching.git_stamp import git_stamp
from semlens.http.access import LINK_SECONDS, Access, read_or_make_token
from semlens.http.events import EventHub
from semlens.http.guard import Guard
from semlens.http.lazy_app import LazyApp
from semlens.http.map_methods import MapMethods
from semlens.http.methods import PageMethods
from semlens.http.options import HttpOptions, options_of
from semlens.http.page_files import PageFiles
from semlens.http.routes import PageParts, PageRoutes
from semlens.http.served_roots import ServedRoot, ServedRoots
from semlens.http.server import HttpServer, open_socket, own_names, tls_context
from semlens.service.api import Api
from semlens.service.frames import LineReader, LineTooLongError, write_all
from semlens.settings.loading import Settings
from semlens.settings.schema import cache_folder
from semlens.settings.user_sources import config_folder

logger = logging.getLogger(__name__)

TOKEN_FILE = "http-token"  # noqa: S105 - the name of a file

OpenSession = Callable[[Callable[[EngineStatus], None]], EngineSession]
"""Opens a session of the client. It is given what to call when the status changes."""


def serve(client: ClientConnection, open_session: OpenSession, settings: Settings, private_folder: Path) -> None:
    """Serve until the command leaves.

    :param private_folder: of the file with the token of programs.
    """
    try:
        options = options_of(client.hello)
        _PageSession(client, options, settings, private_folder).run(open_session)
    except SemlensError as error:
        _send(client, {"error": {"message": str(error)}})


class _PageSession:
    def __init__(self, client: ClientConnection, options: HttpOptions, settings: Settings, folder: Path) -> None:
        self._client = client
        self._options = options
        self._settings = settings
        self._token_path = folder / TOKEN_FILE
        self._hub: EventHub | None = None

    def run(self, open_session: OpenSession) -> None:
        """Blocks until the command leaves.

        :raises SemlensError: when it cannot be served.
        """
        served = [self._served(Path(root.path), root.explicit) for root in self._options.roots]
        roots = ServedRoots(served, str(copies_folder(cache_folder(self._settings))))
        session = open_session(self._announce)
        try:
            for root in roots.all:
                session.add_root(Path(root.path), watching=WatchMode.NATIVE)
            threading.Thread(target=_warm_up, args=(session,), name="semlens-http-warm-up", daemon=True).start()
            asyncio.run(self._serve(session, roots, open_session))
        finally:
            session.close()

    def _served(self, path: Path, explicit: bool) -> ServedRoot:
        """:raises WorkspaceError: when it may not be a root."""
        real = check_root(path, explicit)
        return ServedRoot(str(path), str(real), self._options.host_path(str(path)), repository_name(str(real)))

    def _announce(self, status: EngineStatus) -> None:
        if self._hub is not None:
            self._hub.announce(status)

    async def _serve(self, session: EngineSession, roots: ServedRoots, open_session: OpenSession) -> None:
        options = self._options
        tls = tls_context(options)
        access_token = read_or_make_token(self._token_path)
        listening = open_socket(options)
        port = int(listening.getsockname()[1])
        access = Access(access_token, port)
        url = f"{'https' if tls else 'http'}://{_host_of_link(options.host)}:{port}"

        def new_link() -> str:
            return f"{url}/?token={access.new_link_token()}"

        hub = self._hub = EventHub(session.status, lambda: [git_stamp(Path(root.real)) for root in roots.all])
        mcp = LazyApp(lambda: open_mcp(session, roots))
        index_map = session.open_map()
        map_methods = MapMethods(index_map)
        methods = self._methods(session, map_methods, roots)
        routes = PageRoutes(PageParts(methods, map_methods, hub, PageFiles(), mcp, new_link))
        team = TeamApps(roots, lambda: open_session(_ignore), self._settings)
        guard = Guard(
            routes.app,
            access,
            own_names(options),
            any_address=not options.is_loopback,
            app_of_member=team.gate(config_folder(), self._token_path.parent).app_of,
        )
        server = HttpServer(guard, listening, tls)
        facts = {"port": port, "url": url, "tokenFile": str(self._token_path), "exposed": not options.is_loopback}
        _send(self._client, {"listening": {**facts, "link": new_link(), "linkSeconds": LINK_SECONDS}})
        self._follow_command(asyncio.get_running_loop(), server, new_link)
        closing = asyncio.create_task(_close_streams(server, hub))
        try:
            await server.serve()
        finally:
            closing.cancel()
            index_map.close()
            hub.close()
            await mcp.close()
            await team.close()
            routes.close()

    def _methods(self, session: EngineSession, map_methods: MapMethods, roots: ServedRoots) -> PageMethods:
        api = Api(
            session,
            lambda _root: self._settings,
            _ignore,
            watching=WatchMode.NATIVE,
            search_defaults=self._settings.search,
        )
        return PageMethods(api, session.browser, map_methods, roots, exposed=not self._options.is_loopback)

    def _follow_command(self, loop: asyncio.AbstractEventLoop, server: HttpServer, new_link: Callable[[], str]) -> None:
        """Answer the command's lines, and stop the server when it leaves. On a thread of its own."""

        def send_link() -> None:
            answer = {"link": {"link": new_link(), "linkSeconds": LINK_SECONDS}}
            threading.Thread(target=_send, args=(self._client, answer), daemon=True).start()

        def follow() -> None:
            lines = LineReader(self._client.reader.read)
            with contextlib.suppress(OSError, ValueError, LineTooLongError, RuntimeError):
                while (line := lines.read()) is not None:
                    if line == b"link":
                        loop.call_soon_threadsafe(send_link)
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(server.stop)

        threading.Thread(target=follow, name="semlens-http-command", daemon=True).start()


async def _close_streams(server: HttpServer, hub: EventHub) -> None:
    """End the streams of events when the server is told to stop, because it waits for them."""
    await server.stopped.wait()
    hub.close()


def _warm_up(session: EngineSession) -> None:
    """Load the models while the browser opens, so that the first question does not wait for them."""
    try:
        session.search(SearchRequest("warm up", limit=1), CancelToken())
    except SemlensError as error:
        logger.info("The models are not loaded before the first question: %s", error)


def _host_of_link(host: str) -> str:
    """Where to open the page on this machine."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not listened to
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _send(client: ClientConnection, answer: dict[str, Any]) -> None:
    with contextlib.suppress(OSError, ValueError):
        write_all(client.writer, json.dumps(answer).encode() + b"\n")


def _ignore(*_values: object) -> None:
    """Nobody is told: the session's roots are open already, and the page asks for no partial results."""
