"""Cosines of passages to the query: of all passages, of the nearest ones, or of given ones.

A scan compares all vectors of a view. Where a view has a graph, the nearest come from the graph, which compares few.
The graph cannot filter: a filter that leaves few passages is answered by comparing those, and another one by asking
for more neighbours than are needed.
"""

from __future__ import annotations

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


def compare(block: VectorBlock, rows: Ints, query: npt.NDArray[np.int8], cosines: Floats) -> None:
    """Fill in the cosines of some passages of a view with a graph, where they are not known yet."""
    unknown = rows[np.isnan(cosines[rows])]
    cosines[unknown] = block.cosines_of(unknown, query)
