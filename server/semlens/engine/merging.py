"""Merges segments on a thread of its own: one merge at a time, of whatever root has most reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from semlens.engine.root_index import LiveSegment, RootIndex, merge_job
from semlens.index.merge import MergedSegment
from semlens.index.snapshot import Mask


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

    def step(self, indexes: Iterable[RootIndex], *, resting: bool, spared: Sequence[LiveSegment | None]) -> None:
        """Start a merge, if there is one to make and none goes on; see `RootIndex.merge_candidates`."""
        if self.busy:
            return
        for index in indexes:
            parts = index.merge_candidates(resting=resting, spared=spared)
            if parts:
                self._start(index, parts)
                return

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
        index.adopt_merge(parts, alive, future.result())
        self._on_merged()
