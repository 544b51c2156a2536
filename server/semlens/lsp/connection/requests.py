"""Blocking questions off the event loop, each with a token that its cancellation reaches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from semlens.core.cancel import CancelToken

Answer = TypeVar("Answer")

_N_THREADS = 4
"""Questions at work at once; more would only share the same cores."""


class RequestRunner:
    """A small pool of our own: pygls's also reads stdin, and one busy pool would stop all requests."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_N_THREADS, thread_name_prefix="semlens-request")
        self._running: dict[Hashable, CancelToken] = {}

    async def run(self, work: Callable[[CancelToken], Answer], *, replaces: Hashable = None) -> Answer:
        """Run ``work`` in a thread.

        :param replaces: a running request of the same key is cancelled: the newer query of a picker replaces the older.
        :raises Cancelled: when it was replaced, or ``work`` gave up on its own.
        """
        token = CancelToken()
        if replaces is not None:
            if (older := self._running.get(replaces)) is not None:
                older.cancel()
            self._running[replaces] = token
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, token)
        except asyncio.CancelledError:
            token.cancel()
            raise
        finally:
            if self._running.get(replaces) is token:
                del self._running[replaces]

    def close(self) -> None:
        """Take no more work; returns at once."""
        for token in self._running.values():
            token.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)
