"""`semlens http` as a user starts it: the command, the resident server behind it, links, events, MCP, and its ends."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pty
import re
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
from page_server import PageClient

from semlens.service.daemon_control import server_status
from semlens.service.endpoint import endpoint_of

SECONDS = 120
COMMAND = [sys.executable, "-m", "semlens", "http"]


class HttpCommands:
    """Commands with a resident server of their own."""

    def __init__(self, tmp_path, environment):
        self.cache = tmp_path / "cache"
        self.environment = {**os.environ, **environment, "HOME": str(tmp_path), "COLUMNS": "80"}
        self._processes = []

    def start(self, *arguments, **more):
        process = subprocess.Popen(
            [*COMMAND, "--port", "0", *map(str, arguments)],
            stdin=more.pop("stdin", subprocess.DEVNULL),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment | more.pop("env", {}),
            **more,
        )
        self._processes.append(process)
        watchdog = threading.Timer(SECONDS, process.kill)
        watchdog.daemon = True
        watchdog.start()
        return process

    def serve(self, *arguments, **more):
        """A client of a command that listens."""
        process = self.start("--json", *arguments, **more)
        line = process.stdout.readline()
        assert line, process.stderr.read()
        return process, PageClient(json.loads(line))

    def run(self, *arguments):
        return subprocess.run(
            [*COMMAND, *map(str, arguments)],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )

    def kill_server(self):
        os.kill(server_status(endpoint_of(self.cache))["processId"], signal.SIGKILL)

    def close(self):
        for process in self._processes:
            process.kill()
            process.communicate()
        subprocess.run(
            [sys.executable, "-m", "semlens", "daemon", "stop"], env=self.environment, capture_output=True, check=False
        )


@pytest.fixture
def commands(tmp_path, environment):
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a child would inherit that it is ignored in the background
    made = HttpCommands(tmp_path, environment)
    yield made
    made.close()


class Events:
    """The stream of events. Iterating gives (event, data)."""

    def __init__(self, client):
        self._connection = http.client.HTTPConnection(client.host, timeout=SECONDS)
        self._connection.request("GET", "/api/events", headers={"Authorization": f"Bearer {client.token}"})
        self._response = self._connection.getresponse()
        assert self._response.headers["content-type"].startswith("text/event-stream")

    def until(self, name, fits=lambda _data: True):
        """The data of the first event of this name that fits."""
        event = ""
        for line in iter(self._response.readline, b""):
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == "event":
                event = value
            elif field == "data" and event == name and fits(data := json.loads(value)):
                return data
        raise AssertionError(f"The stream ended before {name}.")

    def close(self):
        self._connection.close()


def wait_until(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)


def found(client, query):
    return [hit["name"] for hit in client.result("search", query=query)["hits"]]


def test_a_user_signs_in_searches_and_sees_a_change(commands, workspace):
    """The link, the cookie, a search, a change on disk, and a resident server that is killed."""
    _, client = commands.serve("-w", workspace)
    path = "/" + client.facts["link"].split("/", 3)[3]
    status, headers, _ = client.send("GET", path, signed_in=False)
    cookie = headers["set-cookie"].partition(";")[0]
    assert status == 200
    assert client.status_of("GET", path, signed_in=False) == 401
    assert client.status_of("POST", "/api/session", {}, signed_in=False, Cookie=cookie) == 200

    with contextlib.closing(Events(client)) as events:
        status = events.until("status", lambda status: status["complete"])
        assert "fetch_with_retry" in found(client, "try a download again")
        (workspace / "new.py").write_text("def launch_rocket():\n    return 'to the moon'\n")
        events.until("changed", lambda _changed: "launch_rocket" in found(client, "launch_rocket"))

        commands.kill_server()
        with pytest.raises((AssertionError, http.client.HTTPException, OSError)):
            events.until("never")

    def is_answered_again():
        """The command starts the server again, at the same port, and the cookie stays valid."""
        try:
            return client.status_of("POST", "/api/session", {}, signed_in=False, Cookie=cookie) == 200
        except (OSError, http.client.HTTPException):
            return False

    wait_until(is_answered_again)
    with contextlib.closing(Events(client)) as events:
        events.until("status", lambda status: status["complete"])
    assert "launch_rocket" in found(client, "launch_rocket")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_listens_when_the_command_ends(commands, workspace, number):
    process, client = commands.serve("-w", workspace)
    with contextlib.closing(Events(client)) as events:
        process.send_signal(number)
        assert events.until("ending") == {}
    assert process.wait(SECONDS) == (0 if number == signal.SIGINT else -number)

    def is_closed():
        try:
            client.send("GET", "/")
        except ConnectionRefusedError:
            return True
        except (OSError, http.client.HTTPException):
            return False
        return False

    wait_until(is_closed)
    assert server_status(endpoint_of(commands.cache))["running"]


def test_a_port_that_is_taken_is_told_in_one_sentence(commands, workspace):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = commands.run("-w", workspace, "--port", port)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == (
        f"semlens: Port {port} of 127.0.0.1 is taken. Give another one with --port, "
        "or end the program that listens there.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--host", "0.0.0.0"], 2, "lets other machines connect"),
        (["--host", "192.0.2.1", "--insecure"], 1, "no address of this machine"),
        (["--tls-cert", "/nowhere/cert.pem"], 1, "certificate /nowhere/cert.pem cannot be used"),
        (["--tls-key", "key.pem"], 2, "--tls-key needs --tls-cert"),
        (["--map", "relative=/x"], 2, "must be FROM=TO"),
        (["-w", "/nowhere/at/all"], 2, "does not exist"),
    ],
)
def test_options_that_do_not_fit(commands, workspace, arguments, code, message):
    ran = commands.run("--port", 0, "-w", workspace, *arguments)
    assert (ran.returncode, ran.stdout) == (code, "")
    assert message in ran.stderr
    assert "Traceback" not in ran.stderr


def test_other_machines_need_tls_or_the_users_word(commands, workspace, tmp_path):
    """What it exposes is said. With TLS the cookie is for TLS alone."""
    authority = trustme.CA()
    certificate = tmp_path / "certificate.pem"
    issued = authority.issue_cert("127.0.0.1")
    certificate.write_bytes(issued.private_key_and_cert_chain_pem.bytes())
    process, client = commands.serve("-w", workspace, "--host", "0.0.0.0", "--tls-cert", certificate)
    assert client.facts["exposed"]
    assert "other machines can connect" in process.stderr.readline()
    context = ssl.create_default_context()
    authority.configure_trust(context)
    address = urlsplit(client.facts["link"])
    connection = http.client.HTTPSConnection("127.0.0.1", address.port, context=context, timeout=SECONDS)
    with contextlib.closing(connection):
        connection.request("GET", f"/?{address.query}")
        response = connection.getresponse()
        assert "; Secure" in response.headers["set-cookie"]
        response.read()
        connection.request("GET", "/", headers={"Host": "evil.example"})
        assert connection.getresponse().status == 403


def test_a_browser_is_opened_without_a_token_in_its_arguments(commands, workspace, tmp_path):
    seen = tmp_path / "seen"
    browser = tmp_path / "browser"
    browser.write_text(
        f'#!/bin/sh\n{{ echo "$1"; stat -c %a "${{1#file://}}"; cat "${{1#file://}}"; }} > {seen}.part\n'
    )
    browser.write_text(browser.read_text() + f"mv {seen}.part {seen}\n")
    browser.chmod(0o700)
    _, client = commands.serve("-w", workspace, "--open", env={"BROWSER": f"{shlex.quote(str(browser))} %s"})
    wait_until(seen.exists)
    url, mode, page = seen.read_text().split("\n", 2)
    assert url.startswith("file://")
    assert "token" not in url
    assert mode == "600"
    assert client.facts["link"] in page


def test_without_a_browser_the_link_is_printed_all_the_same(commands, workspace):
    process = commands.start(
        "-w", workspace, "--open", env=dict.fromkeys(("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"), "")
    )
    lines = [process.stdout.readline() for _ in range(4)]
    assert str(workspace) in lines[0]
    assert "/?token=" in lines[1]
    assert "http-token" in lines[3]
    assert process.stderr.readline() == "semlens: No browser is found here. Open the link yourself.\n"


def test_the_command_prints_what_its_page_shows(commands, workspace):
    """The output in docs/page.md, and its request by curl."""
    page = (Path(__file__).parents[2] / "docs" / "page.md").read_text(encoding="utf-8")
    shown = re.search(r"^\$ semlens http\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[1]
    shown = shown.replace("/home/me/project", str(workspace)).replace("/home/me/.cache/semlens", str(commands.cache))
    terminal, at_process = pty.openpty()  # Enter asks for a link on a terminal only
    process = commands.start(cwd=workspace, stdin=at_process)
    printed = "".join(process.stdout.readline() for _ in shown.splitlines())
    os.close(terminal)
    os.close(at_process)
    assert blurred(printed) == blurred(shown)

    port = re.search(r"127\.0\.0\.1:(\d+)", printed)[1]
    command = re.search(r"^curl .*?[^\\]$", page, re.MULTILINE | re.DOTALL)[0]
    headers = dict(re.findall(r'-H "([^:]+): (.*?)"(?= )', command))
    token_file = commands.cache / re.search(r"~/.cache/semlens/(\S+)\)", headers.pop("Authorization"))[1]
    address = urlsplit(shlex.split(command)[-1])
    connection = http.client.HTTPConnection(f"{address.hostname}:{port}", timeout=SECONDS)
    headers["Authorization"] = f"Bearer {token_file.read_text().strip()}"
    connection.request("POST", address.path, re.search(r"-d '(.*?)'", command)[1], headers)
    with contextlib.closing(connection):
        assert "hits" in json.loads(connection.getresponse().read())


def blurred(output):
    """The port and the token of a link differ each time."""
    return re.sub(r"(?<=127\.0\.0\.1:)\d+|(?<=token=)\S+", "...", output)


SDK_CLIENT = """
import asyncio, json, sys
import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

url, token, mode = sys.argv[1:]


async def main():
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60) as http_client:
        async with Client(streamable_http_client(url, http_client=http_client), mode=mode) as client:
            tools = (await client.list_tools()).tools
            answer = await client.call_tool("search_code", {"query": "try a download again"})
            print(json.dumps({
                "version": client.protocol_version,
                "tools": [tool.name for tool in tools],
                "paths": [hit["path"] for hit in answer.structured_content["hits"]],
            }))


asyncio.run(main())
"""


def test_agents_ask_over_http_in_both_eras(commands, workspace):
    _, client = commands.serve("-w", workspace)
    with contextlib.closing(Events(client)) as events:
        events.until("status", lambda status: status["complete"])
    versions = set()
    for mode in ("legacy", "auto"):
        ran = subprocess.run(
            [sys.executable, "-c", SDK_CLIENT, f"{client.url}/mcp", client.token, mode],
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        assert ran.returncode == 0, ran.stderr
        answer = json.loads(ran.stdout)
        versions.add(answer["version"])
        assert set(answer["tools"]) == {"search_code", "get_context", "explore_symbol", "index_status"}
        assert "net/retry.py" in answer["paths"]
    assert len(versions) == 2
    assert client.status_of("POST", "/mcp", {}, signed_in=False) == 401
