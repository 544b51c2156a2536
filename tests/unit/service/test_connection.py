"""Connections over Unix sockets, and over the pipe adapter with Unix sockets behind it."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from multiprocessing.connection import Pipe

import pytest

from semlens.service import connection as connections
from semlens.service.connection import NoServerError, PeerError, PipeConnection, SocketConnection, connect, peer_of
from semlens.service.endpoint import EndpointError, create_private_folder, endpoint_of

KEY = b"key"


@pytest.fixture(params=["socket", "pipe"])
def ends(request):
    """Both ends of one connection."""
    if request.param == "socket":
        pair = [SocketConnection(end) for end in socket.socketpair()]
    else:
        server, client = Pipe()
        pair = [PipeConnection(server, KEY, is_client=False), PipeConnection(client, KEY, is_client=True)]
    yield pair
    for end in pair:
        end.close()


def read_all(end) -> bytes:
    return b"".join(iter(lambda: end.read(1000), b""))


def check_both(ends) -> list[BaseException]:
    """Both ends check each other at once, as two processes would."""
    errors = []

    def check(end):
        try:
            end.check_peer()
        except PeerError as error:
            errors.append(error)
            end.close()

    threads = [threading.Thread(target=check, args=(end,)) for end in ends]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_a_message_of_any_size_arrives_as_a_stream(ends):
    server, client = ends
    data = bytes(range(256)) * 1000
    sender = threading.Thread(target=lambda: (client.write(data), client.end_writing()))
    sender.start()
    assert read_all(server) == data
    sender.join()
    server.write(b"the other direction is still open")
    server.end_writing()
    assert read_all(client) == b"the other direction is still open"


def test_reads_return_available_bytes(ends):
    server, client = ends
    client.write(b"abcdef")
    assert [server.read(2), server.read(100)] == [b"ab", b"cdef"]
    server.unread(b"again")
    assert server.wait_readable(0)
    assert [server.read(3), server.read(3)] == [b"aga", b"in"]
    assert not server.wait_readable(0)


def test_the_other_process_may_exit(ends):
    server, client = ends
    client.close()
    assert server.wait_readable(5)
    assert server.read(10) == b""
    with pytest.raises(OSError, match=r"."):
        server.write(b"x" * 1_000_000)


def test_an_end_that_another_thread_closed_is_broken(ends):
    server, _ = ends
    server.close()
    with pytest.raises(OSError, match=r"closed"):
        server.wait_readable(0)


def test_closing_frees_a_thread_that_writes_to_a_client_that_never_reads():
    server, client = (SocketConnection(end) for end in socket.socketpair())
    failed = threading.Event()

    def write_for_ever():
        try:
            server.write(b"x" * 10_000_000)
        except OSError:
            failed.set()

    writer = threading.Thread(target=write_for_ever)
    writer.start()
    assert client.wait_readable(300)
    server.close()
    assert failed.wait(300)
    writer.join()
    client.close()


def test_processes_of_one_user_accept_each_other(ends):
    assert check_both(ends) == []


def test_another_user_is_refused(ends, monkeypatch):
    monkeypatch.setattr(connections, "peer_of", lambda _socket: (1, os.geteuid() + 1))
    if isinstance(ends[0], PipeConnection):
        ends[1]._key = b"another key"
    assert check_both(ends)


def test_the_process_id_of_the_peer_is_known():
    one, other = socket.socketpair()
    with one, other:
        assert peer_of(one) == (os.getpid(), os.geteuid())


@pytest.fixture
def endpoint(tmp_path):
    return endpoint_of(tmp_path / "c")


@pytest.fixture
def listening(endpoint):
    create_private_folder(endpoint.folder)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(endpoint.address)
        listener.listen(1)
        yield listener


def test_connects_to_a_server(endpoint, listening):
    with connect(endpoint) as connection, listening.accept()[0]:
        assert connection.peer_process_id == os.getpid()


def test_a_missing_or_stale_socket_is_no_server(endpoint):
    with pytest.raises(NoServerError):
        connect(endpoint)
    create_private_folder(endpoint.folder)
    with pytest.raises(NoServerError):
        connect(endpoint)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(endpoint.address)
    with pytest.raises(NoServerError, match="daemon start"):
        connect(endpoint)


def test_a_server_that_does_not_accept_times_out(endpoint, listening):
    with contextlib.ExitStack() as waiting, pytest.raises(NoServerError, match="busy"):
        _ = [waiting.enter_context(connect(endpoint, timeout_s=0.01)) for _ in range(10)]


def test_a_socket_of_another_user_is_refused(endpoint, listening, monkeypatch):
    monkeypatch.setattr(connections, "peer_of", lambda _socket: (1, os.geteuid() + 1))
    with pytest.raises(PeerError, match="another user"):
        connect(endpoint)
    endpoint.folder.chmod(0o755)
    with pytest.raises(EndpointError, match="chmod"):
        connect(endpoint)
