"""Connections between a client and the resident server: raw streams over a Unix socket, or over a Windows pipe.

Both ends use the same classes, and both check that the other process belongs to this user. What is sent is the
caller's: one line that names the protocol, then the protocol's own bytes.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import select
import socket
import struct
import sys
import time
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from semlens.core.errors import SemlensError
from semlens.service.endpoint import Endpoint, check_own_socket, check_private_folder

if TYPE_CHECKING:
    import multiprocessing.connection

    from _typeshed import ReadableBuffer, WriteableBuffer

CONNECT_SECONDS = 2.0

_PLATFORM: str = sys.platform
_RETRY_SECONDS = 0.005
_PIPE_CHUNK_BYTES = 1 << 16
_SOL_LOCAL, _LOCAL_PEERCRED, _LOCAL_PEERPID = 0, 1, 2  # macOS and FreeBSD; Python does not name them everywhere
_XUCRED = struct.Struct("=Ii")  # the start of it: the version and the user
_UCRED = struct.Struct("=iII")  # Linux: the process, the user and the group


class NoServerError(SemlensError):
    """No server accepts connections: nothing listens there, or it is too busy."""


class ServerLostError(SemlensError):
    """The resident server ended, or the connection broke."""


class PeerError(SemlensError):
    """The process at the other end belongs to another user."""


class Connection(io.RawIOBase):
    """A raw stream to another process of this user. One thread may read while another writes.

    :ivar peer_process_id: the process at the other end, or None where the system does not say.
    """

    def __init__(self) -> None:
        super().__init__()
        self.peer_process_id: int | None = None
        self._unread = b""

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes as soon as there are any; empty at the end of the input.

        :raises OSError: when the connection is broken.
        """
        if not size:
            return b""
        if not self._unread:
            return self._receive(size if size > 0 else io.DEFAULT_BUFFER_SIZE)
        end = size if size > 0 else len(self._unread)
        data, self._unread = self._unread[:end], self._unread[end:]
        return data

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def unread(self, data: bytes) -> None:
        """Put data back: the next read returns it first."""
        self._unread = data + self._unread

    def wait_readable(self, timeout_s: float) -> bool:
        """Wait until a read would return at once. Returns False after the timeout."""
        return bool(self._unread) or self._poll(max(timeout_s, 0.0))

    @abstractmethod
    def write(self, data: ReadableBuffer, /) -> int:
        """Write all of the data. Blocks while the other end does not read."""

    @abstractmethod
    def check_peer(self) -> None:
        """Check that the other process belongs to this user, and learn its id.

        :raises PeerError: when it does not.
        :raises OSError: when the connection is broken.
        """

    @abstractmethod
    def end_writing(self) -> None:
        """Tell the other end that nothing more will come. Reading goes on."""

    @abstractmethod
    def _receive(self, size: int) -> bytes: ...

    @abstractmethod
    def _poll(self, timeout_s: float) -> bool: ...


class SocketConnection(Connection):
    """A connection over a Unix socket."""

    def __init__(self, connected: socket.socket) -> None:
        super().__init__()
        self._socket = connected

    def write(self, data: ReadableBuffer, /) -> int:
        self._socket.sendall(data)
        return memoryview(data).nbytes

    def check_peer(self) -> None:
        self.peer_process_id, user_id = peer_of(self._socket)
        if sys.platform == "win32":  # tells the type checker that only others come here
            raise NotImplementedError
        if user_id is not None and user_id != os.geteuid():
            raise PeerError("The other end of the server's socket belongs to another user, so it is not used.")

    def end_writing(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close the connection. A thread that reads or writes meanwhile returns."""
        if not self.closed:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
        super().close()

    def _receive(self, size: int) -> bytes:
        return self._socket.recv(size)

    def _poll(self, timeout_s: float) -> bool:
        if sys.platform == "win32":  # tells the type checker that only others come here
            raise NotImplementedError
        poll = select.poll()
        try:
            poll.register(self._socket, select.POLLIN)
        except ValueError:  # another thread closed it
            raise OSError(errno.EBADF, "The connection was closed.") from None
        return bool(poll.poll(timeout_s * 1000))


class PipeConnection(Connection):
    """A connection over a Windows pipe, whose messages become one stream. An empty message ends the input.

    A pipe does not tell the user of the other process. Each end proves that it can read a key in the private folder.
    """

    def __init__(self, pipe: multiprocessing.connection.Connection, key: bytes, *, is_client: bool) -> None:
        super().__init__()
        self._pipe = pipe
        self._key = key
        self._is_client = is_client
        self._at_end = False

    def write(self, data: ReadableBuffer, /) -> int:
        view = memoryview(data).cast("B")
        for start in range(0, len(view), _PIPE_CHUNK_BYTES):
            self._pipe.send_bytes(view[start : start + _PIPE_CHUNK_BYTES])
        return len(view)

    def check_peer(self) -> None:
        from multiprocessing import AuthenticationError
        from multiprocessing.connection import answer_challenge, deliver_challenge

        steps = [deliver_challenge, answer_challenge]
        try:
            for step in reversed(steps) if self._is_client else steps:
                step(self._pipe, self._key)
        except (AuthenticationError, EOFError) as error:
            raise PeerError("The other end of the server's pipe does not know its key, so it is not used.") from error

    def end_writing(self) -> None:
        with contextlib.suppress(OSError):
            self._pipe.send_bytes(b"")

    def close(self) -> None:
        if not self.closed:
            self._pipe.close()
        super().close()

    def _receive(self, size: int) -> bytes:
        if self._at_end:
            return b""
        try:
            data = self._pipe.recv_bytes(_PIPE_CHUNK_BYTES)
        except EOFError:
            data = b""
        self._at_end = not data
        self._unread = data[size:]
        return data[:size]

    def _poll(self, timeout_s: float) -> bool:
        return self._at_end or self._pipe.poll(timeout_s)


def connect(endpoint: Endpoint, timeout_s: float = CONNECT_SECONDS) -> Connection:
    """Connect to the server of an endpoint and check that it belongs to this user.

    :raises NoServerError: when no server listens there, or it accepts nothing within the timeout.
    :raises EndpointError: when the place is not private.
    :raises PeerError: when the server belongs to another user.
    """
    connection = _connect_pipe(endpoint) if sys.platform == "win32" else _connect_socket(endpoint, timeout_s)
    try:
        connection.check_peer()
    except OSError as error:
        connection.close()
        raise NoServerError("The resident server ended. Try again.") from error
    except PeerError:
        connection.close()
        raise
    return connection


def _connect_socket(endpoint: Endpoint, timeout_s: float) -> Connection:
    if sys.platform == "win32":  # tells the type checker that only others come here
        raise NotImplementedError
    deadline = time.monotonic() + timeout_s
    connecting = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        check_private_folder(endpoint.folder)
        check_own_socket(endpoint.address)
        connecting.settimeout(timeout_s)
        while not _has_connected(connecting, endpoint.address):
            if time.monotonic() > deadline:
                raise NoServerError("The resident server is too busy to accept connections. Try again later.")
            time.sleep(_RETRY_SECONDS)
        connecting.settimeout(None)
    except OSError as error:  # it is missing, or nobody listens any more
        connecting.close()
        raise NoServerError("No resident server runs. Start it with `semlens daemon start`.") from error
    except SemlensError:
        connecting.close()
        raise
    return SocketConnection(connecting)


def _has_connected(connecting: socket.socket, address: str) -> bool:
    """:raises OSError: when no server listens."""
    try:
        connecting.connect(address)
    except BlockingIOError:  # too many connections wait for the server already
        return False
    return True


def _connect_pipe(endpoint: Endpoint) -> Connection:
    from multiprocessing.connection import Client

    try:
        key = endpoint.key_path.read_bytes()
        pipe: Any = Client(endpoint.address, family="AF_PIPE")
    except OSError as error:
        raise NoServerError("No resident server runs. Start it with `semlens daemon start`.") from error
    return PipeConnection(pipe, key, is_client=True)


def peer_of(connected: socket.socket) -> tuple[int | None, int | None]:
    """The process and the user at the other end; None where the system does not say."""
    if sys.platform == "linux" and _PLATFORM == "linux":
        process_id, user_id, _ = _UCRED.unpack(connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
        return process_id, user_id
    if _PLATFORM == "darwin" or _PLATFORM.startswith("freebsd"):
        data = connected.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, 128)
        _, user_id = _XUCRED.unpack_from(data)
        process_id = None
        if _PLATFORM == "darwin":
            with contextlib.suppress(OSError):
                process_id = connected.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID)
        return process_id, user_id
    return None, None  # the private folder keeps other users out
