"""Fills in missing vectors in the background: first tier before refine tier, cached before computed, open files first.

One job runs at a time, on a low-priority thread. Jobs read immutable values and post their results to the indexer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semlens.core.errors import ModelError
from semlens.core.hashing import ContentHash
from semlens.core.status import TierRole
from semlens.embedding.embedder import TokenIds
from semlens.embedding.manifest import Architecture
from semlens.engine.embedding.tiers import Tier
from semlens.engine.indexing.live_segment import LiveSegment
from semlens.engine.indexing.root_index import RootIndex
from semlens.engine.indexing.scheduling import Backoff
from semlens.engine.indexing.segment_vectors import VectorsOfSegment, vectors_elsewhere
from semlens.index.segment.vectors import VectorBlock, matrix_of
from semlens.workers.messages import TokensRequest, TokensResult
from semlens.workers.pool import ParsePool
from semlens.workers.priority import lower_thread_priority
from semlens.workers.worker_process import WorkerDiedError, WorkerStartError

logger = logging.getLogger(__name__)

_EMBED_BATCH = {Architecture.STATIC: 4096, Architecture.TRANSFORMER: 8, Architecture.REMOTE: 128}
"""Passages embedded between two checks for shutdown, about 50 ms. A service is cancelled by its tier."""

_CACHE_LOOKUP_PASSAGES = 20_000
_REQUEST_PASSAGES = {Architecture.STATIC: 2_000, Architecture.TRANSFORMER: 96, Architecture.REMOTE: 512}
"""Missing passages that one request tokenises. A request has whole files, so that each is parsed only once."""


@dataclass(frozen=True, slots=True)
class _FillJob:
    """One unit of work.

    :ivar rows: passages without vectors.
    :ivar cache_only: only read vectors from the cache.
    """

    index: RootIndex
    live: LiveSegment
    tier: Tier
    rows: npt.NDArray[np.uint32]
    cache_only: bool = False


class VectorFiller:
    """Owned by the indexer thread.

    :ivar active_segment: the segment of the running job, or None.
    :ivar tokenizing: whether the job waits for a parse worker.
    :ivar backoff: of jobs that failed. :ivar problem: why the last one did, or "".
    """

    def __init__(self, post: Callable[[Callable[[], None]], None], on_filled: Callable[[RootIndex], None]) -> None:
        """:param on_filled: called on the indexer thread when a root has new vectors."""
        self._post = post
        self._on_filled = on_filled
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embed", initializer=lower_thread_priority)
        self._stopping = False
        self.active_segment: LiveSegment | None = None
        self.tokenizing = False
        self.backoff = Backoff()
        self.problem = ""

    @property
    def busy(self) -> bool:
        """Whether a job is running."""
        return self.active_segment is not None

    def close(self) -> None:
        self._stopping = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    def store_vectors(self, tier: Tier, vectors: Mapping[ContentHash, bytes]) -> None:
        """Store vectors in the cache on the embedding thread, because another process may lock the file."""
        if vectors and not self._stopping:
            self._thread.submit(tier.store_vector_bytes, vectors)

    def step(
        self,
        indexes: Iterable[RootIndex],
        tiers: Sequence[Tier],
        pool: ParsePool,
        urgent: Sequence[tuple[str, str]],
        merging: Sequence[LiveSegment] = (),
    ) -> None:
        """Start the next job, if there is one and none runs.

        :param tiers: those that may work now, most important first.
        :param urgent: (root, path) of files to serve first. :param merging: segments that will soon be gone.
        """
        if self.busy or self._stopping or self.backoff.is_waiting:
            return
        roots = list(indexes)
        for tier in tiers:
            if tier.is_paused:
                if tier.role == TierRole.FIRST:
                    _drop_tokens(roots)
                continue
            for index in roots:
                for live in list(index.segments.values()):
                    if any(live is other for other in merging):
                        continue
                    job = self._next_job(index, live, tier, urgent)
                    if job is not None:
                        try:
                            self._start(job, pool)
                        except Exception as error:  # such as too little memory for another thread
                            logger.exception("vectors could not be asked for")
                            self._retry_later(job, error)
                        return
        self._note_success()  # what failed is gone or not wanted now

    def _next_job(
        self, index: RootIndex, live: LiveSegment, tier: Tier, urgent: Sequence[tuple[str, str]]
    ) -> _FillJob | None:
        missing = live.missing(tier.fingerprint)
        if not len(missing):
            if tier.role == TierRole.FIRST:
                live.tokens = ()
            return None
        if tier.role == TierRole.FIRST and live.tokens:
            return _FillJob(index, live, tier, missing)
        unswept = missing[missing >= live.swept.get(tier.fingerprint, 0)]
        if len(unswept):
            return _FillJob(index, live, tier, unswept[:_CACHE_LOOKUP_PASSAGES], cache_only=True)
        return _FillJob(index, live, tier, self._choose_rows(index, live, missing, tier, urgent))

    @staticmethod
    def _choose_rows(
        index: RootIndex,
        live: LiveSegment,
        missing: npt.NDArray[np.uint32],
        tier: Tier,
        urgent: Sequence[tuple[str, str]],
    ) -> npt.NDArray[np.uint32]:
        """All missing passages of a few files: the urgent ones if this segment holds any, else the first."""
        files = live.segment.passages.files[missing]
        urgent_rows = []
        for root, path in urgent:
            place = index.place(path) if root == str(index.root) else None
            if place is not None and place[0] is live:
                urgent_rows.append(place[1])
        order = [row for row in urgent_rows if (files == row).any()] or np.unique(files)[:256].tolist()
        limit = _REQUEST_PASSAGES[tier.manifest.architecture]
        counts = [int((files == row).sum()) for row in order]
        n_files = max(1, int(np.searchsorted(np.cumsum(counts), limit, "right")))
        return missing[np.isin(files, order[:n_files])]

    def _start(self, job: _FillJob, pool: ParsePool) -> None:
        self.active_segment = job.live
        hashes = job.live.passage_hashes(job.rows)
        if job.tier.role == TierRole.FIRST and job.live.tokens and not job.cache_only:
            tokens = {key: job.live.tokens[row] for key, row in zip(hashes, job.rows.tolist(), strict=True)}
            self._submit(job, hashes, tokens)
        elif job.cache_only:
            self._submit(job, hashes, {})
        else:
            table = job.live.segment.files
            rows = np.unique(job.live.segment.passages.files[job.rows]).tolist()
            files = tuple((table.paths[row], table.hashes[row].tobytes()) for row in rows)
            request = TokensRequest(str(job.index.root), files, job.tier.model, tuple(job.index.crashing_files))
            self.tokenizing = True
            pool.tokenize(request).add_done_callback(
                lambda future: self._post(lambda: self._on_tokens(job, hashes, future))
            )

    def _on_tokens(self, job: _FillJob, hashes: list[ContentHash], future: Future[TokensResult]) -> None:
        self.tokenizing = False
        try:
            tokens = future.result().tokens
            unembeddable = [row for row, key in zip(job.rows.tolist(), hashes, strict=True) if key not in tokens]
            self._submit(job, hashes, tokens, unembeddable=unembeddable)
        except Exception as error:  # no process, thread or memory is available
            if isinstance(error, WorkerDiedError) and not isinstance(error, WorkerStartError):
                self.active_segment = None
                return  # the pool was closed
            logger.exception("passages could not be tokenised")
            self._retry_later(job, error)

    def _retry_later(self, job: _FillJob, error: Exception) -> None:
        """Look for jobs again after a pause, twice as long each time."""
        self.active_segment = None
        self.tokenizing = False
        self.backoff.failed()
        self.problem = (
            f"Vectors cannot be made ({error}): search by meaning misses code. semlens tries again; see its log."
        )
        self._on_filled(job.index)  # requests that wait for vectors must not wait longer

    def _note_success(self) -> None:
        self.backoff.succeeded()
        self.problem = ""

    def _submit(
        self,
        job: _FillJob,
        hashes: list[ContentHash],
        tokens: Mapping[ContentHash, TokenIds],
        *,
        unembeddable: Sequence[int] = (),
    ) -> None:
        """Compute vectors on the embedding thread.

        :param unembeddable: rows without tokens. They are skipped only after the model loaded, so that a broken model
            is reported instead.
        """
        if self._stopping:
            return
        load = bool(unembeddable) and not tokens
        segments = job.index.segments.values() if job.tier.store is None else ()
        others = [(one.segment, one.tiers.get(job.tier.fingerprint, ())) for one in segments if one.loaded]
        future = self._thread.submit(self._vectors, job.tier, hashes, tokens, others, load=load)
        future.add_done_callback(lambda done: self._post(lambda: self._on_vectors(job, hashes, done, unembeddable)))

    def _vectors(
        self,
        tier: Tier,
        hashes: list[ContentHash],
        tokens: Mapping[ContentHash, TokenIds],
        others: Sequence[VectorsOfSegment],
        *,
        load: bool,
    ) -> dict[ContentHash, bytes]:
        """Read cached vectors, and those of other segments, then compute the rest. Runs on the embedding thread."""
        if load:
            tier.embedder()
        vectors = dict(tier.cached_vectors(hashes))
        moved = vectors_elsewhere(others, set(hashes) - vectors.keys())
        if moved:
            tier.store_vector_bytes(moved)
            vectors |= moved
        missing = [key for key in dict.fromkeys(hashes) if key not in vectors and key in tokens]
        step = _EMBED_BATCH[tier.manifest.architecture]
        for start in range(0, len(missing), step):
            if self._stopping:
                break
            chunk = {key: tokens[key] for key in missing[start : start + step]}
            embedded = tier.embed(chunk, cache_vectors=True)
            vectors |= {key: row.tobytes() for key, row in zip(embedded.hashes, embedded.matrix, strict=True)}
            if len(embedded.hashes) < len(chunk):
                break  # the service failed midway; its vectors are stored
        return tier.known_in_store(list(vectors)) if tier.store is not None else vectors

    def _on_vectors(
        self,
        job: _FillJob,
        hashes: list[ContentHash],
        future: Future[dict[ContentHash, bytes]],
        unembeddable: Sequence[int] = (),
    ) -> None:
        self.active_segment = None
        try:
            vectors = future.result()
        except ModelError as error:
            logger.warning("%s", error)
            self._on_filled(job.index)  # requests that wait for vectors must not wait longer
            return
        except Exception as error:
            logger.exception("vectors could not be made")
            self._retry_later(job, error)
            return
        self._note_success()
        if unembeddable:
            job.live.unembeddable.setdefault(job.tier.fingerprint, set()).update(unembeddable)
        if job.cache_only:
            job.live.swept[job.tier.fingerprint] = int(job.rows[-1]) + 1
        if job.index.segments.get(job.live.segment.id) is not job.live:
            return  # merged or removed in the meantime; the cache has the vectors
        pairs = [(row, vectors[key]) for row, key in zip(job.rows.tolist(), hashes, strict=True) if key in vectors]
        if pairs:
            block = VectorBlock(np.array([row for row, _ in pairs], np.uint32), matrix_of([data for _, data in pairs]))
            job.live.add_block(job.tier.fingerprint, block)
        elif job.live.tokens and job.tier.role == TierRole.FIRST:
            job.live.tokens = ()
        self._on_filled(job.index)


def _drop_tokens(indexes: Iterable[RootIndex]) -> None:
    """Nobody will embed them, and segments that wait for it are not merged."""
    for index in indexes:
        for live in index.segments.values():
            live.tokens = ()
