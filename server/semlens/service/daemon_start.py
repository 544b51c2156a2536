"""Starts the resident server when there is none, and waits until it accepts connections.

Bridges and one-shot commands import this module, so it imports little.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from semlens.core.errors import SemlensError
from semlens.service.connection import Connection, NoServerError, connect
from semlens.service.endpoint import Endpoint, create_private_folder
from semlens.settings.user_sources import REMOTE_KEY_VARIABLE, USER_VARIABLE

if TYPE_CHECKING:
    import subprocess

PATIENCE_SECONDS = 20.0
"""How long a server that starts may use no processor time. While it uses some it is waited for, as long as it takes."""

TELL_SECONDS = 10.0
"""How long the user waits for a server that starts before hearing of it. Each further message comes half as often."""

_POLL_SECONDS = 0.01
_LOOK_SECONDS = 0.5
_RESTART_SECONDS = 0.25
_MOST_RESTART_SECONDS = 4.0
"""Another process starts the server. Looking whether it still does takes a process, so the pauses get longer."""

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
    endpoint: Endpoint,
    *,
    patience_s: float = PATIENCE_SECONDS,
    command: Sequence[str] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Connection:
    """Connect to the server. If there is none, start one and wait until it accepts connections.

    On a busy machine that may take minutes.

    :param patience_s: see `PATIENCE_SECONDS`.
    :param command: the program to start instead of ``semlens daemon run``, for tests.
    :param tell: is given sentences about a long wait; they go to the standard error by default.
    :raises StartError: when the server ends at once, or does nothing for as long as the patience.
    :raises EndpointError: when its place is not private.
    :raises PeerError: when the server belongs to another user.
    """
    try:
        return connect(endpoint)
    except NoServerError:
        create_private_folder(endpoint.folder)
    waiting = _Waiting(endpoint, patience_s, tell or _tell)
    n_killed = 0
    pause_s = _RESTART_SECONDS
    while True:
        log_size = _log_size(endpoint)
        process = _start(endpoint, command)
        connection = _wait(endpoint, process, waiting, pause_s)
        if connection is not None:
            return connection
        # Code 0: another process had the lock. It starts, or it ended meanwhile and the next start has the lock.
        waiting.has_other = process.returncode == 0
        pause_s = min(2 * pause_s, _MOST_RESTART_SECONDS)
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


def _wait(endpoint: Endpoint, process: subprocess.Popen[bytes], waiting: _Waiting, pause_s: float) -> Connection | None:
    """A connection as soon as the server accepts one; None when the process ended.

    :param pause_s: how long to go on after the process ended with code 0.
    :raises StartError: see `_Waiting.check`.
    """
    ended_at: float | None = None
    while True:
        if ended_at is None and process.poll() is not None:
            ended_at = time.monotonic()
        try:
            return connect(endpoint)
        except NoServerError:
            now = time.monotonic()
        if ended_at is not None and (process.returncode or now - ended_at > pause_s):
            return None
        waiting.check(process.pid)
        time.sleep(_POLL_SECONDS)


class _Waiting:
    """Whether it is worth waiting any longer for a server that starts.

    :ivar has_other: whether another process was the server when one was started here.
    """

    def __init__(self, endpoint: Endpoint, patience_s: float, tell: Callable[[str], None]) -> None:
        self._endpoint = endpoint
        self._patience_s = patience_s
        self._tell = tell
        self._started = self._looked = self._progressed = time.monotonic()
        self._tell_at = self._started + TELL_SECONDS
        self._used: tuple[int, float] | None = None
        self.has_other = False

    def check(self, process_id: int) -> None:
        """:param process_id: of the process that was started here. :raises StartError: when the server does nothing."""
        now = time.monotonic()
        if now - self._looked >= min(_LOOK_SECONDS, self._patience_s):
            self._looked = now
            other = _processor_use(_server_process(self._endpoint)) if self.has_other else None
            used = other or _processor_use(process_id)
            if used is not None and used != self._used:
                self._used, self._progressed = used, now
        if now - self._progressed > self._patience_s:
            raise StartError(
                f"The resident server does not start: it does nothing. Its log is {self._endpoint.log_path}"
            )
        if now > self._tell_at:
            self._tell_at = now + (now - self._started)
            self._tell(
                f"The resident server still starts, after {now - self._started:.0f} s: this machine is busy. "
                f"Its log is {self._endpoint.log_path}"
            )


def _server_process(endpoint: Endpoint) -> int | None:
    """The process that has the lock of the server, as it says itself."""
    try:
        return int(endpoint.process_path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _processor_use(process_id: int | None) -> tuple[int, float] | None:
    """The process, and the seconds of processor time that it has used; None when there is no such process."""
    import psutil  # slow to load and rarely needed

    if process_id is None:
        return None
    try:
        times = psutil.Process(process_id).cpu_times()
    except (psutil.Error, ValueError, OverflowError):
        return None
    return process_id, times.user + times.system


def _tell(text: str) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):  # no stream, or nobody reads it
        sys.stderr.write(f"semlens: {text}\n")
        sys.stderr.flush()


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
