"""Runs blocking requests in threads. Cancelling a request sets its cancel token."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from semlens.core.cancel import CancelToken

Result = TypeVar("Result")

_N_THREADS = 4
"""Requests that run at the same time. More would only share the same cores."""


class RequestRunner:
    """A pool of threads for requests, apart from pygls's own pool."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_N_THREADS, thread_name_prefix="semlens-request")
        self._running: dict[Hashable, CancelToken] = {}

    async def run(self, work: Callable[[CancelToken], Result], *, replaces: Hashable = None) -> Result:
        """Run ``work`` in a thread.

        :param replaces: a key. A running request with the same key is cancelled: a newer query replaces an older one.
        :raises Cancelled: when the request was replaced, or ``work`` raised it.
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
        """Cancel all work and accept no more. Returns at once."""
        for token in self._running.values():
            token.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)
