"""`semlens http` and a resident server that is lost."""

from __future__ import annotations

from semlens.cli import main
from semlens.cli.commands.page import serve


class LostConnection:
    def write(self, _data):
        pass

    def read(self, _size):
        return b""  # the server is gone

    def close(self):
        pass


def test_a_server_that_is_lost_is_started_again(tmp_path, monkeypatch, capsys):
    starts = []

    def ensure_server(endpoint):
        starts.append(endpoint)
        if len(starts) == 3:
            raise KeyboardInterrupt
        return LostConnection()

    monkeypatch.setattr(serve, "ensure_server", ensure_server)
    assert main(["http", "-w", str(tmp_path)]) == 0
    assert len(starts) == 3
    assert "It is started again" in capsys.readouterr().err
