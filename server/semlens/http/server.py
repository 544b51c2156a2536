"""Listens, and runs the application until it is told to stop. `daemon.http_handler` decides what is served."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import ssl
from collections.abc import Iterable

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from semlens.core.errors import SemlensError
from semlens.http.options import HttpOptions

HEADER_SECONDS = 15.0
"""How long a client may take to send the head of a request."""

MAX_CONNECTIONS = 256
"""More than this many take the place of those that ask nothing. Each costs the process a file descriptor."""

CLOSE_SECONDS = 1
"""How long answers under way may take when the server ends."""

_KEEP_ALIVE_SECONDS = 75
_BACKLOG = 64


class ListenError(SemlensError):
    """The port, the address or the certificate cannot be used. The message says what to do."""


def open_socket(options: HttpOptions) -> socket.socket:
    """A socket that listens.

    :raises ListenError: when the port is taken, or the address is not of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            options.host, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise ListenError(f"{options.host} is no address of this machine. Check --host.") from error
    listening = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not options.may_choose_port:
                raise
            listening.bind((address[0], 0, *address[2:]))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise _explained(error, options) from error
    return listening


def tls_context(options: HttpOptions) -> ssl.SSLContext | None:
    """:raises ListenError: when the certificate or its key cannot be used."""
    if not options.tls_cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(options.tls_cert, options.tls_key or None, password=lambda: "")
    except OSError as error:  # a fault of TLS is one too
        reason = error.strerror or str(error)
        raise ListenError(
            f"The certificate {options.tls_cert} cannot be used: {reason}. It must be a PEM file with a key without a "
            "password, in the same file or in that of --tls-key."
        ) from error
    return context


class HttpServer:
    """Belongs to one event loop. :ivar stopped: it was told to stop."""

    def __init__(self, app: ASGIApp, listening: socket.socket, tls: ssl.SSLContext | None) -> None:
        config = uvicorn.Config(
            app,
            http=_PatientProtocol,
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=CLOSE_SECONDS,
            ssl_context_factory=None if tls is None else lambda _config, _default: tls,
        )
        self._listening = listening
        self._server = uvicorn.Server(config)
        self.stopped = asyncio.Event()

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    async def serve(self) -> None:
        """Answer until `stop`. On a thread other than the main one, so signals stay with their owner."""
        await self._server.serve([self._listening])

    def stop(self) -> None:
        self._server.should_exit = True
        self.stopped.set()


class _PatientProtocol(H11Protocol):
    """Closes a connection whose client does not send the head of a request in time, and one of too many."""

    _waiting: asyncio.TimerHandle | None = None
    idle_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.idle_since = self.loop.time()
        self._watch_head()
        if len(self.connections) > MAX_CONNECTIONS:
            self._make_room()

    def _make_room(self) -> None:
        """Close the connection that has had no request for longest, so that nobody keeps others out by silence."""
        patient = [one for one in self.connections if isinstance(one, _PatientProtocol)]
        oldest = min((one for one in patient if one.is_idle), key=lambda one: one.idle_since)
        self.connections.discard(oldest)  # not when the loop tells it: others may come before that
        oldest.transport.abort()

    @property
    def is_idle(self) -> bool:
        return self.conn.our_state is h11.IDLE

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    def _watch_head(self) -> None:
        """Start the time, unless it runs already; or stop it when the head is complete."""
        if self.conn.their_state is not h11.IDLE:
            self._stop_watching()
        elif self._waiting is None:
            self._waiting = self.loop.call_later(HEADER_SECONDS, self._close)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.idle_since = self.loop.time()
        self._stop_watching()  # what follows is bounded by the time to keep a connection

    def _stop_watching(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _close(self) -> None:
        with contextlib.suppress(OSError):
            self.transport.close()


def own_names(options: HttpOptions) -> list[str]:
    """The host names under which other machines may ask, in lower case."""
    if options.is_loopback:
        return []
    names: Iterable[str] = (options.host, socket.gethostname(), socket.getfqdn())
    return sorted({name.lower().rstrip(".") for name in names if name})


def _explained(error: OSError, options: HttpOptions) -> ListenError:
    place = f"Port {options.port} of {options.host}"
    if error.errno == errno.EADDRINUSE:
        return ListenError(f"{place} is taken. Give another one with --port, or end the program that listens there.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return ListenError(f"{place} is not allowed for this user. Give one above 1023 with --port.")
    if error.errno == errno.EADDRNOTAVAIL:
        return ListenError(f"{options.host} is no address of this machine. Check --host.")
    return ListenError(f"{place} cannot be used: {error.strerror or error}. Give another one with --port.")
