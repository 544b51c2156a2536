"""Server-sent events: the status while it changes, and that the index or a repository has other content than before."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable

from semlens.core.status import EngineStatus
from semlens.service.codec import Json, status_json

MAX_STREAMS = 64
RATE_SECONDS = 0.2
REFRESH_SECONDS = 1.0
"""How often the status is read where nothing announces that it changed."""

HEARTBEAT_SECONDS = 15.0

_UNSTEADY = ("number", "lagMs", "rssBytes", "counters")
"""Fields whose change alone is no event."""


class EventHub:
    """Belongs to an event loop. Only `announce` may be called by other threads."""

    def __init__(self, read_status: Callable[[], EngineStatus], read_repositories: Callable[[], object]) -> None:
        """:param read_status: blocks. :param read_repositories: too; its value changes when a commit is made."""
        self._loop = asyncio.get_running_loop()
        self._read_status = read_status
        self._read_repositories = read_repositories
        self._repositories: object = None
        self._repositories_at = float("-inf")
        self._status: Json = {}
        self._number = 0
        self._read_at = float("-inf")
        self._wake = asyncio.Event()
        self._reading = asyncio.Lock()
        self._is_closed = False
        self.n_streams = 0

    def announce(self, status: EngineStatus) -> None:
        """The status changed. Any thread may call it."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._take, status_json(status))

    def close(self) -> None:
        """End all streams, each with the event `ending`."""
        self._is_closed = True
        self._wake.set()

    async def stream(self) -> AsyncIterator[bytes]:
        """The events of one client, until the hub is closed."""
        self.n_streams += 1
        try:
            yield b"retry: 1000\n\n"
            sent: Json = {}
            await self._refresh()
            seen, sent_at = self._repositories, self._loop.time()
            while not self._is_closed:
                wake = self._wake
                await self._refresh()
                events = _events(sent, self._status)
                if self._repositories != seen:
                    seen, events = self._repositories, events + _event("repository", {})
                if events or self._loop.time() - sent_at >= HEARTBEAT_SECONDS:
                    sent, sent_at = self._status, self._loop.time()
                    yield events or b": still here\n\n"
                    await asyncio.sleep(RATE_SECONDS)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), REFRESH_SECONDS)
            yield _event("ending", {})
        finally:
            self.n_streams -= 1

    async def _refresh(self) -> None:
        """Read the status, unless it was read or announced a moment ago, and what nothing announces."""
        async with self._reading:
            if self._loop.time() - self._read_at >= REFRESH_SECONDS and not self._is_closed:
                self._take(status_json(await asyncio.to_thread(self._read_status)))
            if self._loop.time() - self._repositories_at >= REFRESH_SECONDS and not self._is_closed:
                self._repositories = await asyncio.to_thread(self._read_repositories)
                self._repositories_at = self._loop.time()

    def _take(self, status: Json) -> None:
        self._read_at = self._loop.time()
        if status["number"] > self._number:  # one that was read may be older than one that was announced
            self._number, self._status = status["number"], status
            wake, self._wake = self._wake, asyncio.Event()
            wake.set()


def _events(sent: Json, status: Json) -> bytes:
    """What a client that knows one status must be told about another."""
    if _steady(sent) == _steady(status):
        return b""
    events = _event("status", status)
    if sent.get("generation") != status["generation"]:
        events += _event("changed", {"generation": status["generation"]})
    return events


def _steady(status: Json) -> Json:
    return {name: value for name, value in status.items() if name not in _UNSTEADY}


def _event(name: str, data: Json) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
