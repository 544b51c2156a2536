"""Invalid messages: malformed JSON, wrong types, huge, nested, unknown, out of order, wrong ids."""

from __future__ import annotations

import contextlib
import json
import random
import string
from typing import Any

import pytest
from chaos_batches import Batch
from chaos_server import ChaosServer, Lab
from chaos_workspace import WORD
from lsp_client import ResponseError

METHODS = [
    "initialize", "initialized", "workspace/symbol", "workspaceSymbol/resolve", "textDocument/documentSymbol",
    "textDocument/didOpen", "textDocument/didChange", "textDocument/didClose", "textDocument/didSave",
    "workspace/didChangeWatchedFiles", "workspace/didChangeWorkspaceFolders", "workspace/didChangeConfiguration",
    "workspace/executeCommand", "$/cancelRequest", "$/setTrace", "$/progress", "$/unknown", "window/workDoneProgress/cancel",
    "semlens/search", "semlens/similar", "semlens/duplicates", "semlens/context", "semlens/status", "semlens/reindex",
    "semlens/pause", "semlens/resume", "semlens/nothing", "textDocument/hover", "notebookDocument/didOpen",
]  # fmt: skip
DEADLINE_S = 300.0
COMMANDS = ["search", "similar", "duplicates", "context", "status", "reindex", "pause", "resume", "nothing"]
VALID: dict[str, Any] = {
    "textDocument/didOpen": {"textDocument": {"uri": "file:///x/a.py", "languageId": "python", "version": 1, "text": "def f():\n    pass\n"}},
    "textDocument/didChange": {
        "textDocument": {"uri": "file:///x/a.py", "version": 2},
        "contentChanges": [{"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 3}}, "text": "x"}],
    },
    "textDocument/didClose": {"textDocument": {"uri": "file:///x/a.py"}},
    "textDocument/didSave": {"textDocument": {"uri": "file:///x/a.py"}},
    "textDocument/documentSymbol": {"textDocument": {"uri": "file:///x/a.py"}},
    "workspace/symbol": {"query": "parse"},
    "workspaceSymbol/resolve": {"name": "f", "kind": 12, "location": {"uri": "file:///x/a.py"}},
    "workspace/didChangeWatchedFiles": {"changes": [{"uri": "file:///x/a.py", "type": 2}]},
    "workspace/didChangeWorkspaceFolders": {"event": {"added": [{"uri": "file:///nowhere", "name": "n"}], "removed": []}},
    "workspace/didChangeConfiguration": {"settings": {"semlens": {"search": {"limit": 30}}}},
    "workspace/executeCommand": {"command": "semlens.server.search", "arguments": [{"query": "parse"}]},
    "semlens/search": {
        "query": "parse path:a lang:python",
        "limit": 5,
        "filter": {"languages": ["python"], "kinds": ["function"], "paths": ["*.py"], "excludePaths": ["b/**"], "tests": "exclude"},
        "textDocument": {"uri": "file:///x/a.py"},
        "perFile": 1,
        "refineToken": "t",
        "explain": True,
    },
    "semlens/similar": {"textDocument": {"uri": "file:///x/a.py"}, "position": {"line": 0, "character": 0}, "limit": 3},
    "semlens/duplicates": {"uri": "file:///x/a.py", "limit": 3},
    "semlens/context": {
        "query": "parse",
        "textDocument": {"uri": "file:///x/a.py"},
        "position": {"line": 0, "character": 0},
        "range": {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}},
        "budget": 500,
        "tokenizer": "/nowhere/tokenizer.json",
    },
    "semlens/reindex": {"uri": "file:///x", "full": False},
    "$/cancelRequest": {"id": 1},
    "$/setTrace": {"value": "verbose"},
    "window/workDoneProgress/cancel": {"token": "t"},
    "initialize": {"processId": None, "rootUri": None, "capabilities": {}},
}  # fmt: skip


@pytest.mark.chaos("messages", short=400, long=100_000, size=2_500)
def test_messages(batch: Batch, lab: Lab) -> None:
    lab.workspace.fill(batch.random("workspace"), 10)
    sent = 0
    while sent < batch.count and not batch.faults:
        sent += session(batch, lab, batch.random(sent), min(batch.count - sent, 500))


def session(batch: Batch, lab: Lab, rng: random.Random, n_messages: int) -> int:
    """Send messages to one server: some before initialize, most during the session, some after shutdown."""
    server = lab.start(initialize=False)
    fuzzer = Fuzzer(server, lab, rng)
    server.script = fuzzer.answer
    for _ in range(rng.randrange(8)):
        fuzzer.send_one(early=True)
    if rng.random() < 0.2:
        server.notify("initialized", {})
    server.initialize(root=lab.workspace.folder, capabilities=fuzzer.capabilities())
    while fuzzer.sent < n_messages:
        fuzzer.send_one()
        if fuzzer.sent % 50 == 0 and not check(batch, lab, server, fuzzer):
            return fuzzer.sent
    check(batch, lab, server, fuzzer)
    with_shutdown = rng.random() < 0.8
    if with_shutdown:
        server.call("shutdown", timeout=DEADLINE_S)
        for _ in range(rng.randrange(8)):
            fuzzer.send_one(early=True)
    server.notify("exit")
    code = server.process.wait(60)
    if code != (0 if with_shutdown else 1):
        batch.fault(f"exit code {code} after exit {'with' if with_shutdown else 'without'} shutdown")
    batch.done["messages"] += fuzzer.sent
    batch.done["sessions"] += 1
    batch.done["answered with an error"] += fuzzer.n_errors
    return fuzzer.sent


def check(batch: Batch, lab: Lab, server: ChaosServer, fuzzer: Fuzzer) -> bool:
    """Check that the server runs, has answered every request once, and still searches the workspace."""
    if not lab.judge_alive(server):
        return False
    for uri in fuzzer.uris:
        server.close_document(uri)
    try:
        server.call("semlens/resume", {}, DEADLINE_S)
        server.wait_ready(DEADLINE_S)
        wanted = set(lab.workspace.defined())
        server.until("all that is on disk", lambda: found(server), lambda names: wanted <= names, DEADLINE_S)
        server.until("all answers", fuzzer.unanswered, lambda missing: not missing, DEADLINE_S, pause=0.05)
    except (TimeoutError, ResponseError) as error:
        batch.fault(f"{error}")
        return False
    for request_id, count in fuzzer.expected.items():
        if server.answers[request_id] != count and request_id not in fuzzer.unclear:
            batch.fault(
                f"request {request_id[:200]} was answered {server.answers[request_id]} times instead of {count}"
            )
    batch.faults.extend(fuzzer.faults(server))
    fuzzer.expected.clear()
    server.answers.clear()
    server.notifications.clear()
    return not batch.faults


def found(server: ChaosServer) -> set[str]:
    return {hit["name"] for hit in server.search(WORD, DEADLINE_S, limit=1000, perFile=0)["hits"]}


class Fuzzer:
    """:ivar expected: number of expected responses by request id. :ivar bodies: the last message with each id.

    :ivar unclear: ids that were also in invalid requests, which the server may answer or not.
    """

    def __init__(self, server: ChaosServer, lab: Lab, rng: random.Random) -> None:
        self.server = server
        self.rng = rng
        self.uris = [path.as_uri() for path in lab.workspace.files()]
        self.expected: dict[str, int] = {}
        self.bodies: dict[str, str] = {}
        self.unclear: set[str] = set()
        self.sent = 0
        self.n_errors = 0
        self._next = 10**6

    def send_one(self, *, early: bool = False) -> None:
        kind = self.rng.choices(["valid", "mutated", "garbage params", "not a message", "bytes"], [3, 8, 4, 1, 1])[0]
        self.sent += 1
        if kind == "bytes":
            self._send_body(self._bytes())
            return
        if kind == "not a message":
            value = self._value(3)
            if isinstance(value, dict):
                self.unclear.add(repr(value.get("id")))
            self._send_body(json.dumps(value).encode())
            return
        method = self.rng.choice(METHODS)
        if early and method in ("initialize", "initialized"):
            method = "semlens/status"
        params = VALID.get(method, {}) if kind != "garbage params" else self._value(4)
        params = json.loads(json.dumps(params).replace("file:///x/a.py", self.rng.choice(self.uris)))
        if method == "workspace/executeCommand":
            params = {"command": f"semlens.server.{self.rng.choice(COMMANDS)}", "arguments": [params]}
        if kind == "mutated":
            params = self._mutate(params)
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
        if self.rng.random() < 0.05:
            message["method"] = self._value(1)
        if self.rng.random() < 0.7 and not method.startswith("textDocument/did"):
            message["id"] = self._id()
        if self.rng.random() < 0.03:
            message.pop(self.rng.choice(list(message)))
        self._send_message(message)

    def answer(self) -> Any:
        """The client's answer to a request of the server."""
        return None if self.rng.random() < 0.5 else self._value(3)

    def capabilities(self) -> dict[str, Any]:
        workspace = {
            "configuration": self.rng.random() < 0.5,
            "didChangeWatchedFiles": {"dynamicRegistration": self.rng.random() < 0.5},
        }
        return {"workspace": workspace, "window": {"workDoneProgress": self.rng.random() < 0.5}}

    def unanswered(self) -> list[str]:
        missing = [request_id for request_id, count in self.expected.items() if self.server.answers[request_id] < count]
        return [self.bodies[request_id] for request_id in missing]

    def faults(self, server: ChaosServer) -> list[str]:
        """Responses that report an internal error instead of an invalid message."""
        found = []
        for message in server.notifications:
            error = message.get("error")
            if isinstance(error, dict):
                self.n_errors += 1
                if error["code"] == -32603 or "Traceback" in error["message"] or "failed inside" in error["message"]:
                    found.append(f"an internal error was answered: {message}")
        return found

    def _send_message(self, message: dict[str, Any]) -> None:
        request_id = message.get("id")
        is_request = message.get("jsonrpc") == "2.0" and isinstance(message.get("method"), str) and "id" in message
        if not is_request:
            self.unclear.add(repr(request_id))
        elif isinstance(request_id, str | int) and not isinstance(request_id, bool):
            self.expected[repr(request_id)] = self.expected.get(repr(request_id), 0) + 1
            self.bodies[repr(request_id)] = json.dumps(message)[:500]
        self._send_body(json.dumps(message).encode())

    def _send_body(self, body: bytes) -> None:
        with contextlib.suppress(OSError):  # the server is dead; the next check reports it
            self.server.send_bytes(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def _id(self) -> Any:
        self._next += 1
        if self.rng.random() < 0.9:
            return self._next if self.rng.random() < 0.7 else f"id-{self._next}"
        return self.rng.choice([0, -1, 2**31, 2**53, 10**30, 1.5, "", "x" * 10_000, None, True, [], {}, {"a": 1}, [1]])

    def _bytes(self) -> bytes:
        valid = json.dumps({"jsonrpc": "2.0", "id": self._next, "method": "semlens/status", "params": {}}).encode()
        kind = self.rng.randrange(8)
        depth = self.rng.choice([50, 900, 1500, 20_000, 200_000])
        return [
            b"",
            self.rng.randbytes(self.rng.randrange(300)),
            valid[: self.rng.randrange(len(valid))],
            b"[" * depth,
            b'{"a":' * depth + b"1" + b"}" * depth,
            b'{"jsonrpc": "2.0", "method": "$/x", "params": ' + b"[" * depth + b"]" * depth + b"}",
            b'{"jsonrpc": "2.0", "method": "$/x", "params": ' + b"9" * min(depth, 20_000) + b"}",
            b'\xef\xbb\xbf{"jsonrpc": "2.0", "method": "$/x", "params": {"a": NaN, "b": "\\ud800"}}',
        ][kind]

    def _mutate(self, value: Any) -> Any:
        """The message with one part replaced, removed or added."""
        if isinstance(value, dict) and value and self.rng.random() < 0.85:
            key = self.rng.choice(list(value))
            if self.rng.random() < 0.1:
                return {other: item for other, item in value.items() if other != key}
            return {**value, key: self._mutate(value[key])}
        if isinstance(value, list) and value and self.rng.random() < 0.7:
            at = self.rng.randrange(len(value))
            return [*value[:at], self._mutate(value[at]), *value[at + 1 :]]
        return self._value(3)

    def _value(self, depth: int) -> Any:
        rng = self.rng
        kinds = ["none", "bool", "int", "float", "text", "uri"] + (["list", "object"] if depth else [])
        kind = rng.choice(kinds)
        if kind == "int":
            return rng.choice([0, 1, -1, 7, 2**31 - 1, 2**31, -(2**31), 2**53, 2**64, 10**40, rng.randrange(100)])
        if kind == "text":
            return self._text()
        if kind == "uri":
            return rng.choice(
                [
                    *self.uris,
                    "file:///",
                    "file:",
                    "file://host/x",
                    "untitled:Untitled-1",
                    "%",
                    "file:///%00",
                    "file:///%ff",
                    "http://[",
                    "/etc/passwd",
                ]
            )
        if kind == "list":
            return [self._value(depth - 1) for _ in range(rng.randrange(4))]
        if kind == "object":
            return {
                rng.choice(["uri", "query", "text", "line", "id", self._text()[:20]]): self._value(depth - 1)
                for _ in range(rng.randrange(4))
            }
        return {"none": None, "bool": rng.random() < 0.5, "float": rng.choice([0.5, -1.0, 1e308, 1e-9, 3.0])}[kind]

    def _text(self) -> str:
        rng = self.rng
        alphabets = [string.printable, "\x00\x1b\x07\r\n", "\ud800\udfff\U0001f600é", "*?[]{}/\\!", "def f():\n"]
        text = "".join(rng.choices(rng.choice(alphabets), k=rng.choice([0, 1, 5, 40])))
        return text * rng.choice([1, 1, 1, 1, 500]) if rng.random() < 0.9 else text * 20_000
