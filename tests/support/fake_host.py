"""A host of the resident server without an engine. Its simple protocols test how the process handles connections.

``echo`` sends back what it reads. ``hello`` sends the description of the client as one line. ``flood`` writes without end.
As a program it is a resident server: ``python fake_host.py CACHE_FOLDER [IDLE_SECONDS]``.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from pathlib import Path


class FakeHost:
    """:ivar clients: the clients being served."""

    def __init__(self, cache_folder=None, settings=None):
        self.cache_folder = cache_folder
        self.settings = settings
        self.clients = []
        self.is_closed = False
        self._last_used = time.monotonic()

    @property
    def idle_since(self):
        return None if self.clients else self._last_used

    def handlers(self):
        # `lsp` and `api` echo too, so that tests of bridges need no engine.
        return {name: self._serving(self._echo) for name in ("echo", "lsp", "api")} | {
            "hello": self._serving(self._hello),
            "flood": self._serving(self._flood),
            "fault": self._serving(self._fault),
        }

    def sessions(self):
        return [{"client": client.hello.get("client", ""), "protocol": client.protocol} for client in self.clients]

    def roots(self):
        return []

    def close(self):
        self.is_closed = True

    def _serving(self, handler):
        def serve(client):
            self.clients.append(client)
            try:
                handler(client)
            finally:
                self._last_used = time.monotonic()
                self.clients.remove(client)

        return serve

    @staticmethod
    def _echo(client):
        while data := client.reader.read(1 << 16):
            client.writer.write(data)
        client.writer.end_writing()

    @staticmethod
    def _hello(client):
        client.writer.write(json.dumps(client.hello).encode() + b"\n")

    @staticmethod
    def _flood(client):
        for _ in itertools.count():
            client.writer.write(b"x" * (1 << 16))

    @staticmethod
    def _fault(client):
        raise ZeroDivisionError(client.protocol)


if __name__ == "__main__":
    from semlens.daemon.process import run

    idle_s = float(sys.argv[2]) if len(sys.argv) > 2 else None
    sys.exit(run(Path(sys.argv[1]), idle_s=idle_s, host_factory=FakeHost))
