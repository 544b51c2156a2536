"""Cosines of passages to the query: of all passages, of the nearest ones, or of given ones.

A scan compares all vectors of a view. Where a view has a graph, the nearest come from the graph, which compares few.
The graph cannot filter: a filter that leaves few passages is answered by comparing those, and another one by asking
for more neighbours than are needed.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from semlens.index.arrays import Floats, Ints, Mask
from semlens.index.nearest.vector_store import LocalRows
from semlens.index.segment.segment import Segment
from semlens.index.segment.vectors import VectorBlock, quantise
from semlens.index.snapshot import SegmentView
from semlens.search.signals.file_features import FileRows, best_cosines, every_file
from semlens.search.signals.text_evidence import QueryVector

_SELECTIVE = 0.5
"""A filter that leaves a smaller share of the passages is answered without the graph."""

_SPARSE = 0.1
"""A filter that leaves a smaller share of the passages is answered by comparing those passages alone."""

_LEAST_SHARED_VECTORS = 50_000
"""A scan of fewer vectors is not worth another thread."""

_PART_PASSAGES = 32_768
"""Passages that a thread compares at a time."""

_thread = ThreadPoolExecutor(1, thread_name_prefix="semlens-scan")
_LOCAL_ROWS: WeakKeyDictionary[Segment, LocalRows] = WeakKeyDictionary()


def all_cosines(view: SegmentView, query_vector: QueryVector) -> Floats | None:
    """Cosine of every passage of a view, NaN for a passage without a vector. None when no passage has one."""
    blocks = view.blocks(query_vector.fingerprint)
    if not any(len(block.rows) for block in blocks):
        return None
    quantised = quantise(query_vector.vector)
    if (whole := _whole_block(view, query_vector)) is not None:
        return whole.all_cosines(quantised)
    out = np.full(len(view.segment.passages), np.nan, np.float32)
    for block in blocks:
        out[block.rows] = block.all_cosines(quantised)
    return out


class Scan(NamedTuple):
    """:ivar passages: cosine of each passage, NaN without a vector. :ivar files: the best of each file, NaN without."""

    passages: Floats
    files: Floats


class ViewScans:
    """Compares all vectors of some views, on another thread while words and names are looked up on this one.

    Whoever waits for the scans helps to finish them. Few vectors are compared by who asks for them.
    """

    def __init__(self, views: Sequence[SegmentView], query_vector: QueryVector) -> None:
        self._scans: list[Scan | None] = [None] * len(views)
        self._tasks: deque[Callable[[], None]] = deque()
        for number, view in enumerate(views):
            block = _whole_block(view, query_vector)
            if block is None:
                self._tasks.append(partial(self._scan_blocks, number, view, query_vector))
            else:
                self._add_parts(number, view, block, query_vector)
        n_vectors = sum(len(block.rows) for view in views for block in view.blocks(query_vector.fingerprint))
        self._other = _thread.submit(self._work) if n_vectors >= _LEAST_SHARED_VECTORS else None

    def result(self) -> Sequence[Scan | None]:
        """The scan of each view, or None when none of its passages has a vector."""
        self._work()
        if self._other is not None and not self._other.cancel():  # else the thread is busy with another search
            self._other.result()
        return self._scans

    def _work(self) -> None:
        while self._tasks:
            try:
                task = self._tasks.popleft()
            except IndexError:  # the other thread took it
                return
            task()

    def _scan_blocks(self, number: int, view: SegmentView, query_vector: QueryVector) -> None:
        cosines = all_cosines(view, query_vector)
        if cosines is not None:
            self._scans[number] = Scan(cosines, best_cosines(cosines, every_file(view)))

    def _add_parts(self, number: int, view: SegmentView, block: VectorBlock, query_vector: QueryVector) -> None:
        """Parts have whole files."""
        query, rows = quantise(query_vector.vector), every_file(view)
        scan = Scan(np.empty(len(block.rows), np.float32), np.full(len(rows.files), np.nan, np.float32))
        self._scans[number] = scan
        block.lengths  # noqa: B018 - computed once, before both threads ask for it
        bounds = {
            *np.searchsorted(rows.starts, np.arange(0, len(block.rows), _PART_PASSAGES)).tolist(),
            len(rows.starts),
        }
        for first, last in itertools.pairwise(sorted(bounds)):
            self._tasks.append(partial(_scan_files, block, query, rows, (first, last), scan))


class KeptScans:
    """The scans of one search, so that its second answer, by more models, need not repeat those of the first.

    A view never changes. So one that is still shown has the same cosines in a later snapshot, and others are scanned.
    """

    def __init__(self) -> None:
        self._scans: list[tuple[Sequence[SegmentView], QueryVector, ViewScans]] = []

    def of(self, views: Sequence[SegmentView], query_vector: QueryVector) -> ViewScans:
        """Kept scans, or new ones that are kept. Several answers read their arrays, so none may change them."""
        for kept_views, kept_vector, scans in self._scans:
            if kept_vector is query_vector and list(map(id, kept_views)) == list(map(id, views)):
                return scans
        scans = ViewScans(views, query_vector)
        self._scans.append((views, query_vector, scans))
        return scans


def _scan_files(
    block: VectorBlock, query: npt.NDArray[np.int8], rows: FileRows, part: tuple[int, int], scan: Scan
) -> None:
    """:param part: positions in ``rows.filled``: of the first file, and behind the last."""
    first, last = part
    begin = int(rows.starts[first])
    end = int(rows.starts[last]) if last < len(rows.starts) else len(block.rows)
    cosines = block.cosines_between(begin, end, query)
    scan.passages[begin:end] = cosines
    scan.files[rows.filled[first:last]] = np.maximum.reduceat(cosines, rows.starts[first:last] - begin)


def graph_of(view: SegmentView, query_vector: QueryVector) -> VectorBlock | None:
    """The vectors of a view, when they have a graph. A graph covers all passages of its view."""
    block = _whole_block(view, query_vector)
    return block if block is not None and block.graph is not None else None


def _whole_block(view: SegmentView, query_vector: QueryVector) -> VectorBlock | None:
    """The vectors of a view, when one block has those of all passages."""
    blocks = view.blocks(query_vector.fingerprint)
    return blocks[0] if len(blocks) == 1 and len(blocks[0].rows) == len(view.segment.passages) else None


def nearest_by_graph(
    block: VectorBlock, mask: Mask | None, query: npt.NDArray[np.int8], count: int
) -> tuple[Ints, float] | None:
    """The nearest passages of a view with a graph, ascending, and a cosine that no other passage reaches.

    :param mask: the passages that may be hits, or None for all. :param query: quantised.
    :returns: None when a filter needs a scan.
    """
    share = 1.0
    if mask is not None:
        share = float(mask.mean()) if len(mask) else 0.0
        if share < _SPARSE:
            return np.flatnonzero(mask), -1.0
        if share < _SELECTIVE:
            return None
    rows, cosines = block.nearest(query, count if share == 1.0 else int(1.25 * count / share))
    if not len(rows):
        return rows.astype(np.int64), -1.0
    floor = float(cosines[-1])
    if mask is not None:
        rows = rows[mask[rows]]
        if len(rows) < min(count, int(mask.sum())):
            return None
    return np.sort(rows).astype(np.int64), floor


def nearest_in_store(view: SegmentView, query_vector: QueryVector, mask: Mask | None) -> tuple[Ints, Floats, float]:
    """What the store says of a view: rows, ascending, their cosines, and a cosine that no other passage reaches."""
    neighbours = query_vector.neighbours
    assert neighbours is not None
    local = _LOCAL_ROWS.get(view.segment)
    if local is None:
        local = _LOCAL_ROWS[view.segment] = LocalRows(view.segment.passages.hashes)
    rows, cosines = local.of(neighbours)
    if mask is not None:
        kept = mask[rows]
        rows, cosines = rows[kept], cosines[kept]
    order = np.argsort(rows)
    floor = float(neighbours.cosines.min(initial=1.0)) if len(neighbours.cosines) else -1.0
    return rows[order], cosines[order], floor


def compare(block: VectorBlock, rows: Ints, query: npt.NDArray[np.int8], cosines: Floats) -> None:
    """Fill in the cosines of some passages of a view with a graph, where they are not known yet."""
    unknown = rows[np.isnan(cosines[rows])]
    cosines[unknown] = block.cosines_of(unknown, query)
