"""Sends files of roots to the parse workers, and puts the results into the index of the root.

Used by the indexer thread alone. Deciding which files are to be read is the job of `RootState`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future

from semlens.core.symbol import Outline
from semlens.engine.indexing.root_state import FILES_A_BATCH, RootState
from semlens.engine.indexing.scheduling import Deadlines
from semlens.engine.overlays.overlay import encode_text
from semlens.index.segment.builder import new_segment_id
from semlens.index.segment.segment import segment_from_arrays
from semlens.settings.loading import Settings
from semlens.settings.processors import n_available_cores
from semlens.workers.messages import BufferRequest, FilesRequest
from semlens.workers.pool import ParsedBatch, ParsePool
from semlens.workers.worker_process import WorkerDiedError, WorkerStartError

logger = logging.getLogger(__name__)

MAX_PAUSE_SECONDS = 60.0
"""The longest pause after worker processes could not be started."""

_MAX_FAILURES = 3

FEW_FILES = 16
"""Up to this many files go to the warm worker, because starting another takes longer than parsing them."""


class ParseScheduler:
    """:ivar interactive: the warm worker, and for a while a second one, when two documents were opened at once.

    :ivar pool: the workers of scans. :ivar n_parsed: files that were parsed. :ivar heap_grew: memory may be released.
    :ivar problem: why files wait to be parsed, or "".
    """

    def __init__(
        self,
        post: Callable[[Callable[[], None]], None],
        deadlines: Deadlines,
        on_answer: Callable[[RootState, list[str]], bool],
        before_apply: Callable[[RootState, list[str]], None],
    ) -> None:
        """:param post: runs a job on the indexer thread.

        :param on_answer: called with every answer; says whether the root is still indexed.
        :param before_apply: called with the paths of a result before the index takes it.
        """
        self.interactive = ParsePool(2, n_kept=1, interactive=True)
        self.pool = ParsePool(n_available_cores())
        self.n_parsed = 0
        self.heap_grew = False
        self.problem = ""
        self._post = post
        self._deadlines = deadlines
        self._on_answer = on_answer
        self._before_apply = before_apply
        self._paused_until = 0.0
        self._pause_seconds = 0.0
        self._n_failures = 0

    def close(self) -> None:
        self.interactive.close()
        self.pool.close()

    def release_workers(self, now: float, *, is_scanning: bool) -> None:
        """End idle workers that are not expected to be needed soon."""
        if not is_scanning:
            self.pool.release()
        if (due := self.interactive.release_spare(now)) is not None:
            self._deadlines.at(due)

    def worker_pids(self) -> list[int]:
        return [*self.interactive.pids(), *self.pool.pids()]

    @property
    def fails_to_start(self) -> bool:
        """Whether no worker could be started several times in a row."""
        return self._n_failures >= _MAX_FAILURES

    def is_paused(self) -> bool:
        """Whether workers could not be started a moment ago; the indexer then looks again when the pause ends."""
        if time.monotonic() >= self._paused_until:
            return False
        self._deadlines.at(self._paused_until)
        return True

    def request(self, state: RootState, model: str, settings: Settings) -> None:
        """Send what is pending, urgent files first.

        :param model: the model to tokenise for, or "". :param settings: say how many processors may be used.
        """
        state.first_index = state.first_index and not state.settled
        n_most = self.pool.n_workers
        n_cores = min(settings.index.processors or n_most, n_most) if state.first_index else settings.n_processors
        max_bytes = state.settings.files.max_size_kb * 1024
        if state.urgent:
            request = state.next_batch(max_bytes, model, urgent=True)
            if request is not None:
                self._send(state, self.interactive, request)
            state.urgent = {path for path in state.urgent if state.is_waiting_for(path)}
        is_large = state.scan or len(state.pending) + len(state.in_flight) > FEW_FILES
        pool = self.pool if is_large else self.interactive
        if state.pending:
            self.pool.allow(n_cores)
        while state.pending and len(state.in_flight) < 2 * FILES_A_BATCH * n_cores:
            request = state.next_batch(max_bytes, model)
            if request is None:
                break
            self._send(state, pool, request)

    def parse_text(self, path: str, text: str) -> Outline | None:
        """The outline of one text; blocks. None when the text kills the parser."""
        try:
            batch = self.interactive.parse_buffer(BufferRequest(path, encode_text(text), "")).result()
        except WorkerDiedError:
            return None
        return batch.results[0].outline if batch.results else None

    def _send(self, state: RootState, pool: ParsePool, request: FilesRequest) -> None:
        paths = [path for path, _ in request.files]

        def answered(done: Future[ParsedBatch]) -> None:
            self._post(lambda: self._take(state, paths, done))

        pool.parse_files(request).add_done_callback(answered)

    def _take(self, state: RootState, paths: list[str], future: Future[ParsedBatch]) -> None:
        # First, so that nothing counts as settled before the change is noted.
        is_indexed = self._on_answer(state, paths)
        for path in paths:
            state.in_flight.pop(path, None)
        if not is_indexed:
            return
        try:
            batch = future.result()
        except Exception as error:  # no process or no memory is available; the files are not the cause
            if isinstance(error, WorkerDiedError) and not isinstance(error, WorkerStartError):
                return  # the pool was closed
            logger.exception("files could not be parsed")
            self.problem = f"Files cannot be parsed ({error}). semlens tries again; see its log."
            self._retry_later(state, paths)
            return
        self.problem = ""
        self._pause_seconds = 0.0
        self._n_failures = 0
        self.heap_grew = True
        for result in batch.results:
            segment = None
            if result.segment is not None:
                segment = segment_from_arrays(new_segment_id(), result.segment)
                self.n_parsed += len(segment.files)
            outcomes = state.without_doubtful(result.outcomes)
            self._before_apply(state, [outcome.path for outcome in outcomes])
            state.index.apply(outcomes, segment, result.tokens)
            state.note_parsed(outcomes)
        state.last_change = time.monotonic()

    def _retry_later(self, state: RootState, paths: list[str]) -> None:
        """Try these files again, after twice as long each time."""
        self._n_failures += 1
        now = time.monotonic()
        for path in paths:
            state.changed.setdefault(path, now)
        if now >= self._paused_until:
            self._pause_seconds = min(2 * self._pause_seconds or 1.0, MAX_PAUSE_SECONDS)
            self._paused_until = now + self._pause_seconds
