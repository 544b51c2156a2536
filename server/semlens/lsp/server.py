"""The server: one client, one engine, one event loop between them. Its features stand in `semlens.lsp.features`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from io import RawIOBase
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from semlens import __version__
from semlens.core.errors import SemlensError
from semlens.core.status import EngineState, EngineStatus
from semlens.core.text.printable import message_text
from semlens.lsp.configuration import Configuration
from semlens.lsp.connection.logs import configure_logging
from semlens.lsp.connection.parent_watch import ParentWatch
from semlens.lsp.connection.protocol import SemlensProtocol, converter
from semlens.lsp.connection.requests import RequestRunner
from semlens.lsp.connection.transport import MessageReader, MessageWriter, take_standard_streams
from semlens.lsp.documents.open_documents import OpenDocuments
from semlens.lsp.engine_api import EngineFactory, EnginePort
from semlens.lsp.features import code_queries as likeness
from semlens.lsp.features import control, documents, search, symbols, workspace
from semlens.lsp.progress import IndexProgress, Throttle
from semlens.lsp.roots import Roots
from semlens.service.codec import status_json
from semlens.settings.loading import Settings, cache_folder, load_settings

logger = logging.getLogger(__name__)

CLOSE_SECONDS = 3.0
"""What the engine gets to end its work; whatever still runs then ends with the process."""

MAX_BACKLOG_BYTES = 1_000_000
"""A client that is this far behind gets no more notifications that a later one replaces."""

AT_REST = (EngineState.READY, EngineState.PAUSED, EngineState.DEGRADED, EngineState.STOPPED)
LOOK_AGAIN_SECONDS = 1.0

SWITCH_SECONDS = 0.001
"""After how long a thread that computes lets the event loop have the interpreter; Python's own 5 ms add up."""

_SINGLE_THREADED = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class SemlensServer(LanguageServer):
    """The language server of one client. All attributes belong to the event loop."""

    protocol: SemlensProtocol

    def __init__(self, engine_factory: EngineFactory) -> None:
        super().__init__("semlens", __version__, protocol_cls=SemlensProtocol, converter_factory=converter)
        self.engine_factory = engine_factory
        self.engine: EnginePort | None = None
        self.settings = Settings()
        self.documents = OpenDocuments()
        self.runner = RequestRunner()
        self.roots = Roots()
        self.wanted_roots: list[str] = []
        self.configuration = Configuration()
        self.workspace_lock = asyncio.Lock()
        self.is_initialized = False
        """The client has sent `initialized`."""
        self.is_ready = asyncio.Event()
        """Set once the workspace is handed to the engine; every question waits for it."""
        self.parent_watch: ParentWatch | None = None
        self._failure: SemlensError | None = None
        self._newest_status: EngineStatus | None = None
        self._throttle: Throttle | None = None
        self._index_progress: IndexProgress | None = None
        self._stopped: asyncio.Future[int] | None = None
        self._writer: MessageWriter | None = None
        self._next_look: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        for feature in (documents, search, likeness, symbols, workspace, control):
            feature.register(self)

    async def ready_engine(self) -> EnginePort:
        """The engine, once the client's workspace was handed to it.

        :raises SemlensError: when there can be none.
        """
        await self.is_ready.wait()
        if self._failure is not None:
            raise self._failure
        assert self.engine is not None
        return self.engine

    def fail(self, error: SemlensError) -> None:
        """There will be no engine: every question is answered with this."""
        self._failure = error
        self.is_ready.set()

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Pygls would show every error in a pop-up: log it."""
        logger.error("pygls reports %s: %s", getattr(source, "__name__", source), type(error).__name__)

    def warn(self, sentences: Iterable[str]) -> None:
        """Show sentences to the user."""
        for sentence in sentences:
            logger.warning("%s", sentence)
            message = types.ShowMessageParams(
                type=types.MessageType.Warning, message=f"semlens: {message_text(sentence)}"
            )
            self.window_show_message(message)

    def settings_of(self, root: Path) -> Settings:
        """The settings of one root as they stand now. The engine asks, in its own thread."""
        settings, sentences = self.configuration.load(root)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._take_root_settings, root, settings, sentences)
        return settings

    def _take_root_settings(self, root: Path, settings: Settings, sentences: list[str]) -> None:
        self.warn(sentences)
        if self.roots.is_first(root):  # whose settings hold where a request does not say
            self.settings = settings

    def engine_reports(self, status: EngineStatus) -> None:
        """The engine's `on_status`: called in its thread."""
        if self._throttle is not None:
            self._throttle.post(status)

    async def report_now(self, engine: EnginePort) -> None:
        """Tell the engine's status as it is now; off the loop, since it counts files and measures memory."""
        self.engine_reports(await self.runner.run(lambda _token: engine.status()))

    def tell_status(self, status: EngineStatus) -> None:
        if not self.is_ready.is_set():
            return
        status = self._newest(status)
        is_behind = self._writer is not None and self._writer.backlog_bytes >= MAX_BACKLOG_BYTES
        if not is_behind:
            self.protocol.notify("semlens/statusChanged", self.status_to_send(status))
        if self._index_progress is not None:
            self._index_progress.update(status)
        if is_behind or status.refining or status.state not in AT_REST:
            self._look_again()

    def status_to_send(self, status: EngineStatus) -> dict[str, Any]:
        """The JSON of a status, or of a newer one that was sent before: an older one never follows a newer one."""
        problems = (*self.roots.problems, *self.configuration.problems)
        return status_json(self._newest(status), more_problems=problems)

    def _newest(self, status: EngineStatus) -> EngineStatus:
        if self._newest_status is None or status.number > self._newest_status.number:
            self._newest_status = status
        return self._newest_status

    def _look_again(self) -> None:
        """The engine reports what it publishes; that nothing more comes, it need not say."""
        if self._next_look is None:
            loop = asyncio.get_running_loop()
            self._next_look = loop.call_later(LOOK_AGAIN_SECONDS, lambda: loop.create_task(self._look()))

    async def _look(self) -> None:
        self._next_look = None
        engine = self.engine
        if engine is not None:
            await self.report_now(engine)

    def start_progress(self) -> None:
        """Show work-done progress from now on; for clients that can."""
        self._index_progress = IndexProgress(self)

    def watch_parent(self, process_id: int) -> None:
        self.parent_watch = ParentWatch(process_id, lambda: self.stop(0))

    def stop(self, code: int) -> None:
        """End `run` with this exit code; the first one counts."""
        if self._stopped is not None and not self._stopped.done():
            self._stopped.set_result(code)

    async def run(
        self,
        reader_stream: RawIOBase,
        writer_stream: RawIOBase,
        on_stopping: Callable[[int], None] = lambda _code: None,
    ) -> int:
        """Serve until the client goes.

        :param on_stopping: called with the exit code before anything is closed.
        :returns: the exit code: 0, or 1 when the client left by `exit` without `shutdown`.
        """
        self._loop = loop = asyncio.get_running_loop()
        self._stopped = loop.create_future()
        self._throttle = Throttle(self.tell_status)

        def soon(callback: Callable[..., None], *arguments: Any) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody needs it any more
                loop.call_soon_threadsafe(callback, *arguments)

        self._writer = writer = MessageWriter(writer_stream, lambda: soon(self.stop, 0))
        self.protocol.set_writer(writer)
        reader = MessageReader(
            reader_stream,
            on_message=lambda body: soon(self.protocol.receive, self.protocol.decode(body)),
            on_end=lambda: soon(self.stop, 0),
        )
        for name in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError, RuntimeError):  # Windows; not the main thread, in tests
                loop.add_signal_handler(name, self.stop, 0)
        writer.start()
        reader.start()
        code = await self._stopped
        on_stopping(code)
        self._close()
        writer.close()
        writer.join(1.0)
        return code

    def _close(self) -> None:
        if self.parent_watch is not None:
            self.parent_watch.close()
        if self._next_look is not None:
            self._next_look.cancel()
        self.runner.close()
        if self.engine is not None:
            # Not in a pool, whose threads would be waited for at the end.
            closer = threading.Thread(target=self.engine.close, name="semlens-close", daemon=True)
            closer.start()
            closer.join(CLOSE_SECONDS)  # the loop has nothing left to do
        logger.info("The server ends.")


def serve(engine_factory: EngineFactory | None = None) -> int:
    """Run the language server over stdin and stdout until the client goes; the process should then exit.

    :param engine_factory: another engine, for tests.
    :returns: the exit code.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    for variable in _SINGLE_THREADED:  # before numpy loads: two BLAS threads on a busy machine are 16 times slower
        os.environ.setdefault(variable, "1")
    reader_stream, writer_stream = take_standard_streams()
    settings, _ = load_settings()
    folder = cache_folder(settings)
    configure_logging(folder, settings.log.level)
    logger.info("semlens %s serves process %d", __version__, os.getppid())
    server_factory = engine_factory or default_engine_factory
    if engine_factory is None:
        threading.Thread(target=_preload, name="semlens-preload", daemon=True).start()

    async def main() -> int:
        return await SemlensServer(server_factory).run(reader_stream, writer_stream, _exit_for_certain)

    return asyncio.run(main())


def default_engine_factory(
    settings: Settings, settings_of: Callable[[Path], Settings], on_status: Callable[[EngineStatus], None]
) -> EnginePort:
    """The engine of the product."""
    from semlens.engine.engine import Engine  # loads numpy: after the variables above

    engine: EnginePort = Engine(
        settings, settings_of=settings_of, cache_folder=Path(cache_folder(settings)), on_status=on_status
    )
    return engine


def _preload() -> None:
    """Load the engine's modules while the client still says who it is."""
    with contextlib.suppress(Exception):  # the same import in `default_engine_factory` will tell
        import semlens.engine.engine  # noqa: F401


def _exit_for_certain(code: int) -> None:
    """A thread that does not end, in whatever library, must not keep the process."""
    timer = threading.Timer(CLOSE_SECONDS + 2.0, os._exit, (code,))
    timer.daemon = True
    timer.start()
