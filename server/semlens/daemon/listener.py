"""Accepts connections at an endpoint: on a Unix socket that only its user may open, or on a Windows pipe."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from semlens.core.errors import SemlensError
from semlens.service.connection import Connection, PipeConnection, SocketConnection, connect
from semlens.service.endpoint import Endpoint, EndpointError

if TYPE_CHECKING:
    import multiprocessing.connection

_BACKLOG = 64
_WAKE_SECONDS = 1.0
_PAUSE_SECONDS = 0.1
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_KEY_BYTES = 32


class Listener(Protocol):
    """Where clients connect."""

    def accept(self) -> Connection | None:
        """The next connection, whose peer is not checked yet; None after `close`. One thread may call it."""

    def is_reachable(self) -> bool:
        """Whether clients still find this listener: somebody may have deleted its socket."""

    def close(self) -> None:
        """Stop listening and wake the thread in `accept`."""


def listen(endpoint: Endpoint) -> Listener:
    """Listen at an endpoint. The caller holds its lock, so what lies there belongs to a dead server.

    :raises EndpointError: when that is not possible.
    """
    try:
        return PipeListener(endpoint) if sys.platform == "win32" else SocketListener(endpoint)
    except OSError as error:
        raise EndpointError(
            f"Cannot listen at {endpoint.address}: {error.strerror or error}. Make its folder writable or delete it."
        ) from error


class SocketListener:
    """Listens on a Unix socket."""

    _socket: socket.socket
    _identity: tuple[int, int] | None

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._closed = threading.Event()
        if sys.platform == "win32":  # tells the type checker that only others come here
            raise NotImplementedError
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            Path(endpoint.address).unlink(missing_ok=True)
            self._socket.bind(endpoint.address)
            # Nobody else can enter its folder. A umask would also hold for files that other threads create meanwhile.
            Path(endpoint.address).chmod(0o600)
            self._socket.listen(_BACKLOG)
            self._identity = _identity(endpoint.address)
        except OSError:
            self._socket.close()
            raise

    def accept(self) -> Connection | None:
        while not self._closed.is_set():
            try:
                accepted, _ = self._socket.accept()
            except OSError as error:
                if self._closed.is_set():
                    break
                if error.errno in _EXHAUSTED:
                    time.sleep(_PAUSE_SECONDS)  # the connection waits until others are closed
                elif error.errno not in (errno.ECONNABORTED, errno.EPROTO):
                    raise
            else:
                if not self._closed.is_set():
                    return SocketConnection(accepted)
                accepted.close()
        return None

    def is_reachable(self) -> bool:
        return _identity(self._endpoint.address) == self._identity

    def close(self) -> None:
        self._closed.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes `accept` on Linux, even if the socket was deleted
        _wake(self._endpoint)
        self._socket.close()
        if self.is_reachable():
            with contextlib.suppress(OSError):
                Path(self._endpoint.address).unlink()


class PipeListener:
    """Listens on a Windows pipe. Clients prove that they can read the key that is written beside the lock."""

    def __init__(self, endpoint: Endpoint, family: str = "AF_PIPE") -> None:
        from multiprocessing.connection import Listener as MessageListener

        self._endpoint = endpoint
        self._closed = threading.Event()
        self._key = os.urandom(_KEY_BYTES)
        endpoint.key_path.unlink(missing_ok=True)
        with os.fdopen(os.open(endpoint.key_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(self._key)
        self._listener: multiprocessing.connection.Listener = MessageListener(endpoint.address, family=family)

    def accept(self) -> Connection | None:
        while not self._closed.is_set():
            try:
                pipe: Any = self._listener.accept()
            except OSError:  # the client left at once
                continue
            if not self._closed.is_set():
                return PipeConnection(pipe, self._key, is_client=False)
            pipe.close()
        return None

    def is_reachable(self) -> bool:
        with contextlib.suppress(OSError):
            return self._endpoint.key_path.read_bytes() == self._key
        return False

    def close(self) -> None:
        self._closed.set()
        _wake(self._endpoint)
        self._listener.close()
        self._endpoint.key_path.unlink(missing_ok=True)


def _wake(endpoint: Endpoint) -> None:
    """Connect once, so that a thread in `accept` returns. A socket that is closed wakes nobody on some systems."""
    with contextlib.suppress(SemlensError, OSError):
        connect(endpoint, _WAKE_SECONDS).close()


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
