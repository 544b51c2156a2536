"""Cosines of passages to the query: of all passages, of the nearest ones, or of given ones.

A scan compares all vectors of a view. Where a view has a graph, the nearest come from the graph, which compares few.
The graph cannot filter: a filter that leaves few passages is answered by comparing those, and another one by asking
for more neighbours than are needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semlens.index.segment.vectors import VectorBlock, quantise
from semlens.index.snapshot import SegmentView
from semlens.search.signals.text_evidence import Floats, Mask, QueryVector

Ints = npt.NDArray[np.int64]

_SELECTIVE = 0.5
"""A filter that leaves a smaller share of the passages is answered without the graph."""

_SPARSE = 0.1
"""A filter that leaves a smaller share of the passages is answered by comparing those passages alone."""


@dataclass(frozen=True, slots=True)
class NearestPassages:
    """Some passages of one view, with their cosines. All that have a vector, unless the view has a graph.

    :ivar rows: ascending. :ivar are_all: whether no passage of the view that has a vector is missing.
    """

    rows: Ints
    cosines: Floats
    are_all: bool


def all_cosines(view: SegmentView, query_vector: QueryVector) -> Floats | None:
    """Cosine of every passage of a view, NaN for a passage without a vector. None when no passage has one."""
    blocks = view.tiers.get(query_vector.fingerprint, ())
    if not any(len(block.rows) for block in blocks):
        return None
    quantised = quantise(query_vector.vector)
    n_passages = len(view.segment.passages)
    if len(blocks) == 1 and len(blocks[0].rows) == n_passages:
        return blocks[0].all_cosines(quantised)
    out = np.full(n_passages, np.nan, np.float32)
    for block in blocks:
        out[block.rows] = block.all_cosines(quantised)
    return out


def graph_of(view: SegmentView, query_vector: QueryVector) -> VectorBlock | None:
    """The vectors of a view, when they have a graph. A graph covers all passages of its view."""
    blocks = view.tiers.get(query_vector.fingerprint, ())
    whole = len(blocks) == 1 and blocks[0].graph is not None and len(blocks[0].rows) == len(view.segment.passages)
    return blocks[0] if whole else None


def nearest_by_graph(
    block: VectorBlock, mask: Mask | None, query_vector: QueryVector, count: int
) -> NearestPassages | None:
    """The nearest passages of a view with a graph. None when a filter needs a scan.

    :param mask: the passages that may be hits, or None for all.
    """
    quantised = quantise(query_vector.vector)
    if mask is None:
        rows, cosines = block.nearest(quantised, count)
        return _sorted(rows, cosines)
    share = float(mask.mean()) if len(mask) else 0.0
    if share < _SPARSE:
        rows = np.flatnonzero(mask).astype(np.uint32)
        return NearestPassages(rows.astype(np.int64), block.cosines_of(rows.astype(np.int64), quantised), are_all=True)
    if share < _SELECTIVE:
        return None
    rows, cosines = block.nearest(quantised, int(1.25 * count / share))
    passing = mask[rows]
    n_passing = int(mask.sum())
    return _sorted(rows[passing], cosines[passing]) if passing.sum() >= min(count, n_passing) else None


def _sorted(rows: npt.NDArray[np.uint32], cosines: Floats) -> NearestPassages:
    order = np.argsort(rows)
    return NearestPassages(rows[order].astype(np.int64), cosines[order], are_all=False)
