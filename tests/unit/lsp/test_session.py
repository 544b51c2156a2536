"""The end of a session."""

from __future__ import annotations

import asyncio

from fake_engine import FakeEngine

from semlens.lsp.session import Session
from semlens.settings.loading import Settings


def test_no_status_is_read_after_the_end():
    """A timer may fire while the session ends. Its request would fail with a traceback in the log."""

    async def end_and_poll():
        session = Session(lambda *_: None)
        session.engine = FakeEngine(Settings(), lambda _status: None)
        session.stop_timers()
        session.runner.close()
        await session._poll_status()

    asyncio.run(end_and_poll())
