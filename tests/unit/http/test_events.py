"""The stream of events: what is told, what is not, and its end."""

from __future__ import annotations

import asyncio
import json

import pytest

from semlens.core.status import EngineState, EngineStatus
from semlens.http import events
from semlens.http.events import EventHub

SECONDS = 60


def status(number, generation=1, *, lag_ms=0.0, pending=False):
    return EngineStatus(
        number=number,
        state=EngineState.INDEXING if pending else EngineState.READY,
        complete=not pending,
        refining=False,
        roots=(),
        tiers=(),
        generation=generation,
        lag_ms=lag_ms,
        rss_bytes=number,
        index_bytes=0,
        remote=(),
        problems=(),
        counters={"parsed": number},
    )


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(events, "RATE_SECONDS", 0.0)
    monkeypatch.setattr(events, "REFRESH_SECONDS", 0.01)


class Statuses:
    """What the engine says, by number. :ivar now: the newest."""

    def __init__(self):
        self.now = status(1)

    def __call__(self):
        return self.now


async def names_of(stream, count):
    """Event and data of the next events."""
    found = []
    while len(found) < count:
        part = (await asyncio.wait_for(anext(stream), SECONDS)).decode()
        for block in part.split("\n\n"):
            if block.startswith("event: "):
                name, data = block.split("\n")
                found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


async def test_a_client_gets_the_status_and_then_changes():
    statuses = Statuses()
    hub = EventHub(statuses, int)
    stream = hub.stream()
    (first, now), (second, changed) = await names_of(stream, 2)
    assert (first, now["number"], second, changed) == ("status", 1, "changed", {"generation": 1})
    statuses.now = status(2, lag_ms=9.0)  # neither its number nor its age is news
    statuses.now = status(3, 1, pending=True)
    ((name, now),) = await names_of(stream, 1)
    assert (name, now["state"]) == ("status", "indexing")
    hub.announce(status(4, 2))
    statuses.now = status(4, 2)
    (_, now), (name, changed) = await names_of(stream, 2)
    assert (now["number"], name, changed) == (4, "changed", {"generation": 2})
    hub.announce(status(3, 1))  # late
    hub.close()
    ((name, data),) = await names_of(stream, 1)
    assert (name, data) == ("ending", {})
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert hub.n_streams == 0


async def test_a_quiet_stream_shows_that_it_lives(monkeypatch):
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.02)
    stream = EventHub(Statuses(), int).stream()
    await names_of(stream, 2)
    assert await asyncio.wait_for(anext(stream), SECONDS) == b": still here\n\n"
    await stream.aclose()


async def test_a_client_that_leaves_is_forgotten():
    hub = EventHub(Statuses(), int)
    stream = hub.stream()
    await names_of(stream, 2)
    assert hub.n_streams == 1
    await stream.aclose()
    assert hub.n_streams == 0


async def test_a_commit_is_told_once_to_each_client_also_while_statuses_are_announced(monkeypatch):
    monkeypatch.setattr(events, "REFRESH_SECONDS", 60.0)
    commits = iter([["first"], ["second"]])
    hub = EventHub(Statuses(), lambda: next(commits))
    one, other = hub.stream(), hub.stream()
    await names_of(one, 2)
    await names_of(other, 2)
    monkeypatch.setattr(events, "REFRESH_SECONDS", 0.0)
    hub.announce(status(2, pending=True))
    assert [name for name, _ in await names_of(one, 2)] == ["status", "repository"]
    monkeypatch.setattr(events, "REFRESH_SECONDS", 60.0)
    assert [name for name, _ in await names_of(other, 2)] == ["status", "repository"]
    hub.announce(status(3))
    assert [name for name, _ in await names_of(one, 1)] == ["status"]
    await one.aclose()
    await other.aclose()
