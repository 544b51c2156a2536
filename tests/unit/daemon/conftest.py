"""A resident server in this process, with a fake host."""

from __future__ import annotations

import threading

import pytest
from fake_host import FakeHost

from semlens.daemon.listener import listen
from semlens.daemon.process import ResidentServer
from semlens.service.connection import connect
from semlens.service.endpoint import create_private_folder, endpoint_of

JOIN_SECONDS = 300


class Running:
    """:ivar connect: a new connection, after its first line was sent."""

    def __init__(self, cache_folder, idle_s=1000.0):
        self.endpoint = endpoint_of(cache_folder)
        create_private_folder(self.endpoint.folder)
        self.host = FakeHost()
        self.server = ResidentServer(listen(self.endpoint), self.host, idle_s)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        self.open = []

    def connect(self, line=b""):
        connection = connect(self.endpoint)
        self.open.append(connection)
        if line:
            connection.write(line)
        return connection

    def join(self):
        self.thread.join(JOIN_SECONDS)
        assert not self.thread.is_alive()

    def close(self):
        self.server.stop("the test ends")
        self.join()
        for connection in self.open:
            connection.close()


@pytest.fixture
def start(tmp_path):
    servers = []

    def start(**options):
        servers.append(Running(tmp_path / "c", **options))
        return servers[-1]

    yield start
    for running in servers:
        running.close()


@pytest.fixture
def running(start):
    return start()
