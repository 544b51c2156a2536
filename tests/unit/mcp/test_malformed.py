"""Whatever an agent sends, it gets a clear answer, and the session goes on."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semlens.core.cancel import CancelToken
from semlens.core.errors import UsageError
from semlens.mcp.arguments import context_arguments, explore_arguments, search_arguments, status_arguments
from semlens.mcp.root_policy import RootPolicy
from semlens.mcp.tool_list import TOOLS
from semlens.mcp.tools import AgentTools
from semlens.service.connection import SocketConnection

SECONDS = 60
NAMES = sorted({name for tool in TOOLS for name in tool["inputSchema"]["properties"]})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ARGUMENTS = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), JSON, max_size=5) | JSON
PARSERS = {
    "search_code": search_arguments,
    "get_context": context_arguments,
    "explore_symbol": explore_arguments,
    "index_status": status_arguments,
}


@pytest.mark.parametrize("tool", PARSERS)
@given(arguments=ARGUMENTS)
@settings(max_examples=100)
def test_arguments_are_checked_or_refused(tool, arguments):
    with contextlib.suppress(UsageError):
        PARSERS[tool](arguments)


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("search_code", {}, "`query` is missing"),
        ("search_code", {"query": "   "}, "`query` is missing"),
        ("search_code", {"query": "x", "budget_tokens": 0}, "from 50 to 50000"),
        ("search_code", {"query": "x", "limit": -1}, "from 1 to 50"),
        ("search_code", {"query": "x", "limit": True}, "from 1 to 50"),
        ("search_code", {"query": "x", "detail": "all"}, "locations, snippets, full"),
        ("search_code", {"query": "x", "kind_of_file": 1}, "must be a string"),
        ("search_code", {"query": "x", "max_results": 3}, "no argument `max_results`"),
        ("search_code", {"query": "x", "cursor": "99999999.a"}, "`cursor` must be"),
        ("search_code", {"query": "x", "paths": ["*"] * 99}, "too many"),
        ("search_code", {"query": "x" * 30_000}, "longer than 20000"),
        ("get_context", {"place": "nothing.py:3"}, "no file nothing.py"),
        ("explore_symbol", {"place": "no_such_symbol"}, "No symbol is named"),
        ("explore_symbol", {"place": ":::"}, "No symbol is named"),
        ("explore_symbol", [], "must be an object"),
        ("index_status", {"roots": "net"}, "list of strings"),
    ],
)
def test_an_error_names_the_argument(agent, tool, arguments, said):
    answer = agent.tools.call(tool, arguments, CancelToken())
    assert answer.is_error
    assert said in answer.text


class Client:
    """A session over a socket. :ivar answers: lines that no `ping` asked for."""

    def __init__(self, tools):
        from semlens.mcp.transport.session import run

        ours, theirs = socket.socketpair()
        ours.settimeout(SECONDS)
        self._socket = ours
        self._file = ours.makefile("rb")
        connection = SocketConnection(theirs)
        self.thread = threading.Thread(target=run, args=(tools, connection))
        self.thread.start()
        self._n_pings = 0

    def send(self, line):
        self._socket.sendall(line + b"\n")

    def request(self, method, request_id, **params):
        self.send(json.dumps({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}).encode())

    def until(self, request_id):
        """The answer to a request, and the messages before it."""
        before = []
        while True:
            message = json.loads(self._file.readline())
            if message.get("id") == request_id:
                return message, before
            before.append(message)

    def answers_to(self, line):
        """What a line is answered with."""
        self._n_pings += 1
        ping = f"ping-{self._n_pings}"
        self.send(line)
        self.request("ping", ping)
        answer, before = self.until(ping)
        assert answer["result"] == {}
        return before

    def initialize(self):
        self.request(
            "initialize",
            "start",
            protocolVersion="2025-11-25",
            capabilities={},
            clientInfo={"name": "t", "version": "1"},
        )
        answer, _ = self.until("start")
        self.send(b'{"jsonrpc": "2.0", "method": "notifications/initialized"}')
        return answer["result"]

    def close(self):
        self._socket.shutdown(socket.SHUT_WR)
        self.thread.join(SECONDS)
        assert not self.thread.is_alive()
        self._file.close()
        self._socket.close()


@pytest.fixture
def client(code):
    made = Client(AgentTools(code.engines[0], RootPolicy(lambda _folder: None, named=[str(code.folder)])))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("line", "code_of_error", "request_id"),
    [
        (b"{", -32700, None),
        (b"\xff\xfe", -32700, None),
        (b"[" * 100_000, -32700, None),
        (b"[]", -32600, None),
        (b'"text"', -32600, None),
        (b'{"jsonrpc": "1.0", "id": 5, "method": "ping"}', -32600, 5),
        (b'{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', -32600, None),
        (b'{"jsonrpc": "2.0", "id": "a", "method": 3}', -32600, "a"),
        (b'{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": [1]}', -32600, 7),
        (b'{"jsonrpc": "2.0", "id": 8, "method": "tools/call", "params": {"name": "rm"}}', -32602, 8),
        (b'{"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": {"arguments": {}}}', -32602, 9),
        (b'{"jsonrpc": "2.0", "id": 10, "method": "no/such/method"}', -32601, 10),
        (b"x" * (5 << 20), -32600, None),
    ],
)
def test_what_is_no_message_is_answered_with_an_error(client, line, code_of_error, request_id):
    client.initialize()
    (answer,) = client.answers_to(line)
    assert (answer["error"]["code"], answer["id"]) == (code_of_error, request_id)
    assert answer["error"]["message"]


def malformed(rng):
    """A message with something wrong in it, or wholly random bytes."""
    message = {
        "jsonrpc": "2.0",
        "id": rng.choice([rng.randrange(10**6), "x", None, 1.5, [], {}]),
        "method": rng.choice(["tools/call", "tools/list", "initialize", "", "notifications/cancelled", 5, None, "x/y"]),
        "params": rng.choice([None, [], {}, "x", {"name": rng.choice(["search_code", "x", 3])}, {"_meta": 3}]),
    }
    if isinstance(message["params"], dict):
        value = rng.choice([None, 3, "x", [], {}, {"query": rng.choice([1, "x", None, []])}, {"roots": ["/etc"]}])
        message["params"] = {**message["params"], "arguments": value}
    for key in list(message):
        if rng.random() < 0.15:
            del message[key]
    line = json.dumps(message).encode()
    if rng.random() < 0.3:
        at = rng.randrange(len(line))
        line = line[:at] + bytes(rng.randrange(32, 256) for _ in range(3)) + line[at + rng.randrange(4) :]
    return line


def send_malformed(client, count):
    client.initialize()
    rng = random.Random(7)
    for _ in range(count):
        line = malformed(rng)
        for answer in client.answers_to(line):
            assert "result" in answer or answer["error"]["message"] or answer.get("method"), (line, answer)


def test_malformed_messages_do_not_end_the_session(client):
    send_malformed(client, 150)


@pytest.mark.chaos_long
def test_ten_thousand_malformed_messages_do_not_end_the_session(client):
    send_malformed(client, 10_000)
