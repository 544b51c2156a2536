"""An ASGI application that is made at its first request, because it takes a second to load: MCP.

Where that fails, the requests that wait for it get the error, and the next one tries again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from starlette.types import ASGIApp, Receive, Scope, Send

AppFactory = Callable[[], AbstractAsyncContextManager[ASGIApp]]
"""Blocks while it loads. The context stays open until the server ends."""


class LazyApp:
    """Belongs to one event loop. A task of its own enters and leaves the context, as task groups demand."""

    def __init__(self, factory: AppFactory) -> None:
        self._factory = factory
        self._task: asyncio.Task[None] | None = None
        self._made: asyncio.Future[ASGIApp] | None = None
        self._closing = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._made is None:
            self._made = asyncio.get_running_loop().create_future()
            self._task = asyncio.create_task(self._run(self._made))
        app = await asyncio.shield(self._made)
        await app(scope, receive, send)

    async def close(self) -> None:
        """Leave the context of the application, if it was made."""
        self._closing.set()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self, made: asyncio.Future[ASGIApp]) -> None:
        try:
            context = await asyncio.to_thread(self._factory)
            async with context as app:
                made.set_result(app)
                await self._closing.wait()
        except Exception as error:  # noqa: BLE001 - each request that waits gets it
            if not made.done():
                self._made = None
                made.set_exception(error)
                with contextlib.suppress(Exception):
                    made.exception()  # it is told even if the request went away
