"""The state of one client's session, and what the features may do with it: ask the engine, warn, report the status.

The features depend on this module, not on `server`, which opens the pipes and registers the features.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from semlens import __version__
from semlens.core.errors import SemlensError
from semlens.core.status import EngineState, EngineStatus
from semlens.core.text.printable import message_text
from semlens.lsp.configuration import Configuration
from semlens.lsp.connection.parent_watch import ParentWatch
from semlens.lsp.connection.protocol import SemlensProtocol, converter
from semlens.lsp.connection.requests import RequestRunner
from semlens.lsp.connection.transport import MessageWriter
from semlens.lsp.documents.open_documents import OpenDocuments
from semlens.lsp.engine_api import EngineApi, EngineFactory
from semlens.lsp.progress import IndexProgress, Throttle
from semlens.lsp.roots import Roots
from semlens.service.codec import status_json
from semlens.settings.loading import Settings
from semlens.settings.user_sources import UserSettings

logger = logging.getLogger(__name__)

MAX_BACKLOG_BYTES = 1_000_000
"""A client whose unread output is this large gets no status until it catches up: a later status replaces it."""

IDLE_STATES = (EngineState.READY, EngineState.PAUSED, EngineState.DEGRADED, EngineState.STOPPED)

STATUS_POLL_SECONDS = 1.0
"""While the engine works, its status is read this often. The engine reports changes, but not that it became idle."""


class Session(LanguageServer):
    """The session of one client. All attributes belong to the event loop."""

    protocol: SemlensProtocol

    def __init__(self, engine_factory: EngineFactory, user_settings: UserSettings | None = None) -> None:
        """:param user_settings: of a client of the resident server; None in a server of the client's own."""
        super().__init__("semlens", __version__, protocol_cls=SemlensProtocol, converter_factory=converter)
        self.engine_factory = engine_factory
        self.engine: EngineApi | None = None
        self.settings = Settings()
        self.documents = OpenDocuments()
        self.runner = RequestRunner()
        self.roots = Roots()
        self.requested_root_uris: list[str] = []
        """The folders that the client named in `initialize`."""
        self.is_shared = user_settings is not None
        self.configuration = Configuration(user_settings)
        self.late_settings: asyncio.Task[None] | None = None
        """Applies the client's settings that did not come in time."""
        self.late_folders: asyncio.Task[None] | None = None
        """Adds the folders that did not exist when the client named them."""
        self.workspace_lock = asyncio.Lock()
        self._changes: list[asyncio.Future[None]] = []
        self.is_initialized = False
        """The client has sent `initialized`."""
        self.is_ready = asyncio.Event()
        """Set once the engine has the workspace; every request waits for it."""
        self.is_paused = False
        """What the client asked for last, even if the engine does not know it yet."""
        self.parent_watch: ParentWatch | None = None
        self._failure: SemlensError | None = None
        self._newest_status: EngineStatus | None = None
        self._throttle: Throttle | None = None
        self._index_progress: IndexProgress | None = None
        self._exit_code: asyncio.Future[int] | None = None
        self._writer: MessageWriter | None = None
        self._next_poll: asyncio.TimerHandle | None = None
        self._has_stopped = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def attach(self, loop: asyncio.AbstractEventLoop, writer: MessageWriter) -> asyncio.Future[int]:
        """Connect the session to its loop and to the client. :returns: the future of the exit code."""
        self._loop = loop
        self._writer = writer
        self._throttle = Throttle(self.send_status)
        self._exit_code = loop.create_future()
        self.protocol.set_writer(writer)
        return self._exit_code

    def stop(self, code: int) -> None:
        """End the session with this exit code. Only the first call has an effect."""
        if self._exit_code is not None and not self._exit_code.done():
            self._exit_code.set_result(code)

    def stop_timers(self) -> None:
        self._has_stopped = True
        if self.parent_watch is not None:
            self.parent_watch.close()
        if self._next_poll is not None:
            self._next_poll.cancel()
        if self.late_folders is not None:
            self.late_folders.cancel()

    def call_soon(self, callback: Callable[..., None], *arguments: Any) -> None:
        """Call back on the loop; for any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, so the session is over
                self._loop.call_soon_threadsafe(callback, *arguments)

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Requests that arrive from now on wait until the client's settings or folders are changed."""
        change = asyncio.get_running_loop().create_future()
        self._changes.append(change)
        try:
            yield
        finally:
            self._changes.remove(change)
            change.set_result(None)

    async def ready_engine(self) -> EngineApi:
        """The engine, once it has the workspace and the settings that the client sent before.

        :raises SemlensError: when the engine could not start.
        """
        for change in self._changes.copy():
            await asyncio.shield(change)  # a request that is cancelled must not cancel what others wait for
        return await self.started_engine()

    async def started_engine(self) -> EngineApi:
        """The engine, once it has the client's first workspace.

        :raises SemlensError: when the engine could not start.
        """
        await self.is_ready.wait()
        if self._failure is not None:
            raise self._failure
        assert self.engine is not None
        return self.engine

    def fail(self, error: SemlensError) -> None:
        """Answer every request with this error, because the engine could not start."""
        self._failure = error
        self.is_ready.set()

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log the error. pygls would show it in a pop-up."""
        logger.error("pygls reports %s: %s", getattr(source, "__name__", source), type(error).__name__)

    def warn(self, messages: Iterable[str]) -> None:
        """Show messages to the user, and log them."""
        for message in messages:
            logger.warning("%s", message)
            self.window_show_message(
                types.ShowMessageParams(type=types.MessageType.Warning, message=f"semlens: {message_text(message)}")
            )

    def load_root_settings(self, root: Path) -> Settings:
        """The current settings of one root. The engine calls this in its own thread."""
        settings, messages = self.configuration.load(root)
        self.call_soon(self._take_root_settings, root, settings, messages)
        return settings

    def _take_root_settings(self, root: Path, settings: Settings, messages: list[str]) -> None:
        self.warn(messages)
        if self.roots.is_first(root):  # the first root's settings apply to requests that name no root
            self.settings = settings

    def on_engine_status(self, status: EngineStatus) -> None:
        """The engine's `on_status`. The engine calls this in its own thread."""
        if self._throttle is not None:
            self._throttle.post(status)

    async def report_current_status(self, engine: EngineApi) -> None:
        """Send the engine's current status. A thread reads it, because it counts files and measures memory."""
        self.on_engine_status(await self.runner.run(lambda _token: engine.status()))

    def send_status(self, status: EngineStatus) -> None:
        if not self.is_ready.is_set():
            return
        status = self._newest(status)
        is_behind = self._writer is not None and self._writer.backlog_bytes >= MAX_BACKLOG_BYTES
        if not is_behind:
            self.protocol.notify("semlens/statusChanged", self.status_to_send(status))
        if self._index_progress is not None:
            self._index_progress.update(status)
        if is_behind or status.refining or status.state not in IDLE_STATES:
            self._schedule_poll()

    def status_to_send(self, status: EngineStatus) -> dict[str, Any]:
        """The JSON of a status, or of the newest one when that was sent before. Statuses never go backwards."""
        problems = (*self.roots.problems, *self.configuration.problems)
        newest = self._newest(status)
        if self.roots.problems and newest.state is EngineState.READY:  # the engine does not know these folders
            newest = newest._replace(state=EngineState.DEGRADED)
        return status_json(newest, more_problems=problems)

    def _newest(self, status: EngineStatus) -> EngineStatus:
        if self._newest_status is None or status.number > self._newest_status.number:
            self._newest_status = status
        return self._newest_status

    def _schedule_poll(self) -> None:
        if self._next_poll is None:
            loop = asyncio.get_running_loop()
            self._next_poll = loop.call_later(STATUS_POLL_SECONDS, lambda: loop.create_task(self._poll_status()))

    async def _poll_status(self) -> None:
        self._next_poll = None
        if self.engine is not None and not self._has_stopped:
            await self.report_current_status(self.engine)

    def start_progress(self) -> None:
        """Show work-done progress from now on. Only for clients that support it."""
        self._index_progress = IndexProgress(self)

    def watch_parent(self, process_id: int) -> None:
        """Stop when the editor's process ends."""
        self.parent_watch = ParentWatch(process_id, lambda: self.stop(0))
