"""MCP over HTTP: what one session was given, does not count as given to another."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import anyio
import httpx2
import pytest
from engine_cases import DEADLINE_S
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from semlens.core.cancel import CancelToken
from semlens.core.errors import Cancelled
from semlens.mcp.answers import ToolAnswer
from semlens.mcp.transport import tool_server
from semlens.mcp.transport.http_app import MAX_SESSIONS, HttpToolServer, open_app

URL = "http://test/mcp"
QUESTION = {"query": "fetch_with_retry", "detail": "full", "limit": 1}
REFERENCE, CODE = "were given before", "for number in range(attempts)"


def without_get(app):
    """Without the stream of events, which would end with its session only: the transport of tests waits for ends."""

    async def guarded(scope, receive, send):
        if scope["method"] != "GET":
            return await app(scope, receive, send)
        await send({"type": "http.response.start", "status": 405, "headers": []})
        return await send({"type": "http.response.body", "body": b""})

    return httpx2.ASGITransport(guarded)


@pytest.mark.parametrize(
    ("mode", "again"),
    [
        pytest.param("legacy", REFERENCE, id="the era with sessions"),
        pytest.param("auto", CODE, id="the era without: each request stands alone"),
    ],
)
def test_code_that_another_session_was_given_is_given(agent, mode, again):
    async def ask():
        async with open_app(agent.tools) as app, httpx2.AsyncClient(transport=without_get(app)) as http_client:
            for _ in range(2):
                async with Client(streamable_http_client(URL, http_client=http_client), mode=mode) as client:
                    answers = [await client.call_tool("search_code", QUESTION) for _ in range(2)]
                first, second = (answer.content[0].text for answer in answers)
                assert CODE in first
                assert again in second

    anyio.run(ask)


def test_sessions_and_requests_without_one_have_slots_of_their_own(agent):
    server = HttpToolServer(agent.tools)

    def slots(session_id, version="2025-11-25"):
        request = SimpleNamespace(headers={"mcp-session-id": session_id} if session_id else {})
        return server.session_of(SimpleNamespace(protocol_version=version, request=request))[1]

    assert slots("a") is slots("a") is not slots("b")
    assert slots(None) is slots("a", "2026-07-28") is not slots("a"), "a name that nobody checked counts for nothing"
    first = slots("a")
    for number in range(MAX_SESSIONS):
        slots(str(number))
    assert slots("a") is not first, "sessions that ended are forgotten"


class Slow:
    """Tools whose calls run until they may end. :ivar running: how many run."""

    def __init__(self):
        self.running = threading.Semaphore(0)
        self.may_end = threading.Event()

    def call(self, _name, _arguments, _cancel):
        self.running.release()
        self.may_end.wait(DEADLINE_S)
        return ToolAnswer("done")


def test_all_sessions_together_run_a_bounded_number_of_calls(monkeypatch):
    monkeypatch.setattr(tool_server, "_turns", threading.BoundedSemaphore(2))
    tools, answers = Slow(), []
    params = SimpleNamespace(name="search_code", arguments={})

    def call(cancel):
        answers.append(tool_server._call_in_turn(tools, params, cancel).text)

    threads = [threading.Thread(target=call, args=(CancelToken(),), daemon=True) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert all(tools.running.acquire(timeout=DEADLINE_S) for _ in range(2))
    cancelled = CancelToken()
    cancelled.cancel()
    with pytest.raises(Cancelled):
        call(cancelled)
    with monkeypatch.context() as impatient:
        impatient.setattr(tool_server, "TURN_SECONDS", 0.0)
        call(CancelToken())
    assert answers == ["16 calls of agents run already. Ask again in a moment."]
    assert not tools.running.acquire(blocking=False), "no third call runs"
    tools.may_end.set()
    for thread in threads:
        thread.join(DEADLINE_S)
    assert answers[1:] == ["done"] * 5
