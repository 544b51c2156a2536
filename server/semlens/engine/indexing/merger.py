"""Merges segments on a thread of its own: one merge at a time, of whatever root has most reason."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from semlens.engine.indexing.root_index import LiveSegment, RootIndex, merge_job
from semlens.index.segment.merge import MergedSegment
from semlens.index.snapshot import Mask

logger = logging.getLogger(__name__)


class Merger:
    """Used by the indexer thread. :ivar merging: the segments of the merge that goes on."""

    def __init__(self, post: Callable[[Callable[[], None]], None], on_merged: Callable[[], None]) -> None:
        self.merging: Sequence[LiveSegment] = ()
        self._post = post
        self._on_merged = on_merged
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="merge")

    @property
    def busy(self) -> bool:
        return bool(self.merging)

    def step(self, indexes: Iterable[RootIndex], *, resting: bool, spared: Sequence[LiveSegment | None]) -> float:
        """Start a merge, if there is one to make and none goes on; see `RootIndex.merge_candidates`.

        :returns: when (monotonic) one that failed is due again; 0 when there is none.
        """
        if self.busy:
            return 0.0
        due: list[float] = []
        for index in indexes:
            parts = index.merge_candidates(resting=resting, spared=spared)
            if not parts:
                continue
            if time.monotonic() < index.merge_backoff.due:
                due.append(index.merge_backoff.due)
                continue
            self._start(index, parts)
            return 0.0
        return min(due, default=0.0)

    def close(self) -> None:
        """Give up what waits; returns at once."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _start(self, index: RootIndex, parts: list[LiveSegment]) -> None:
        self.merging = parts
        alive = [part.alive for part in parts]

        def answered(done: Future[MergedSegment]) -> None:
            self._post(lambda: self._merged(index, parts, alive, done))

        self._thread.submit(merge_job, parts, alive).add_done_callback(answered)

    def _merged(
        self, index: RootIndex, parts: list[LiveSegment], alive: list[Mask], future: Future[MergedSegment]
    ) -> None:
        self.merging = ()
        try:
            index.adopt_merge(parts, alive, future.result())
        except Exception as error:
            logger.exception("segments of %s could not be merged", index.root)
            index.merge_backoff.failed()
            index.merge_error = (
                f"Parts of the index could not be merged ({type(error).__name__}: {error}): searches are slower. "
                "It is tried again; if this stays, delete the index with 'semlens forget' and report the fault."
            )
        else:
            index.merge_backoff.succeeded()
            index.merge_error = ""
        self._on_merged()
