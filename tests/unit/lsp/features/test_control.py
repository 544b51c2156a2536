"""Pause and resume while the engine starts."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from fake_engine import FakeEngine

from semlens.core.status import EngineState
from semlens.lsp.features.control import _pause, _resume
from semlens.settings.schema import Settings


@pytest.mark.parametrize(
    ("older", "newer", "state"),
    [(_pause, _resume, EngineState.READY), (_resume, _pause, EngineState.PAUSED)],
)
async def test_the_last_pause_or_resume_wins_whenever_the_engine_is_ready(older, newer, state):
    engine, ready = FakeEngine(Settings(), lambda _status: None), asyncio.Event()
    engine.state = EngineState.READY

    async def ready_engine():
        await ready.wait()
        return engine

    async def run(work):
        return work(None)

    session = SimpleNamespace(ready_engine=ready_engine, runner=SimpleNamespace(run=run), is_paused=False)
    first = asyncio.create_task(older(session, None))
    await asyncio.sleep(0)  # it waits for the engine
    second = asyncio.create_task(newer(session, None))
    ready.set()  # the newer request does not wait
    await asyncio.gather(first, second)
    assert engine.state is state
