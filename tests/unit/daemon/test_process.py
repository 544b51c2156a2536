"""The resident server's connections: first lines, protocols, control, and its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from semlens.daemon import client_connection, process
from semlens.service import connection as connections
from semlens.service.connection import NoServerError, connect
from semlens.service.frames import FrameReader, frame
from semlens.service.hello import MAX_HELLO_BYTES


def read_all(connection) -> bytes:
    return b"".join(iter(lambda: connection.read(1 << 16), b""))


def ask(connection, method, request_id=1):
    connection.write(frame(json.dumps({"jsonrpc": "2.0", "id": request_id, "method": method}).encode()))
    return json.loads(FrameReader(connection).read())


def error_of(connection) -> str:
    """The one error that the server sends before it closes the connection."""
    frames = FrameReader(connection)
    answer = json.loads(frames.read())
    assert (answer["id"], answer["error"]["code"]) == (None, -32600)
    assert frames.read() is None
    return answer["error"]["message"]


def test_what_follows_the_first_line_reaches_the_handler(running):
    connection = running.connect(b"echo\nearly")
    assert connection.read(100) == b"early"
    connection.write(b"later")
    assert connection.read(100) == b"later"
    connection.end_writing()
    assert read_all(connection) == b""


def test_the_handler_knows_the_client(running):
    hello = {"client": "test", "settings": {"search.limit": 3}, "text": "ü"}
    connection = running.connect(b"hello " + json.dumps(hello).encode() + b"\n")
    assert json.loads(read_all(connection)) == hello


def test_a_first_line_in_pieces(running):
    connection = running.connect(b"ec")
    connection.write(b'ho {"client"')
    connection.write(b": 1}\nabc")
    assert connection.read(100) == b"abc"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"nonsense\n", "does not know the protocol 'nonsense'. It knows: api, control, echo"),
        (b"echo {\n", "must name a protocol"),
        (b"echo []\n", "must name a protocol"),
        (b"\n", "must name a protocol"),
        (b"Content-Length: 10\r\n\r\n", "must name a protocol"),
        (b"\xff\xfe\n", "must name a protocol"),
        (b"x" * (MAX_HELLO_BYTES + 100_000), "is longer than"),
    ],
)
def test_a_wrong_first_line_gets_one_sentence(running, line, message):
    assert message in error_of(running.connect(line))
    assert ask(running.connect(b"control\n"), "status")["result"]["running"]


def test_a_client_that_still_writes_learns_why_it_is_refused(running):
    connection = running.connect(b"x" * (MAX_HELLO_BYTES + 1))
    reason = FrameReader(connection)
    assert b"is longer than" in reason.read()  # the server has decided, and this client does not know it yet
    connection.write(b"x" * MAX_HELLO_BYTES)
    assert reason.read() is None


def test_a_half_written_first_line_gets_one_sentence(running, monkeypatch):
    monkeypatch.setattr(client_connection.read_hello, "__defaults__", (0.05,))
    assert "not complete within 0.05 seconds" in error_of(running.connect(b"ech"))


def test_a_client_that_leaves_before_its_first_line_is_no_fault(running, caplog):
    connection = running.connect(b"ech")
    connection.end_writing()
    assert read_all(connection) == b""
    assert caplog.records == []


def test_another_user_gets_nothing(running, monkeypatch):
    connection = running.connect()
    connection.write(b"echo\nx")
    assert connection.read(10) == b"x"
    monkeypatch.setattr(connections, "peer_of", lambda _socket: (1, os.geteuid() + 1))
    stranger = connections.SocketConnection(connections.socket.socket(connections.socket.AF_UNIX))
    stranger._socket.connect(running.endpoint.address)
    running.open.append(stranger)
    assert read_all(stranger) == b""
    connection.write(b"still served")
    assert connection.read(100) == b"still served"


def test_a_fault_of_a_handler_costs_one_connection(running, caplog):
    assert read_all(running.connect(b"fault\n")) == b""
    assert "A connection failed." in caplog.text
    assert ask(running.connect(b"control\n"), "status")["result"]["running"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
@pytest.mark.parametrize(("limit", "fix"), [("-v 800000", "ulimit -v unlimited"), ("-n 40", "ulimit -n 1024")])
def test_limits_that_no_session_can_work_with_end_the_server_at_its_start(tmp_path, limit, fix):
    command = [sys.executable, "-P", "-m", "semlens", "daemon", "run", "--cache-folder", str(tmp_path)]
    ended = subprocess.run(
        ["sh", "-c", f'ulimit {limit}; exec "$@"', "sh", *command],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert fix in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_control_tells_the_status(running):
    session = running.connect(b'echo {"client": "editor"}\nx')
    assert session.read(1) == b"x"
    status = ask(running.connect(b"control\n"), "status")["result"]
    assert status["sessions"] == [{"client": "editor", "protocol": "echo"}]
    assert (status["processId"], status["roots"], status["running"]) == (os.getpid(), [], True)
    assert status["memory"]["rssBytes"] > 0
    assert status["ageSeconds"] >= 0


@pytest.mark.parametrize(
    ("body", "code"), [(b"{", -32700), (b"[]", -32600), (b"{}", -32601), (b'{"method": "x", "id": 1}', -32601)]
)
def test_control_answers_wrong_requests(running, body, code):
    connection = running.connect(b"control\n" + frame(body))
    assert json.loads(FrameReader(connection).read())["error"]["code"] == code
    assert ask(connection, "status")["result"]["running"]


def test_control_stops_the_server_with_open_connections(running):
    idle = running.connect(b"echo\n")
    half = running.connect(b"ec")
    flooded = running.connect(b"flood\n")
    assert flooded.read(1) == b"x"
    assert ask(running.connect(b"control\n"), "stop")["result"]["running"]
    running.join()
    assert (read_all(idle), read_all(half)) == (b"", b"")
    assert running.host.is_closed
    assert not Path(running.endpoint.address).exists()
    with pytest.raises(NoServerError):
        connect(running.endpoint)


def test_the_server_ends_when_it_is_idle(start):
    start(idle_s=0.05).join()


def test_a_client_keeps_the_server_alive_and_control_does_not(start, monkeypatch):
    monkeypatch.setattr(process, "_CHECK_SECONDS", 0.01)
    running = start()
    client = running.connect(b"echo\nx")
    assert client.read(1) == b"x"
    running.server._idle_s = 0.05  # not before: else it may end before the client comes
    assert running.server.idle_for() == 0
    running.connect(b"control\n")
    client.end_writing()
    running.join()


def test_the_server_ends_when_nobody_can_reach_it(start, monkeypatch):
    monkeypatch.setattr(process, "_CHECK_SECONDS", 0.01)
    running = start()
    client = running.connect(b"echo\nx")
    assert client.read(1) == b"x"
    Path(running.endpoint.address).unlink()
    Path(running.endpoint.address).write_text("not ours")
    client.write(b"y")
    assert client.read(1) == b"y"
    client.end_writing()
    running.join()
    assert Path(running.endpoint.address).read_text() == "not ours"


def test_connections_are_bounded(running, monkeypatch):
    monkeypatch.setattr(process, "MAX_CONNECTIONS", 1)
    first = running.connect(b"echo\nx")
    assert first.read(1) == b"x"
    assert "serves 1 connections" in error_of(running.connect())
