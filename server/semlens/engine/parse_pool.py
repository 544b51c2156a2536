"""Parse workers and the threads that talk to them: each thread owns one process, and starts another when it dies."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import semlens
from semlens.embedding.service import KEY_VARIABLE
from semlens.engine.file_reading import stamp_of
from semlens.engine.parse_messages import (
    KILLED,
    BufferRequest,
    FileOutcome,
    FilesRequest,
    ParseResult,
    Request,
    Result,
    ShapesRequest,
    ShapesResult,
    TokensRequest,
    TokensResult,
    receive,
    send,
)
from semlens.index.store import FileStamp


class WorkerDiedError(Exception):
    """:ivar file: number, in the request, of the file that it died on.

    :ivar by_chance: perhaps the file is not at fault: somebody or a lack of memory may have ended the process.
    """

    def __init__(self, file: int, *, by_chance: bool = False) -> None:
        super().__init__(f"the parse worker died on file {file}")
        self.file = file
        self.by_chance = by_chance


@dataclass(frozen=True, slots=True)
class ParsedBatch:
    """Results of one request: one, or several when a worker died in between. :ivar killers: paths that killed one."""

    results: tuple[ParseResult, ...]
    killers: tuple[str, ...] = ()


class _WorkerProcess:
    def __init__(self, *, interactive: bool) -> None:
        arguments = [sys.executable, "-m", "semlens.engine.worker"] + (["--interactive"] if interactive else [])
        # the workspace must not be importable: -P keeps the current folder off the path
        arguments.insert(1, "-P")
        environment = dict(os.environ)
        environment.pop(KEY_VARIABLE, None)  # it speaks to no service
        package_parent = str(Path(semlens.__file__).parents[1])
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [package_parent, environment.get("PYTHONPATH", "")]))
        self._process = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=os.path.abspath(os.sep),
            start_new_session=os.name == "posix",  # Ctrl-C in the terminal is the parent's to handle
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def ran_out_of_time(self) -> bool:
        """The alarm ended it, not chance."""
        return hasattr(signal, "SIGPROF") and self._process.returncode == -signal.SIGPROF

    def ask(self, request: Request) -> Result:
        """:raises WorkerDiedError: with the file that it was on."""
        file = 0
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            send(self._process.stdin, request)  # type: ignore[arg-type]
            while isinstance(reply := receive(self._process.stdout), int):  # type: ignore[arg-type]
                file = reply
        except (OSError, EOFError) as error:
            self.kill()
            raise WorkerDiedError(file, by_chance=not self.ran_out_of_time) from error
        return cast("Result", reply)

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe:
                    pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2)


class ParsePool:
    """A bounded number of parse workers, started when first needed."""

    def __init__(self, n_workers: int, *, n_kept: int | None = None, interactive: bool = False) -> None:
        """:param n_kept: so many are kept when they have nothing to do; None: all, until `release`.

        :param interactive: at normal priority, for what the user just typed.
        """
        self._interactive = interactive
        self._n_kept = n_workers if n_kept is None else n_kept
        self._n_workers = n_workers
        self._lock = threading.Lock()
        self._idle: list[_WorkerProcess] = []
        self._busy: set[_WorkerProcess] = set()
        self._closed = False
        self._threads = ThreadPoolExecutor(n_workers, thread_name_prefix="parse")

    def is_closed(self) -> bool:
        """Another thread may close it at any time."""
        return self._closed

    @property
    def n_workers(self) -> int:
        return self._n_workers

    def warm_up(self) -> None:
        """Start a worker before it is needed: that takes longer than parsing."""
        self._threads.submit(lambda: self._give_back(self._take()))

    def parse_files(self, request: FilesRequest) -> Future[ParsedBatch]:
        return self._threads.submit(self._parse_files, request)

    def parse_buffer(self, request: BufferRequest) -> Future[ParsedBatch]:
        return self._threads.submit(self._parse_buffer, request)

    def tokenize(self, request: TokensRequest) -> Future[TokensResult]:
        return self._threads.submit(self._tokenize, request)

    def shapes(self, request: ShapesRequest) -> Future[ShapesResult]:
        return self._threads.submit(self._shapes, request)

    def release(self) -> None:
        """End the idle workers; they start again when needed."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            process.kill()

    def close(self) -> None:
        """End all workers, the busy ones too."""
        with self._lock:
            self._closed = True
            processes = [*self._idle, *self._busy]
            self._idle = []
        for process in processes:
            process.kill()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def pids(self) -> list[int]:
        with self._lock:
            return [process.pid for process in (*self._idle, *self._busy)]

    def _take(self) -> _WorkerProcess:
        with self._lock:
            if self.is_closed():
                raise WorkerDiedError(0)
            process = self._idle.pop() if self._idle else None
        if process is not None and not process.is_alive:  # somebody ended it while it had nothing to do
            process.kill()
            process = None
        process = process or _WorkerProcess(interactive=self._interactive)
        with self._lock:
            self._busy.add(process)
        if self.is_closed():  # while it started
            self._drop(process)
            process.kill()
            raise WorkerDiedError(0)
        return process

    def _give_back(self, process: _WorkerProcess) -> None:
        with self._lock:
            self._busy.discard(process)
            if not self._closed and len(self._idle) < self._n_kept:
                self._idle.append(process)
                return
        process.kill()

    def _drop(self, process: _WorkerProcess) -> None:
        with self._lock:
            self._busy.discard(process)

    def _ask(self, request: Request) -> Result:
        process = self._take()
        try:
            reply = process.ask(request)
        except WorkerDiedError:
            self._drop(process)
            raise
        self._give_back(process)
        return reply

    def _parse_files(self, request: FilesRequest) -> ParsedBatch:
        """A worker that dies loses what it had of the batch; the files before the killer are parsed again.

        Unless it ran out of time, the file is tried once more, alone, before it is named the killer.
        """
        results: list[ParseResult] = []
        killers: list[str] = []
        todo: list[FilesRequest] = [request]
        tried_alone: set[str] = set()
        while todo:
            part = todo.pop()
            try:
                results.append(cast("ParseResult", self._ask(part)))
            except WorkerDiedError as death:
                if self._closed:
                    raise
                killer = part.files[death.file][0]
                if death.by_chance and killer not in tried_alone:
                    tried_alone.add(killer)
                    groups = (part.files[: death.file], part.files[death.file + 1 :], (part.files[death.file],))
                    todo += [replace(part, files=files) for files in groups if files]
                    continue
                killers.append(killer)
                results.append(ParseResult((FileOutcome(killer, _stamp(part.root, killer), b"", KILLED),), None, ()))
                for files in (part.files[: death.file], part.files[death.file + 1 :]):
                    if files:
                        todo.append(replace(part, files=files))
        return ParsedBatch(tuple(results), tuple(killers))

    def _parse_buffer(self, request: BufferRequest) -> ParsedBatch:
        for attempt in (1, 2):
            try:
                return ParsedBatch((cast("ParseResult", self._ask(request)),))
            except WorkerDiedError as death:
                if self._closed:
                    raise
                if attempt == 2 or not death.by_chance:
                    break
        return ParsedBatch((), (request.path,))

    def _tokenize(self, request: TokensRequest) -> TokensResult:
        for attempt in (1, 2):
            try:
                return cast("TokensResult", self._ask(request))
            except WorkerDiedError as death:
                if self._closed:
                    raise
                if attempt == 2 or not death.by_chance:
                    break
        return TokensResult({})

    def _shapes(self, request: ShapesRequest) -> ShapesResult:
        """A file that ends its worker has no shapes; the others of its batch are asked for again."""
        files = list(request.files)
        lost: set[int] = set()
        while len(lost) < len(files):
            left = [number for number in range(len(files)) if number not in lost]
            try:
                reply = cast("ShapesResult", self._ask(replace(request, files=tuple(files[n] for n in left))))
            except WorkerDiedError as death:
                if self._closed:
                    raise
                lost.add(left[death.file])
                continue
            found = dict(zip(left, reply.shapes, strict=True))
            return ShapesResult(tuple(found.get(number) for number in range(len(files))))
        return ShapesResult((None,) * len(files))


def _stamp(root: str, path: str) -> FileStamp | None:
    """So that a file which killed a worker is not tried again before it changes."""
    try:
        return stamp_of(os.lstat(os.path.join(root, path)))
    except OSError:
        return None
