"""What the host of the resident server does with the sessions of its clients."""

from __future__ import annotations

import json
import queue
import socket
import threading
from types import SimpleNamespace

import pytest
from fake_engine import FakeEngine

from semlens.daemon import host as host_module
from semlens.daemon.client_connection import ClientConnection
from semlens.daemon.host import Host, _user_settings, _UserConfiguration
from semlens.lsp.server import SemlensServer
from semlens.service.connection import SocketConnection
from semlens.service.frames import FrameReader, write_frame
from semlens.settings.loading import Settings
from semlens.settings.schema import RemoteSettings

SECONDS = 60


def test_the_session_of_an_editor_that_leaves_while_its_engine_starts_is_closed(tmp_path, monkeypatch):
    monkeypatch.setenv("SEMLENS_CONFIG_DIR", str(tmp_path / "no-config"))
    host = Host(tmp_path / "cache", Settings())
    near, far = socket.socketpair()
    editor, served = SocketConnection(near), SocketConnection(far)
    starts, has_ended = threading.Event(), threading.Event()
    opened = []
    end = SemlensServer._close

    def open_late(_client, settings, _settings_of, on_status):
        starts.set()
        assert has_ended.wait(SECONDS)
        opened.append(FakeEngine(settings, on_status))
        return opened[0]

    def close(server):
        end(server)
        has_ended.set()

    monkeypatch.setattr(host, "_open", open_late)
    monkeypatch.setattr(SemlensServer, "_close", close)
    serving = threading.Thread(target=host.handlers()["lsp"], args=(ClientConnection("lsp", {}, served, served),))
    serving.start()
    request = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": None, "capabilities": {}}}
    write_frame(editor, json.dumps(request).encode())
    assert starts.wait(SECONDS)
    editor.close()
    serving.join(SECONDS)
    assert not serving.is_alive()
    served.close()
    assert opened[0].closed.is_set()
    assert host.sessions() == []


BROKEN = {"settings": {}, "settingProblems": [["config.toml", "`config.toml` is not valid TOML."], ["x"], 7, [1, 2]]}
MESSAGE = "`config.toml` is not valid TOML."


class Client:
    """A client of the resident server, served on a thread. Its engine is a fake."""

    def __init__(self, tmp_path, monkeypatch, protocol):
        host = Host(tmp_path / "cache", Settings())
        monkeypatch.setattr(host, "_open", self.open)
        near, far = socket.socketpair()
        self.connection, self.served = SocketConnection(near), SocketConnection(far)
        hello = ClientConnection(protocol, BROKEN, self.served, self.served)
        self.thread = threading.Thread(target=host.handlers()[protocol], args=(hello,))
        self.thread.start()

    def open(self, _client, settings, _settings_of, on_status=lambda _status: None):
        return FakeEngine(settings, on_status)

    def close(self):
        self.connection.close()
        self.thread.join(SECONDS)
        assert not self.thread.is_alive()
        self.served.close()


@pytest.fixture
def client_of(tmp_path, monkeypatch):
    clients = []

    def make(protocol):
        clients.append(Client(tmp_path, monkeypatch, protocol))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def test_an_editor_is_told_once_what_it_could_not_read_of_its_settings(client_of):
    client = client_of("lsp")
    reader = FrameReader(client.connection)
    params = {"processId": None, "capabilities": {}, "rootUri": None}
    for message in (
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params},
        {"jsonrpc": "2.0", "method": "initialized", "params": {}},
        {"jsonrpc": "2.0", "id": 2, "method": "semlens/status", "params": {}},
    ):
        write_frame(client.connection, json.dumps(message).encode())
    shown = []
    while (message := json.loads(reader.read())).get("id") != 2:
        if message.get("method") == "window/showMessage":
            shown.append(message["params"]["message"])
    assert [MESSAGE in one for one in shown] == [True]


def test_a_command_is_told_what_it_could_not_read_of_its_settings():
    hello = ClientConnection("api", BROKEN, None, None)
    configuration = _UserConfiguration(_user_settings(hello))
    for root in (None, None):
        configuration.load(root)
    assert configuration.warnings() == [MESSAGE]


def test_what_an_agent_could_not_read_of_its_settings_is_in_the_log(client_of, monkeypatch, caplog):
    monkeypatch.setattr("semlens.daemon.mcp_handler.serve", lambda *_: None)
    client_of("mcp").thread.join(SECONDS)
    assert [record.getMessage() for record in caplog.records if record.name == "semlens.daemon.host"] == [MESSAGE]


def test_an_engine_without_sessions_and_roots_makes_room_for_another(tmp_path, monkeypatch):
    """As with a key of a service that changes each hour."""
    closed, engines = queue.Queue(), []

    class Engine:
        def __init__(self, _settings, *, remote_key, **_options):
            self.remote_key = remote_key
            self.indexer = SimpleNamespace(states={}, idle=SimpleNamespace(finishing=(), roots=()))
            engines.append(self)

        def start(self):
            """Nothing runs."""

        def open_session(self, *_arguments, **_options):
            return SimpleNamespace(is_closed=False)

        def close(self):
            closed.put(self.remote_key)

    monkeypatch.setattr(host_module, "SharedEngine", Engine)
    host = host_module.Host(tmp_path, Settings())
    settings = Settings(remote=RemoteSettings(url="https://service.example.org"))

    def open_session(key):
        client = SimpleNamespace(hello={"remoteKey": key})
        return host._open(client, settings, lambda _root: settings)

    first, second = open_session("a"), open_session("b")
    first.is_closed = second.is_closed = True
    engines[1].indexer.states["root"] = object()
    third = open_session("c")
    assert closed.get(timeout=SECONDS) == "a"
    assert open_session("c") is not third
    open_session("d")
    assert [engine.remote_key for engine in host._engines.values()] == ["b", "c", "d"]
