"""MCP over HTTP: what one session was given, does not count as given to another."""

from __future__ import annotations

from types import SimpleNamespace

import anyio
import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

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
