"""Where the resident server accepts connections: a private socket, or a pipe behind the same interface."""

from __future__ import annotations

import socket
import stat
import threading
from multiprocessing.connection import Client
from pathlib import Path

import pytest

from semlens.daemon.listener import PipeListener, SocketListener, listen
from semlens.service.connection import PeerError, PipeConnection, connect
from semlens.service.endpoint import EndpointError, create_private_folder, endpoint_of


@pytest.fixture
def endpoint(tmp_path):
    endpoint = endpoint_of(tmp_path / "c")
    create_private_folder(endpoint.folder)
    return endpoint


@pytest.fixture(params=[SocketListener, lambda endpoint: PipeListener(endpoint, family="AF_UNIX")])
def listener(request, endpoint):
    listener = request.param(endpoint)
    yield listener
    listener.close()


def join_accept(listener) -> list:
    """What `accept` returns after `close`."""
    results = []
    thread = threading.Thread(target=lambda: results.append(listener.accept()))
    thread.start()
    listener.close()
    thread.join(300)
    return results


def test_close_wakes_the_thread_that_accepts(listener):
    assert join_accept(listener) == [None]


def test_close_wakes_it_even_if_the_socket_was_deleted(endpoint):
    listener = SocketListener(endpoint)
    Path(endpoint.address).unlink()
    assert not listener.is_reachable()
    assert join_accept(listener) == [None]


def test_only_the_user_may_open_the_socket(endpoint):
    listener = SocketListener(endpoint)
    assert stat.S_IMODE(Path(endpoint.address).stat().st_mode) == 0o600
    listener.close()
    assert not Path(endpoint.address).exists()


def test_a_stale_socket_is_replaced(endpoint):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(endpoint.address)
    listener = listen(endpoint)
    connect(endpoint).close()
    listener.close()


def test_a_place_that_cannot_be_used_is_one_sentence(endpoint):
    Path(endpoint.address).mkdir()
    with pytest.raises(EndpointError, match="Cannot listen at"):
        listen(endpoint)


@pytest.mark.parametrize("knows_key", [True, False])
def test_a_pipe_serves_who_knows_its_key(endpoint, knows_key):
    listener = PipeListener(endpoint, family="AF_UNIX")
    key = endpoint.key_path.read_bytes() if knows_key else b"guessed"
    client = PipeConnection(Client(endpoint.address, family="AF_UNIX"), key, is_client=True)
    server = listener.accept()
    received = []

    def serve():
        try:
            server.check_peer()
            received.append(server.read(100))
        except PeerError:
            server.close()

    thread = threading.Thread(target=serve)
    thread.start()
    if knows_key:
        client.check_peer()
        client.write(b"hello")
    else:
        with pytest.raises(PeerError):
            client.check_peer()
    thread.join(300)
    assert received == ([b"hello"] if knows_key else [])
    client.close()
    server.close()
    listener.close()
