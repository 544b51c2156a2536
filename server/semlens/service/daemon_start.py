"""Starts the resident server when there is none, and waits until it accepts connections.

Bridges and one-shot commands import this module, so it imports little.
"""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from semlens.core.errors import SemlensError
from semlens.service.connection import Connection, NoServerError, connect
from semlens.service.endpoint import Endpoint, create_private_folder
from semlens.settings.user_sources import REMOTE_KEY_VARIABLE, USER_VARIABLE

if TYPE_CHECKING:
    import subprocess

START_SECONDS = 20.0

_POLL_SECONDS = 0.01
_RESTART_SECONDS = 0.25
_MAX_KILLED = 5
_MAX_TAIL_BYTES = 4096
_started: list[subprocess.Popen[bytes]] = []
"""Servers that outlive the objects that started them. Python warns about a process that nobody waits for."""


@atexit.register
def _let_servers_outlive() -> None:
    for process in _started:
        if process.poll() is None:
            process.returncode = 0  # it runs on, on purpose


class StartError(SemlensError):
    """The resident server cannot be started. The message has the reason."""


def ensure_server(
    endpoint: Endpoint, *, timeout_s: float = START_SECONDS, command: Sequence[str] | None = None
) -> Connection:
    """Connect to the server. If there is none, start one and wait until it accepts connections.

    :param command: the program to start instead of ``semlens daemon run``, for tests.
    :raises StartError: when the server ends at once, or accepts nothing within the timeout.
    :raises EndpointError: when its place is not private.
    :raises PeerError: when the server belongs to another user.
    """
    try:
        return connect(endpoint)
    except NoServerError:
        create_private_folder(endpoint.folder)
    deadline = time.monotonic() + timeout_s
    n_killed = 0
    while True:
        log_size = _log_size(endpoint)
        process = _start(endpoint, command)
        connection = _wait(endpoint, process, deadline)
        if connection is not None:
            return connection
        # Code 0: another process had the lock. It starts, or it ended meanwhile and the next start has the lock.
        n_killed += process.returncode < 0
        if process.returncode > 0:
            raise StartError(f"The resident server cannot start: {_last_line(endpoint, log_size)}")
        if n_killed > _MAX_KILLED:
            raise StartError(f"The resident server cannot start: signal {-process.returncode} ends it. Find out why.")


def start_in_background(endpoint: Endpoint) -> None:
    """Start a server and do not wait for it. One that runs already stays the only one.

    :raises StartError: when no process can be started.
    :raises EndpointError: when its place is not private.
    """
    create_private_folder(endpoint.folder)
    _start(endpoint, None)


def run_command(endpoint: Endpoint) -> list[str]:
    """The command of the server's process. -P: the current folder must not be a place for Python modules."""
    return [
        sys.executable, "-P", "-m", "semlens", "daemon", "run", "--cache-folder", str(endpoint.cache_folder)
    ]  # fmt: skip


def _start(endpoint: Endpoint, command: Sequence[str] | None) -> subprocess.Popen[bytes]:
    """Start a process that does not end with this one, its terminal or its process group."""
    import subprocess

    environment = {
        name: value for name, value in os.environ.items() if name not in (USER_VARIABLE, REMOTE_KEY_VARIABLE)
    }
    try:
        log = os.open(endpoint.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise StartError(
            f"The resident server cannot start: its log {endpoint.log_path} cannot be written "
            f"({error.strerror or error}). Delete it or free space, or set SEMLENS_CACHE_DIR to another folder."
        ) from error
    try:
        process = subprocess.Popen(
            list(command or run_command(endpoint)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/" if os.name == "posix" else None,
            env=environment,
            start_new_session=True,
            creationflags=getattr(subprocess, "DETACHED_PROCESS", 0),
        )
    except OSError as error:
        raise StartError(f"The resident server cannot start: {error.strerror or error}.") from error
    finally:
        os.close(log)
    _started.append(process)
    return process


def _wait(endpoint: Endpoint, process: subprocess.Popen[bytes], deadline: float) -> Connection | None:
    """A connection as soon as the server accepts one; None when the process ended.

    :raises StartError: at the deadline.
    """
    ended_at: float | None = None
    while True:
        if ended_at is None and process.poll() is not None:
            ended_at = time.monotonic()
        try:
            return connect(endpoint)
        except NoServerError:
            now = time.monotonic()
        if ended_at is not None and (process.returncode or now - ended_at > _RESTART_SECONDS):
            return None
        if now > deadline:
            raise StartError(f"The resident server did not start in time. Its log is {endpoint.log_path}")
        time.sleep(_POLL_SECONDS)


def _log_size(endpoint: Endpoint) -> int:
    try:
        return endpoint.log_path.stat().st_size
    except OSError:
        return 0


def _last_line(endpoint: Endpoint, start: int) -> str:
    """The last line of the log that was written after the start."""
    from semlens.core.text.printable import printable

    try:
        with endpoint.log_path.open("rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(start, log.tell() - _MAX_TAIL_BYTES))
            lines = log.read().decode(errors="backslashreplace").strip().splitlines()
    except OSError:
        lines = []
    if not lines:
        return f"it ended without a message. Its log is {endpoint.log_path}"
    return printable(lines[-1]).removeprefix("semlens: ")
