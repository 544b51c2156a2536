"""One parse worker as the pool sees it: it is started, asked and ended. It says which file it died at."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from io import BufferedReader
from typing import cast

from semlens.workers.limits import MAX_STEP_SECONDS
from semlens.workers.messages import NO_FILE, Request, Result, receive, send
from semlens.workers.python_process import start_worker
from semlens.workers.stderr_tail import StderrTail


class WorkerDiedError(Exception):
    """:ivar file: number, in the request, of the file under way; None if there was none.

    :ivar is_retryable: the file may not be the cause: a user or a lack of memory may have ended the process.
    :ivar cause: how it ended, in a few words. :ivar errors: the end of what it wrote to standard error.
    """

    def __init__(
        self, file: int | None = None, *, is_retryable: bool = False, cause: str = "closed", errors: str = ""
    ) -> None:
        super().__init__(f"the parse worker died ({cause})")
        self.file = file
        self.is_retryable = is_retryable
        self.cause = cause
        self.errors = errors


class WorkerStartError(WorkerDiedError):
    """A worker died before it read a file, so no file is the cause."""


class WorkerProcess:
    """One process, which answers one request at a time. :ivar idle_since: monotonic seconds."""

    def __init__(self, *, interactive: bool) -> None:
        options = ["--interactive"] if interactive else []
        self._process = start_worker("semlens.workers.parse_worker", *options)
        try:
            self._errors = StderrTail(cast("BufferedReader", self._process.stderr))
        except RuntimeError:  # no memory for another thread
            self.kill()
            raise
        self.idle_since = 0.0

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def ran_out_of_time(self) -> bool:
        """Whether the time limit ended it."""
        return hasattr(signal, "SIGPROF") and self._process.returncode == -signal.SIGPROF

    def ask(self, request: Request) -> Result:
        """Send a request and wait for its result.

        :raises WorkerDiedError: with the file under way. :raises WorkerStartError: when it died before the first file.
        """
        announced: int | None = None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            send(self._process.stdin, request)  # type: ignore[arg-type]
            while isinstance(reply := receive(self._process.stdout), int):  # type: ignore[arg-type]
                announced = reply
        except (OSError, EOFError) as error:
            self.kill()
            file = None if announced == NO_FILE else announced
            kind = WorkerStartError if announced is None else WorkerDiedError
            is_retryable = not self.ran_out_of_time
            raise kind(file, is_retryable=is_retryable, cause=self._cause(), errors=self._errors.text()) from error
        return cast("Result", reply)

    def _cause(self) -> str:
        if self.ran_out_of_time:
            return f"more than {MAX_STEP_SECONDS} s of processor time"
        code = self._process.returncode
        with contextlib.suppress(ValueError):
            return f"ended by {signal.Signals(-code).name}" if code is not None else "did not end"
        return f"ended with code {code}"

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe:
                    pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2)
