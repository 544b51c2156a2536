"""The process of the resident server: its lock, its log, its signals, and a thread for each connection.

Whoever holds the lock is the server. A socket whose server holds no lock is stale, so the next server replaces it. What
a client asks is not known here: the `Host` gives a handler for each protocol.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from semlens import __version__
from semlens.daemon import control
from semlens.daemon.client_connection import ClientConnection, Handler, read_hello, refuse, send_error
from semlens.daemon.listener import Listener, listen
from semlens.engine.process_limits import check_process_limits
from semlens.index.storage.writer_lock import WriterLock
from semlens.lsp.connection.logs import configure_detached_logging
from semlens.service.connection import Connection, PeerError
from semlens.service.endpoint import EndpointError, create_private_folder, endpoint_of
from semlens.service.hello import HelloError
from semlens.settings.loading import Settings, load_settings
from semlens.settings.user_sources import REMOTE_KEY_VARIABLE, USER_VARIABLE

logger = logging.getLogger(__name__)

HOST = "semlens.daemon.host:Host"
"""The class of the real host, imported by name: it loads the engine."""

MAX_CONNECTIONS = 256
CLOSE_SECONDS = 3.0
"""How long the host may take to close. Threads that still run then end with the process."""

_CHECK_SECONDS = 30.0
_held_locks: list[WriterLock] = []
"""Kept until the process ends: a lock that nothing refers to is released."""


class Host(Protocol):
    """What the process serves. Its methods are called from any thread."""

    @property
    def idle_since(self) -> float | None:
        """Monotonic seconds since when nothing is under way; None while something is."""

    def handlers(self) -> Mapping[str, Handler]:
        """The handler of each protocol, e.g. of ``lsp``. ``control`` is not among them."""

    def sessions(self) -> list[dict[str, Any]]:
        """The sessions as JSON: ``client``, ``protocol``, ``roots``, ``openDocuments``."""

    def roots(self) -> list[dict[str, Any]]:
        """The roots as JSON: ``path`` and what else is known."""

    def close(self) -> None:
        """Stop everything. No handler runs any more, or it is about to return."""


HostFactory: TypeAlias = Callable[[Path, Settings], Host]
"""Makes the host for a cache folder and the user's settings of ``config.toml``."""


class ResidentServer:
    """Accepts connections until it is told to stop, or no client was connected for a while."""

    def __init__(self, listener: Listener, host: Host, idle_s: float) -> None:
        self._listener = listener
        self._host = host
        self._idle_s = idle_s
        self._started = time.monotonic()
        self._last_client = self._started
        self._handlers: dict[str, Handler] = {**host.handlers(), "control": self._control}
        self._lock = threading.Lock()
        self._connections: set[Connection] = set()
        self._n_clients = 0
        self._is_closing = False
        self._stop_reasons: queue.SimpleQueue[str] = queue.SimpleQueue()  # its `put` is safe in a signal handler

    def run(self) -> None:
        """Serve until the end, then close everything."""
        threading.Thread(target=self._accept, name="semlens-accept", daemon=True).start()
        while True:
            try:
                reason = self._stop_reasons.get(timeout=max(0.0, min(_CHECK_SECONDS, self._idle_s - self.idle_for())))
            except queue.Empty:
                reason = self._reason_to_end()
            if reason:
                break
        logger.info("The resident server ends: %s.", reason)
        self._close()

    def stop(self, reason: str) -> None:
        """End soon. Safe in a signal handler."""
        self._stop_reasons.put(reason)

    def idle_for(self) -> float:
        """Seconds since the last client left and the host finished its work."""
        host_idle_since = self._host.idle_since
        if self._n_clients or host_idle_since is None:
            return 0.0
        return time.monotonic() - max(self._last_client, host_idle_since)

    def status(self) -> dict[str, Any]:
        """What `semlens daemon status` prints."""
        return {
            "running": True,
            "processId": os.getpid(),
            "version": __version__,
            "ageSeconds": round(time.monotonic() - self._started, 1),
            "sessions": self._host.sessions(),
            "roots": self._host.roots(),
            "memory": control.memory_use(),
        }

    def _reason_to_end(self) -> str:
        """Empty to go on."""
        if self.idle_for() >= self._idle_s:
            return "it was idle"
        if not self._n_clients and not self._listener.is_reachable():
            return "its socket was deleted"
        return ""

    def _accept(self) -> None:
        try:
            while (connection := self._listener.accept()) is not None:
                self._start(connection)
        except Exception:
            logger.exception("The server cannot accept connections any more.")
            self.stop("it cannot accept connections")

    def _start(self, connection: Connection) -> None:
        with self._lock:
            is_full = self._is_closing or len(self._connections) >= MAX_CONNECTIONS
            if not is_full:
                self._connections.add(connection)
        if is_full:
            message = f"The resident server serves {MAX_CONNECTIONS} connections already. Close some and try again."
            logger.warning("A connection is refused: %s", message)
            with contextlib.suppress(OSError):
                send_error(connection, message)  # its buffer is empty, so this does not block
            connection.close()
            return
        try:
            threading.Thread(target=self._serve, args=(connection,), name="semlens-client", daemon=True).start()
        except RuntimeError:
            logger.warning("A connection is refused: the system starts no more threads.")
            self._forget(connection)

    def _serve(self, connection: Connection) -> None:
        try:
            connection.check_peer()
            client = read_hello(connection)
            if client is not None:
                self._handle(client)
        except PeerError as error:
            logger.warning("A connection is refused: %s", error)
        except HelloError as error:
            logger.warning("A connection is refused: %s", error)
            with contextlib.suppress(OSError):
                refuse(connection, str(error))
        except OSError:
            pass  # the client left
        except Exception:
            logger.exception("A connection failed.")
        finally:
            self._forget(connection)

    def _handle(self, client: ClientConnection) -> None:
        handler = self._handlers.get(client.protocol)
        if handler is None:
            known = ", ".join(sorted(self._handlers))
            raise HelloError(f"The resident server does not know the protocol '{client.protocol}'. It knows: {known}.")
        if client.protocol == "control":
            handler(client)
            return
        with self._counted():
            handler(client)

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self._n_clients += 1
        try:
            yield
        finally:
            with self._lock:
                self._n_clients -= 1
                self._last_client = time.monotonic()

    def _forget(self, connection: Connection) -> None:
        connection.close()
        with self._lock:
            self._connections.discard(connection)

    def _control(self, client: ClientConnection) -> None:
        control.serve(client, self.status, self.stop)

    def _close(self) -> None:
        self._listener.close()
        with self._lock:
            self._is_closing = True
            connections = list(self._connections)
        for connection in connections:
            connection.close()  # frees a thread that writes to a client that does not read
        closer = threading.Thread(target=self._host.close, name="semlens-close", daemon=True)
        closer.start()
        closer.join(CLOSE_SECONDS)


def run(cache_folder: Path, *, idle_s: float | None = None, host_factory: HostFactory | None = None) -> int:
    """Be the resident server of a cache folder until the end. The process should then exit.

    :param idle_s: instead of the setting ``server.idleMinutes``.
    :param host_factory: another host, for tests.
    :returns: the exit code. It is 0 at once when another process is the server already.
    :raises SemlensError: when it cannot start.
    """
    check_process_limits()  # they hold for every session, so this says why at the start
    os.umask(0o077)
    for variable in (USER_VARIABLE, REMOTE_KEY_VARIABLE):
        os.environ.pop(variable, None)  # of the client that started it; each session has its own
    endpoint = endpoint_of(cache_folder)
    create_private_folder(endpoint.folder)
    lock = WriterLock(endpoint.lock_path)
    if not lock.acquire():
        return 0
    _held_locks.append(lock)
    with contextlib.suppress(OSError):  # clients that wait for it are then less patient
        endpoint.process_path.write_text(str(os.getpid()), encoding="ascii")
    settings, problems = load_settings()
    configure_detached_logging(endpoint.log_path, settings.log.level)
    for problem in problems:
        logger.warning("%s", problem.message)
    host = (host_factory or _default_host)(endpoint.cache_folder, settings)
    try:
        listener = listen(endpoint)
    except EndpointError:
        host.close()
        raise
    server = ResidentServer(listener, host, settings.server.idle_minutes * 60.0 if idle_s is None else idle_s)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: server.stop(f"it got {signal.Signals(number).name}"))
    logger.info("semlens %s serves %s at %s", __version__, endpoint.cache_folder, endpoint.address)
    server.run()
    _exit_after_timeout()
    return 0


def _default_host(cache_folder: Path, settings: Settings) -> Host:
    module, _, name = HOST.partition(":")
    host: Host = getattr(importlib.import_module(module), name)(cache_folder, settings)
    return host


def _exit_after_timeout() -> None:
    """End the process even if a thread of some library does not end."""
    timer = threading.Timer(CLOSE_SECONDS, os._exit, (0,))
    timer.daemon = True
    timer.start()
