"""The language server process: pipes, signals and the features of `semlens.lsp.features` around one `Session`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from io import RawIOBase
from pathlib import Path

from semlens import __version__
from semlens.core.status import EngineStatus
from semlens.lsp.connection.logs import configure_logging
from semlens.lsp.connection.transport import MessageReader, MessageWriter, take_standard_streams
from semlens.lsp.engine_api import EngineApi, EngineFactory
from semlens.lsp.features import code_queries, control, documents, search, symbols, workspace
from semlens.lsp.session import Session
from semlens.settings.loading import Settings, cache_folder, load_settings
from semlens.settings.user_sources import UserSettings

logger = logging.getLogger(__name__)

CLOSE_SECONDS = 3.0
"""How long the engine may take to close. Threads that still run then end with the process."""

SWITCH_INTERVAL_SECONDS = 0.001
"""How soon a computing thread lets the event loop run. Python's own 5 ms add up over several threads."""


class SemlensServer(Session):
    """A session with all features registered, served over two pipes."""

    def __init__(self, engine_factory: EngineFactory, user_settings: UserSettings | None = None) -> None:
        """See `Session`."""
        super().__init__(engine_factory, user_settings)
        for feature in (documents, search, code_queries, symbols, workspace, control):
            feature.register(self)

    async def run(
        self,
        reader_stream: RawIOBase,
        writer_stream: RawIOBase,
        on_stopping: Callable[[int], None] = lambda _code: None,
    ) -> int:
        """Serve until the client leaves.

        :param on_stopping: called with the exit code before anything is closed.
        :returns: the exit code: 0, or 1 when the client sent `exit` without `shutdown`.
        """
        loop = asyncio.get_running_loop()
        writer = MessageWriter(writer_stream, lambda: self.call_soon(self.stop, 0))
        exit_code = self.attach(loop, writer)
        reader = MessageReader(
            reader_stream,
            on_message=lambda body: self.call_soon(self.protocol.receive, self.protocol.decode(body)),
            on_end=lambda: self.call_soon(self.stop, 0),
        )
        for name in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError, RuntimeError):  # Windows; not the main thread, in tests
                loop.add_signal_handler(name, self.stop, 0)
        writer.start()
        reader.start()
        code = await exit_code
        on_stopping(code)
        self._close()
        writer.close()
        writer.join(1.0)
        return code

    def _close(self) -> None:
        self.stop_timers()
        self.runner.close()
        if self.engine is not None:
            # Not a pool: Python waits for a pool's threads when it exits.
            closer = threading.Thread(target=self.engine.close, name="semlens-close", daemon=True)
            closer.start()
            closer.join(CLOSE_SECONDS)  # blocking the loop is harmless: it has nothing left to do
        logger.info("The server ends.")


def serve(engine_factory: EngineFactory | None = None) -> int:
    """Run the language server over stdin and stdout until the client leaves. The process should then exit.

    :param engine_factory: another engine, for tests.
    :returns: the exit code.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    reader_stream, writer_stream = take_standard_streams()
    settings, _ = load_settings()
    folder = cache_folder(settings)
    configure_logging(folder, settings.log.level)
    logger.info("semlens %s serves process %d", __version__, os.getppid())
    server_factory = engine_factory or default_engine_factory
    if engine_factory is None:
        threading.Thread(target=_preload_engine, name="semlens-preload", daemon=True).start()

    async def main() -> int:
        return await SemlensServer(server_factory).run(reader_stream, writer_stream, _exit_after_timeout)

    return asyncio.run(main())


def default_engine_factory(
    settings: Settings, load_root_settings: Callable[[Path], Settings], on_status: Callable[[EngineStatus], None]
) -> EngineApi:
    """The real engine."""
    from semlens.engine.engine import Engine  # loads numpy, so only after `serve` has set the BLAS variables

    engine: EngineApi = Engine(
        settings, settings_of=load_root_settings, cache_folder=Path(cache_folder(settings)), on_status=on_status
    )
    return engine


def _preload_engine() -> None:
    """Import the engine's modules while the client prepares `initialize`."""
    with contextlib.suppress(Exception):  # the same import in `default_engine_factory` reports the error
        import semlens.engine.engine  # noqa: F401


def _exit_after_timeout(code: int) -> None:
    """End the process even if a thread of some library does not end."""
    timer = threading.Timer(CLOSE_SECONDS + 2.0, os._exit, (code,))
    timer.daemon = True
    timer.start()
