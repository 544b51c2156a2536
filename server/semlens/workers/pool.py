"""The pool of parse workers. Each thread talks to one process, and starts another when that one dies."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from semlens.core.hashing import ContentHash
from semlens.core.status import SkipReason
from semlens.files.file_stamp import FileStamp
from semlens.files.reading import file_stamp
from semlens.syntax.fingerprint import CodeFingerprint
from semlens.workers.messages import (
    BufferRequest,
    FileOutcome,
    FilesRequest,
    FingerprintsRequest,
    FingerprintsResult,
    GrammarsRequest,
    GrammarsResult,
    ParseResult,
    Request,
    Result,
    TokensRequest,
    TokensResult,
)
from semlens.workers.worker_process import WorkerDiedError, WorkerProcess, WorkerStartError

if TYPE_CHECKING:
    from semlens.embedding.embedder import TokenIds

logger = logging.getLogger(__name__)

_Batch: TypeAlias = FilesRequest | TokensRequest | FingerprintsRequest
_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")

PATIENCE_SECONDS = 0.3
"""How long a request waits for a busy worker before another is started, if few are kept: as long as the start takes."""

SPARE_SECONDS = 60.0
"""How long an idle worker stays beyond those that are kept. Starting one takes far longer than most parses."""


@dataclass(frozen=True, slots=True)
class ParsedBatch:
    """The results of one request. There are several if a worker died in between.

    :ivar crashing_files: paths that killed a worker, or at which one failed. Their results, if any, are of plain text.
    :ivar cause: why the last of them failed, in a few words.
    """

    results: tuple[ParseResult, ...]
    crashing_files: tuple[str, ...] = ()
    cause: str = ""


@dataclass(slots=True)
class _Crashes:
    """The files of a batch at which workers died.

    :ivar causes: how, by path. :ivar lost: those that also crashed as plain text.
    :ivar tried_alone: those that were retried, because something else may have ended the worker.
    """

    causes: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    tried_alone: set[str] = field(default_factory=set)


class ParsePool:
    """A bounded number of parse workers, started when first needed."""

    def __init__(self, n_workers: int, *, n_kept: int | None = None, interactive: bool = False) -> None:
        """:param n_kept: idle workers that are kept; None: all. More end by `release_spare`.

        :param interactive: run at normal priority, for text that the user just typed.
        """
        self._interactive = interactive
        self._n_kept = n_workers if n_kept is None else n_kept
        self._n_workers = n_workers
        self._lock = threading.Condition()
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._closed = False
        self._n_allowed = n_workers
        self._n_running = 0
        self._threads = ThreadPoolExecutor(n_workers, thread_name_prefix="parse")

    def is_closed(self) -> bool:
        """Another thread may close it at any time."""
        return self._closed

    @property
    def n_workers(self) -> int:
        return self._n_workers

    def allow(self, n_requests: int) -> None:
        """Limit how many requests are worked on at once; the others wait."""
        with self._lock:
            self._n_allowed = n_requests
            self._lock.notify_all()

    def warm_up(self) -> None:
        """Start a worker before it is needed, because starting takes longer than parsing."""
        self._threads.submit(lambda: self._return(self._acquire()))

    def parse_files(self, request: FilesRequest) -> Future[ParsedBatch]:
        return self._submit(self._parse_files, request)

    def parse_buffer(self, request: BufferRequest) -> Future[ParsedBatch]:
        return self._submit(self._parse_buffer, request)

    def tokenize(self, request: TokensRequest) -> Future[TokensResult]:
        return self._submit(self._tokenize, request)

    def fingerprints(self, request: FingerprintsRequest) -> Future[FingerprintsResult]:
        return self._submit(self._fingerprints, request)

    def _submit(self, answer: Callable[[_Asked], _Answer], request: _Asked) -> Future[_Answer]:
        """Every request is answered: where no thread can be started, with that error."""
        try:
            return self._threads.submit(self._run, answer, request)
        except RuntimeError as error:
            failed: Future[_Answer] = Future()
            failed.set_exception(error)
            return failed

    def _run(self, answer: Callable[[_Asked], _Answer], request: _Asked) -> _Answer:
        with self._lock:
            self._lock.wait_for(lambda: self._n_running < self._n_allowed or self._closed)
            self._n_running += 1
        try:
            return answer(request)
        finally:
            with self._lock:
                self._n_running -= 1
                self._lock.notify_all()

    def load_grammars(self) -> Future[GrammarsResult]:
        """:raises WorkerDiedError: (its future) when one crashes."""
        return self._threads.submit(lambda: cast("GrammarsResult", self._ask(GrammarsRequest())))

    def release(self) -> None:
        """End the idle workers; they start again when needed."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            process.kill()

    def release_spare(self, now: float) -> float | None:
        """End the workers beyond those that are kept that were idle for `SPARE_SECONDS`.

        :returns: when (monotonic) to call it again; None: not before a worker is used.
        """
        with self._lock:
            spare = self._idle[: max(0, len(self._idle) - self._n_kept)]  # the last ones were used last
            ended = [process for process in spare if process.idle_since + SPARE_SECONDS <= now]
            self._idle = [process for process in self._idle if process not in ended]
        for process in ended:
            process.kill()
        return min((process.idle_since + SPARE_SECONDS for process in spare if process not in ended), default=None)

    def close(self) -> None:
        """End all workers, the busy ones too."""
        with self._lock:
            self._closed = True
            self._lock.notify_all()
            processes = [*self._idle, *self._busy]
            self._idle = []
        for process in processes:
            process.kill()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def pids(self) -> list[int]:
        with self._lock:
            return [process.pid for process in (*self._idle, *self._busy)]

    def _acquire(self) -> WorkerProcess:
        with self._lock:
            if len(self._busy) >= self._n_kept:
                self._lock.wait_for(lambda: self._idle or not self._busy or self._closed, PATIENCE_SECONDS)
            if self.is_closed():
                raise WorkerDiedError
            process = self._idle.pop() if self._idle else None
        if process is not None and not process.is_alive:  # it was ended from outside while idle
            process.kill()
            process = None
        process = process or WorkerProcess(interactive=self._interactive)
        with self._lock:
            self._busy.add(process)
        if self.is_closed():  # the pool was closed meanwhile
            self._forget(process)
            process.kill()
            raise WorkerDiedError
        return process

    def _return(self, process: WorkerProcess) -> None:
        with self._lock:
            self._busy.discard(process)
            self._lock.notify_all()
            if not self._closed:
                process.idle_since = time.monotonic()
                self._idle.append(process)
                return
        process.kill()

    def _forget(self, process: WorkerProcess) -> None:
        with self._lock:
            self._busy.discard(process)
            self._lock.notify_all()

    def _ask(self, request: Request) -> Result:
        """:raises WorkerStartError: when two processes died before they looked at a file."""
        for attempt in (1, 2):
            process = self._acquire()
            try:
                reply = process.ask(request)
            except WorkerStartError:
                self._forget(process)
                if attempt == 2 or self.is_closed():
                    raise
            except WorkerDiedError:
                self._forget(process)
                raise
            else:
                self._return(process)
                return reply
        raise AssertionError

    def _run_batch(self, request: _Batch) -> tuple[list[tuple[_Batch, Result]], _Crashes]:
        """The results of the parts of a batch, and the files that crashed a worker.

        A worker that dies loses its results. The file under way is retried once, alone, before it counts as crashing,
        unless it ran out of time. It is then read as plain text. If no file was under way, the batch is halved.
        """
        answers: list[tuple[_Batch, Result]] = []
        crashes = _Crashes()
        pending = [request]
        while pending:
            part = pending.pop()
            try:
                answers.append((part, self._ask(part)))
            except WorkerDiedError as death:
                if self._closed or isinstance(death, WorkerStartError):
                    raise
                pending += self._parts_to_retry(part, death, crashes)
        return answers, crashes

    @staticmethod
    def _parts_to_retry(part: _Batch, death: WorkerDiedError, crashes: _Crashes) -> Iterator[_Batch]:
        """The parts of a batch to run again. The caller takes the last one first."""
        number = 0 if len(part.files) == 1 else death.file
        if number is None:
            middle = len(part.files) // 2
            yield from (_slice(part, 0, middle), _slice(part, middle, len(part.files)))
            return
        path = part.files[number][0]
        if number > 0:
            yield _slice(part, 0, number)
        if number + 1 < len(part.files):
            yield _slice(part, number + 1, len(part.files))
        alone = _slice(part, number, number + 1)
        if death.is_retryable and path not in crashes.tried_alone:
            crashes.tried_alone.add(path)
            yield alone
            return
        crashes.causes[path] = death.cause
        _log_death(death, path)
        if isinstance(alone, FingerprintsRequest) or death.file is None or path in alone.plain:
            crashes.lost.append(path)  # its grammar is not the cause
        else:
            yield replace(alone, plain=(path,))

    def _parse_files(self, request: FilesRequest) -> ParsedBatch:
        answers, crashes = self._run_batch(request)
        results = [_with_causes(cast("ParseResult", result), crashes.causes) for _, result in answers]
        for path in crashes.lost:
            cause = crashes.causes[path]
            outcome = FileOutcome(path, _stamp_of(request.root, path), b"", SkipReason.CRASHED_PARSER, cause)
            results.append(ParseResult((outcome,), None, ()))
        return ParsedBatch(tuple(results), tuple(crashes.causes))

    def _parse_buffer(self, request: BufferRequest) -> ParsedBatch:
        attempts = [request, request, replace(request, plain=True)]
        cause = ""
        while attempts:
            attempt = attempts.pop(0)
            try:
                result = cast("ParseResult", self._ask(attempt))
            except WorkerDiedError as death:
                if self._closed or isinstance(death, WorkerStartError):
                    raise
                if not death.is_retryable:
                    attempts = attempts[-1:] if not attempt.plain else []
                if len(attempts) == 1:
                    _log_death(death, request.path)
                    cause = death.cause
            else:
                failures = [outcome.cause for outcome in result.outcomes if outcome.reason == SkipReason.FAILED_PARSER]
                crashing_files = (request.path,) if failures or attempt.plain else ()
                return ParsedBatch(() if failures else (result,), crashing_files, cause or "".join(failures))
        return ParsedBatch((), (request.path,), cause)

    def _tokenize(self, request: TokensRequest) -> TokensResult:
        answers, _ = self._run_batch(request)
        tokens: dict[ContentHash, TokenIds] = {}
        for _, result in answers:
            tokens |= cast("TokensResult", result).tokens
        return TokensResult(tokens)

    def _fingerprints(self, request: FingerprintsRequest) -> FingerprintsResult:
        answers, _ = self._run_batch(request)
        by_path: dict[str, tuple[CodeFingerprint, ...] | None] = {}
        for part, result in answers:
            paths = [path for path, *_ in part.files]
            by_path |= zip(paths, cast("FingerprintsResult", result).fingerprints, strict=True)
        return FingerprintsResult(tuple(by_path.get(path) for path, *_ in request.files))


def parser_problem(cause: str, *, is_searchable: bool = False) -> str:
    """The message for a file that crashed its worker or failed in it.

    :param is_searchable: it is searched as plain text.
    """
    cause_text = f" ({cause})" if cause else ""
    effect = "it has no symbols and is searched as plain text" if is_searchable else "it is not searchable"
    return f"The parser failed on this file{cause_text}, so {effect}. See the log for details."


def _with_causes(result: ParseResult, causes: Mapping[str, str]) -> ParseResult:
    """The result with the causes why files are read as plain text."""
    outcomes = [
        replace(outcome, cause=causes.get(outcome.path, "")) if outcome.reason == SkipReason.PLAIN_TEXT else outcome
        for outcome in result.outcomes
    ]
    return replace(result, outcomes=tuple(outcomes))


def _slice(batch: _Batch, start: int, stop: int) -> _Batch:
    match batch:
        case FilesRequest():
            return replace(batch, files=batch.files[start:stop])
        case TokensRequest():
            return replace(batch, files=batch.files[start:stop])
        case FingerprintsRequest():
            return replace(batch, files=batch.files[start:stop])


def _log_death(death: WorkerDiedError, path: str) -> None:
    logger.warning("A parse worker died at %s (%s). Its last output: %s", path, death.cause, death.errors or "none")


def _stamp_of(root: str, path: str) -> FileStamp | None:
    """The stamp of a file that crashed a worker, so that it is not retried until it changes."""
    try:
        return file_stamp(os.lstat(os.path.join(root, path)))
    except OSError:
        return None
