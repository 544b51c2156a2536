"""Status notifications at a limited rate, and work-done progress while many files are indexed.

The engine reports from its own thread, as often as it likes. The loop sends at most five reports a second. It always
sends the last one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import uuid
from collections.abc import Callable

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from semlens.core.status import EngineState, EngineStatus

logger = logging.getLogger(__name__)

MIN_INTERVAL_SECONDS = 0.2
PROGRESS_DELAY_SECONDS = 0.5
"""Shorter work shows no progress bar. Otherwise every edit would make one flicker."""

_BUSY = (EngineState.STARTING, EngineState.SCANNING, EngineState.INDEXING)


class Throttle:
    """Calls ``send`` on the loop with the latest status, at most once an interval. Any thread may call `post`."""

    def __init__(self, send: Callable[[EngineStatus], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._send = send
        self._lock = threading.Lock()
        self._latest: EngineStatus | None = None
        self._is_scheduled = False
        self._sent_at = float("-inf")

    def post(self, status: EngineStatus) -> None:
        with self._lock:
            if self._latest is None or status.number > self._latest.number:
                self._latest = status
            if self._is_scheduled:
                return  # the scheduled call will send the latest status
            self._is_scheduled = True
        with contextlib.suppress(RuntimeError):  # the loop is closed, so the session is over
            self._loop.call_soon_threadsafe(self._schedule)

    def _schedule(self) -> None:
        delay_s = self._sent_at + MIN_INTERVAL_SECONDS - self._loop.time()
        self._loop.call_later(max(delay_s, 0.0), self._flush)

    def _flush(self) -> None:
        with self._lock:
            self._is_scheduled = False
            status, self._latest = self._latest, None
        if status is not None:
            self._sent_at = self._loop.time()
            self._send(status)


class IndexProgress:
    """One work-done progress bar. It starts when work takes long, and ends when the index is complete."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._token: str | None = None
        self._delay: asyncio.TimerHandle | None = None
        self._latest: EngineStatus | None = None
        self._percentage = 0
        self._is_busy = False

    def update(self, status: EngineStatus) -> None:
        self._latest = status
        self._is_busy = not status.complete and status.state in _BUSY
        if not self._is_busy:
            self._end(status)
        elif self._token is not None:
            self._report(status)
        elif self._delay is None:
            loop = asyncio.get_running_loop()
            self._delay = loop.call_later(PROGRESS_DELAY_SECONDS, lambda: loop.create_task(self._begin()))

    async def _begin(self) -> None:
        token = str(uuid.uuid4())
        try:
            await self._server.window_work_done_progress_create_async(types.WorkDoneProgressCreateParams(token=token))
        except JsonRpcException as error:
            logger.info("The client refused a progress bar: %s", error.message)
            return
        self._delay = None
        if self._latest is None or not self._is_busy or self._token is not None:
            return  # the work ended, or another bar began, while the client answered
        self._token, self._percentage = token, 0
        message, percentage = _counts(self._latest)
        self._percentage = percentage
        begin = types.WorkDoneProgressBegin(title="Indexing", message=message, percentage=percentage, cancellable=False)
        self._server.progress(types.ProgressParams(token=token, value=begin))

    def _report(self, status: EngineStatus) -> None:
        message, percentage = _counts(status)
        self._percentage = max(self._percentage, percentage)  # a bar must not run backwards
        report = types.WorkDoneProgressReport(message=message, percentage=self._percentage)
        self._server.progress(types.ProgressParams(token=self._token or "", value=report))

    def _end(self, status: EngineStatus) -> None:
        if self._delay is not None:
            self._delay.cancel()
            self._delay = None
        if self._token is not None:
            symbols = sum(root.symbols for root in status.roots)
            end = types.WorkDoneProgressEnd(message=f"{symbols:,} symbols")
            self._server.progress(types.ProgressParams(token=self._token, value=end))
            self._token = None


def _counts(status: EngineStatus) -> tuple[str, int]:
    """A message with counts, and a percentage. It is 0 while the number of files is unknown."""
    if status.state in (EngineState.STARTING, EngineState.SCANNING):
        return "scanning for files", 0
    n_files = sum(root.files for root in status.roots)
    n_pending = sum(root.pending for root in status.roots)
    n_done = max(n_files - n_pending, 0)
    percentage = 100 * n_done // n_files if n_files else 0
    return f"{n_done:,} of {n_files:,} files", min(percentage, 99)
