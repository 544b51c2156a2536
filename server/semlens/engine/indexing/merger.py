"""Merges segments on its own thread, one merge at a time, and prepares segments for ranking there."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from weakref import WeakKeyDictionary

from semlens.engine.indexing.live_segment import MERGE_FANOUT, LiveSegment
from semlens.engine.indexing.root_index import RootIndex
from semlens.index.arrays import Mask
from semlens.index.segment.merge import MergedSegment, merge_segments
from semlens.search.signals.file_status import file_statuses
from semlens.search.signals.static_signals import static_signals_of

RESTING_FANOUT = 2
"""How many segments of about one size are merged at rest. A search visits each: 15 cost a third more than 4."""

MAX_SEGMENT_PASSAGES = 200_000
"""A larger segment is not merged, so that a merge stays within two seconds and 200 MB."""

logger = logging.getLogger(__name__)


class Merger:
    """Used by the indexer thread. :ivar merging: the segments of the merge that goes on."""

    def __init__(self, post: Callable[[Callable[[], None]], None], on_merged: Callable[[], None]) -> None:
        self.merging: Sequence[LiveSegment] = ()
        self._prepared: WeakKeyDictionary[RootIndex, frozenset[str]] = WeakKeyDictionary()
        self._post = post
        self._on_merged = on_merged
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="merge")

    @property
    def busy(self) -> bool:
        return bool(self.merging)

    def step(self, indexes: Iterable[RootIndex], *, resting: bool, spared: Sequence[LiveSegment | None]) -> float:
        """Start a merge, if there is one to make and none goes on; see `merge_candidates`.

        :returns: when (monotonic) one that failed is due again; 0 when there is none.
        """
        if self.busy:
            return 0.0
        due: list[float] = []
        for index in indexes:
            parts = merge_candidates(index.segments.values(), resting=resting, spared=spared)
            if not parts:
                if resting:
                    self._prepare(index)
                continue
            if time.monotonic() < index.merge_backoff.due:
                due.append(index.merge_backoff.due)
                continue
            self._start(index, parts)
            return 0.0
        return min(due, default=0.0)

    def close(self) -> None:
        """Cancel merges that wait. Returns at once."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _prepare(self, index: RootIndex) -> None:
        """Compute what ranking keeps of new segments, so that the next search need not."""
        segments = frozenset(index.segments)
        if self._prepared.get(index) != segments:
            self._thread.submit(file_statuses, index.views())
            self._prepared[index] = segments

    def _start(self, index: RootIndex, parts: list[LiveSegment]) -> None:
        alive = [part.alive for part in parts]

        def answered(done: Future[MergedSegment]) -> None:
            self._post(lambda: self._merged(index, parts, alive, done))

        merged = self._thread.submit(merge_job, parts, alive)  # fails where no thread can be started
        self.merging = parts
        merged.add_done_callback(answered)

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
                "It is tried again; if this stays, delete the index with `semlens forget` and report the fault."
            )
        else:
            index.merge_backoff.succeeded()
            index.merge_error = ""
        self._on_merged()


def merge_candidates(
    segments: Iterable[LiveSegment], *, resting: bool = False, spared: Sequence[LiveSegment | None] = ()
) -> list[LiveSegment]:
    """The segments to merge: a full level of about one size, or one whose files are half dead. Empty if there are none.

    :param resting: nothing else is to be done. :param spared: what vectors are being made for: those would be lost.
    """
    fanout = RESTING_FANOUT if resting else MERGE_FANOUT
    levels: dict[int, list[LiveSegment]] = {}
    for live in segments:
        n_passages = len(live.segment.passages)
        if live.tokens or any(live is one for one in spared):
            continue  # still being embedded
        if live.n_alive < len(live.alive) / 2 and len(live.alive) > 1:
            return [live]
        if n_passages < MAX_SEGMENT_PASSAGES:
            levels.setdefault(max(n_passages, 256).bit_length() // 3, []).append(live)
    for _, level in sorted(levels.items()):
        if len(level) >= fanout:
            chosen: list[LiveSegment] = []
            total = 0
            for live in sorted(level, key=lambda item: len(item.segment.passages)):
                total += len(live.segment.passages)
                if total > MAX_SEGMENT_PASSAGES:
                    break
                chosen.append(live)
            if len(chosen) > 1:
                return chosen
    return []


def merge_job(parts: Sequence[LiveSegment], alive: Sequence[Mask]) -> MergedSegment:
    """Merge, on another thread, and compute the static signals that ranking needs at the next search."""
    merged = merge_segments([(part.segment, mask) for part, mask in zip(parts, alive, strict=True)])
    static_signals_of(merged.segment)
    return merged
