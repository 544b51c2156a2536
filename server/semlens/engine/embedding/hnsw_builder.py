"""Gives the vectors of large segments a graph (HNSW): reads the one beside the segment, or has it built at rest.

Searches compare all vectors until the graph is whole. A graph that is missing, damaged or of other vectors is built
again. A build that fails is tried again, later each time; it costs speed, not hits.
"""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from semlens.engine.indexing.live_segment import LiveSegment
from semlens.engine.indexing.root_index import RootIndex
from semlens.engine.indexing.scheduling import Backoff
from semlens.index.nearest.hnsw import HnswGraph, read_graph
from semlens.index.segment.columns import ColumnFileError
from semlens.index.segment.vectors import VectorBlock
from semlens.search.readers.reader import LEAST_GRAPH_PASSAGES
from semlens.workers.python_process import start_worker

LEAST_SEGMENT_PASSAGES = 40_000
"""A scan of fewer vectors is as fast as a graph (bench/vector_index.py)."""

FIRST_RETRY_SECONDS = 60.0
LONGEST_RETRY_SECONDS = 3600.0

logger = logging.getLogger(__name__)


class HnswBuildError(Exception):
    """The process that builds a graph failed."""


@dataclass(frozen=True, slots=True)
class _Job:
    """:ivar may_build: whether to build the graph when there is none to read."""

    index: RootIndex
    live: LiveSegment
    fingerprint: str
    block: VectorBlock
    may_build: bool


class HnswBuilder:
    """Used by the indexer thread. One graph at a time."""

    def __init__(self, post: Callable[[Callable[[], None]], None], on_built: Callable[[RootIndex], None]) -> None:
        """:param on_built: called on the indexer thread when a segment has a graph."""
        self._post = post
        self._on_built = on_built
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="graph")
        self._process: subprocess.Popen[bytes] | None = None
        self._absent: set[tuple[str, str]] = set()  # read in vain
        self._backoff = Backoff(FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS)
        self._stopping = False
        self._current: _Job | None = None

    def step(self, indexes: Iterable[RootIndex], *, may_build: bool) -> float:
        """Start the next job, if there is one and none runs.

        :param may_build: nothing else goes on.
        :returns: when (monotonic) a build that failed is due again; 0 when there is none.
        """
        if self._stopping:
            return 0.0
        if self._current is not None:
            self._end_if_merged(self._current)
            return 0.0
        may_build = may_build and time.monotonic() >= self._backoff.due
        for index in indexes:
            if sum(len(live.segment.passages) for live in index.segments.values()) < LEAST_GRAPH_PASSAGES:
                continue
            # large segments first: small ones may be merged meanwhile
            for live in sorted(index.segments.values(), key=lambda one: -len(one.segment.passages)):
                job = self._job(index, live, may_build=may_build)
                if job is not None:
                    future = self._thread.submit(self._read_or_build, job)  # fails where no thread can be started
                    self._current = job
                    future.add_done_callback(lambda done, job=job: self._post(lambda: self._finished(job, done)))  # type: ignore[misc]
                    return 0.0
        return self._backoff.due if self._backoff.n_failures else 0.0

    def close(self) -> None:
        """End the build. Returns at once."""
        self._stopping = True
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._kill()

    def _end_if_merged(self, job: _Job) -> None:
        if job.index.segments.get(job.live.segment.id) is not job.live:
            self._kill()

    def _kill(self) -> None:
        process = self._process
        if process is not None:
            process.kill()

    def _job(self, index: RootIndex, live: LiveSegment, *, may_build: bool) -> _Job | None:
        if len(live.segment.passages) < LEAST_SEGMENT_PASSAGES:
            return None
        for fingerprint in sorted(live.written_vectors):
            blocks = live.tiers.get(fingerprint, ())
            if len(blocks) != 1 or blocks[0].graph is not None:
                continue
            if may_build or (live.segment.id, fingerprint) not in self._absent:
                return _Job(index, live, fingerprint, blocks[0], may_build)
        return None

    def _read_or_build(self, job: _Job) -> HnswGraph | None:
        """Runs on the thread. :raises HnswBuildError, OSError, ColumnFileError: when the build failed."""
        folder, segment_id = job.index.store.segments_folder, job.live.segment.id
        shape = (len(job.block.matrix), int(job.block.matrix.shape[1]))
        try:
            return read_graph(folder, segment_id, job.fingerprint, shape)
        except ColumnFileError as error:
            logger.info("segment %s has no graph of its vectors: %s", segment_id, error)
        if not job.may_build or self._stopping:
            return None
        started = time.monotonic()
        self._build(folder, segment_id, job.fingerprint)
        logger.info("the graph of %d vectors took %.0f s", shape[0], time.monotonic() - started)
        return read_graph(folder, segment_id, job.fingerprint, shape)

    def _build(self, folder: Path, segment_id: str, fingerprint: str) -> None:
        arguments = str(folder), segment_id, fingerprint
        self._process = start_worker("semlens.workers.hnsw_worker", *arguments, stdout=subprocess.DEVNULL)
        with self._process as process:
            assert process.stderr is not None
            errors = process.stderr.read().decode("utf-8", "replace").strip()
        self._process = None
        if process.returncode and not self._stopping:
            raise HnswBuildError(f"the process that builds graphs ended with {process.returncode}: {errors[-500:]}")

    def _finished(self, job: _Job, future: Future[HnswGraph | None]) -> None:
        self._current = None
        if self._stopping:
            return
        try:
            graph = future.result()
        except (HnswBuildError, OSError, ColumnFileError) as error:
            if job.index.segments.get(job.live.segment.id) is not job.live:
                return  # merged meanwhile
            logger.warning("the graph of segment %s could not be built: %s", job.live.segment.id, error)
            self._backoff.failed()
            return
        if graph is None:
            self._absent.add((job.live.segment.id, job.fingerprint))
            return
        self._backoff.succeeded()
        live = job.live
        current = live.tiers.get(job.fingerprint, ())
        if job.index.segments.get(live.segment.id) is live and len(current) == 1 and current[0] is job.block:
            live.tiers[job.fingerprint] = (replace(job.block, graph=graph),)
            live.view = None
            self._on_built(job.index)
