"""`semlens http` and a resident server that is lost."""

from __future__ import annotations

from semlens.cli import main
from semlens.cli.commands.page import serve
from semlens.service.daemon_start import StartError

SLOW_START_SECONDS = 60.0
"""On a machine that is busy with other things."""


class LostConnection:
    def write(self, _data):
        pass

    def read(self, _size):
        return b""  # the server is gone

    def close(self):
        pass


def test_a_server_that_is_lost_is_waited_for_on_a_busy_machine(tmp_path, monkeypatch, capsys):
    starts = []

    def ensure_server(_endpoint, *, timeout_s):
        starts.append(timeout_s)
        if len(starts) == 3:
            raise KeyboardInterrupt
        if len(starts) == 2 and timeout_s < SLOW_START_SECONDS:
            raise StartError("The resident server did not start in time.")
        return LostConnection()

    monkeypatch.setattr(serve, "ensure_server", ensure_server)
    assert main(["http", "-w", str(tmp_path)]) == 0
    assert len(starts) == 3
    assert "It is started again" in capsys.readouterr().err
