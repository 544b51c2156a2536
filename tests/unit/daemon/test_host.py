"""What the host of the resident server does with the sessions of its clients."""

from __future__ import annotations

import json
import socket
import threading

from fake_engine import FakeEngine

from semlens.daemon.client_connection import ClientConnection
from semlens.daemon.host import Host
from semlens.lsp.server import SemlensServer
from semlens.service.connection import SocketConnection
from semlens.service.frames import write_frame
from semlens.settings.loading import Settings

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
