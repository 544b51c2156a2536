"""What the resident server serves: sessions of shared engines, one for each client that is connected.

Clients whose settings choose the same models and the same service share an engine. A client's settings never reach the
session of another.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from semlens.core.status import EngineStatus, SessionStatus, WatchMode
from semlens.daemon import mcp_handler
from semlens.daemon.api_connection import ApiConnection
from semlens.daemon.client_connection import ClientConnection, Handler
from semlens.engine.engine_session import EngineSession
from semlens.engine.indexing.indexer import Indexer
from semlens.engine.sessions.borrowed_buffers import BorrowedBuffers
from semlens.engine.shared_engine import SharedEngine
from semlens.lsp.server import SWITCH_INTERVAL_SECONDS, SemlensServer
from semlens.service.api import Api, Notify
from semlens.service.endpoint import endpoint_of
from semlens.settings.loading import Settings, load_settings
from semlens.settings.user_sources import SettingProblem, UserSettings

logger = logging.getLogger(__name__)

RELEASE_SECONDS = 2.0

EngineKey = tuple[object, ...]


@dataclass(eq=False, slots=True)
class _HostedSession:
    """:ivar engine_session: None until the client needs the engine."""

    client: str
    protocol: str
    engine_session: EngineSession | None = field(default=None)

    def status(self) -> SessionStatus:
        session = self.engine_session
        roots = tuple(session.root_paths) if session is not None else ()
        return SessionStatus(self.client, self.protocol, roots, len(session.open_buffers) if session is not None else 0)


class Host:
    """All methods may be called from any thread."""

    def __init__(self, cache_folder: Path, settings: Settings) -> None:
        """:param settings: of ``config.toml``; they decide what concerns the process as a whole."""
        sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
        self._cache_folder = cache_folder
        self._root_idle_s = settings.server.root_idle_minutes * 60.0
        self._lock = threading.Lock()
        self._engines: dict[EngineKey, SharedEngine] = {}
        self._opened: dict[EngineKey, list[EngineSession]] = {}
        self._sessions: list[_HostedSession] = []

    @property
    def idle_since(self) -> float | None:
        """Vectors are made to the end without a client. Other work under way is taken up by the next server."""
        with self._lock:
            engines = list(self._engines.values())
        return None if any(engine.indexer.idle.finishing for engine in engines) else 0.0

    def handlers(self) -> Mapping[str, Handler]:
        return {"api": self._serve_api, "http": self._serve_http, "lsp": self._serve_lsp, "mcp": self._serve_mcp}

    def sessions(self) -> list[dict[str, Any]]:
        return [
            {
                "client": one.client,
                "protocol": one.protocol,
                "roots": list(one.roots),
                "openDocuments": one.open_documents,
            }
            for one in self._session_statuses()
        ]

    def roots(self) -> list[dict[str, Any]]:
        with self._lock:
            engines = list(self._engines.values())
        return [
            {"path": root, "files": state.index.n_files, "symbols": state.index.n_symbols, "inUse": root not in idle}
            for engine in engines
            for idle in [set(engine.indexer.idle.roots)]
            for root, state in list(engine.indexer.states.items())
        ]

    def close(self) -> None:
        with self._lock:
            engines = list(self._engines.values())
        for engine in engines:
            engine.close()

    def _serve_api(self, client: ClientConnection) -> None:
        configuration = _UserConfiguration(_user_settings(client))
        with self._session(client) as hosted:
            session = self._open(client, configuration.load(None), configuration.load)
            hosted.engine_session = session

            def make_api(notify: Notify) -> Api:
                return Api(
                    session, configuration.load, notify, watching=WatchMode.NATIVE, warnings=configuration.warnings
                )

            try:
                ApiConnection(client.reader, make_api).serve()
            finally:
                session.close()

    def _serve_lsp(self, client: ClientConnection) -> None:
        """Each client has an event loop of its own, so that none waits for another."""
        with self._session(client) as hosted:

            def engine_factory(
                settings: Settings,
                load_root_settings: Callable[[Path], Settings],
                on_status: Callable[[EngineStatus], None],
            ) -> EngineSession:
                hosted.engine_session = self._open(client, settings, load_root_settings, on_status)
                return hosted.engine_session

            server = SemlensServer(engine_factory, user_settings=_user_settings(client))
            try:
                asyncio.run(server.run(client.reader, client.writer))
            finally:
                if hosted.engine_session is not None:  # one that was opened after the client left, too
                    hosted.engine_session.close()

    def _serve_mcp(self, client: ClientConnection) -> None:
        configuration = _UserConfiguration(_user_settings(client))
        settings = configuration.load(None)
        for message in configuration.warnings():  # an agent has no way to show them to its user
            logger.warning("%s", message)
        with self._session(client) as hosted:
            hosted.engine_session = session = self._open(client, settings, configuration.load)
            try:
                mcp_handler.serve(client, session, settings, BorrowedBuffers(session, self._lending_editors))
            finally:
                session.close()

    def _lending_editors(self) -> list[EngineSession]:
        """The sessions of editors whose user lets agents see unsaved text."""
        with self._lock:
            sessions = [one.engine_session for one in self._sessions if one.protocol == "lsp"]
        return [session for session in sessions if session is not None and session.lends_buffers]

    def _serve_http(self, client: ClientConnection) -> None:
        from semlens.daemon import http_handler

        configuration = _UserConfiguration(_user_settings(client))
        settings = configuration.load(None)
        with self._session(client) as hosted:

            def open_session(on_status: Callable[[EngineStatus], None]) -> EngineSession:
                """The first is the user's. Those of a team's members follow."""
                session = self._open(client, settings, configuration.load, on_status)
                hosted.engine_session = hosted.engine_session or session
                return session

            http_handler.serve(client, open_session, settings, endpoint_of(self._cache_folder).folder)

    def _open(
        self,
        client: ClientConnection,
        settings: Settings,
        settings_of: Callable[[Path], Settings],
        on_status: Callable[[EngineStatus], None] | None = None,
    ) -> EngineSession:
        """A session of the engine that has the client's models and service.

        :raises CacheError: when the cache folder cannot be used.
        """
        key = str(client.hello.get("remoteKey") or "")
        engine_key = (settings.models, settings.vectors, settings.remote, key if settings.remote.url else "")
        with self._lock:
            engine = self._engines.get(engine_key)
            if engine is None:
                self._close_unused()
                engine = self._engines[engine_key] = SharedEngine(
                    settings,
                    cache_folder=self._cache_folder,
                    root_idle_s=self._root_idle_s,
                    before_opening=lambda root: self._release_elsewhere(engine_key, root),
                    remote_key=key,
                    sessions_of_process=self._session_statuses,
                )
                engine.start()
            session = engine.open_session(settings, settings_of=settings_of, on_status=on_status)
            opened = [one for one in self._opened.get(engine_key, ()) if not one.is_closed]
            self._opened[engine_key] = [*opened, session]
        return session

    def _close_unused(self) -> None:
        """Close the engines without a session or a root: a key of a service that changes each hour leaves one each."""
        for key, engine in list(self._engines.items()):
            if not engine.indexer.states and all(one.is_closed for one in self._opened.get(key, ())):
                del self._engines[key]
                self._opened.pop(key, None)
                threading.Thread(target=engine.close, name="semlens-close-engine", daemon=True).start()

    def _release_elsewhere(self, engine_key: EngineKey, root: str) -> None:
        """Let the other engines close a root that they only keep open, because one engine alone may write its index."""
        for key, engine in list(self._engines.items()):
            if key != engine_key and root in engine.indexer.idle.roots:
                released = threading.Event()

                def release(indexer: Indexer = engine.indexer, released: threading.Event = released) -> None:
                    indexer.release_root(root)
                    released.set()

                engine.indexer.post(release)
                released.wait(RELEASE_SECONDS)  # two engines may wait for each other

    @contextlib.contextmanager
    def _session(self, client: ClientConnection) -> Iterator[_HostedSession]:
        hosted = _HostedSession(str(client.hello.get("client") or "unknown")[:100], client.protocol)
        with self._lock:
            self._sessions.append(hosted)
        try:
            yield hosted
        finally:
            with self._lock:
                self._sessions.remove(hosted)

    def _session_statuses(self) -> tuple[SessionStatus, ...]:
        with self._lock:
            sessions = list(self._sessions)
        return tuple(one.status() for one in sessions)


class _UserConfiguration:
    """The settings of a client that is no editor: the user's own, and those of each root. Thread-safe."""

    def __init__(self, user: UserSettings) -> None:
        self._user = user
        self._messages: dict[str, None] = {}

    def load(self, root: Path | None) -> Settings:
        settings, problems = load_settings(root, user=self._user)
        self._messages.update(dict.fromkeys(problem.message for problem in problems))
        return settings

    def warnings(self) -> list[str]:
        """What is wrong with the settings that were loaded, each once."""
        return list(self._messages)


def _user_settings(client: ClientConnection) -> UserSettings:
    """What the client read of its user's settings, and what it could not read."""
    values, problems = (client.hello.get(name) for name in ("settings", "settingProblems"))
    return UserSettings(
        values if isinstance(values, dict) else {},
        [
            SettingProblem(*problem)
            for problem in (problems if isinstance(problems, list) else ())
            if isinstance(problem, list) and len(problem) == 2 and all(isinstance(part, str) for part in problem)
        ],
    )
