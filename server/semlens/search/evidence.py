"""What speaks for a passage: BM25F over its words, and its cosine to the question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semlens.core.cancel import CancelToken
from semlens.index.snapshot import SegmentView
from semlens.index.terms import K1
from semlens.index.vectors import VectorBlock, quantise
from semlens.search.query import Query

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class QueryVector:
    """The question as one model sees it.

    :ivar role: ``first`` or ``refine``. :ivar vector: shape (dimension,), length 1.
    """

    fingerprint: str
    role: str
    vector: npt.NDArray[np.float32]


def score_words(views: Sequence[SegmentView], query: Query, cancel: CancelToken) -> list[Scores]:
    """BM25F score of every passage of every view; passages that died score 0.

    idf is Robertson's, ln(1 + (N - n + 0.5) / (n + 0.5)), over the passages of all views.
    """
    n_passages = max(1, sum(len(view.segment.passages) for view in views))
    scores = [np.zeros(len(view.segment.passages), np.float32) for view in views]
    for term, weight in query.terms:
        cancel.check()
        places = [view.segment.words.find(term) for view in views]
        n_holding = sum(place.stop - place.start for place in places)
        if not n_holding:
            continue
        gain = weight * float(np.log1p((n_passages - n_holding + 0.5) / (n_holding + 0.5)))
        for view, place, out in zip(views, places, scores, strict=True):
            if place.stop > place.start:
                found = view.segment.words.weights(place)
                out[view.segment.words.rows[place]] += gain * (K1 + 1.0) * found / (K1 + found)
    for view, out in zip(views, scores, strict=True):
        mask = view.alive_passages
        if mask is not None:
            out[~mask] = 0.0
    return scores


def nearest_passages(
    view: SegmentView, query_vector: QueryVector, count: int
) -> npt.NDArray[np.uint32]:
    """Rows of the living passages nearest to the question, unordered."""
    quantised = quantise(query_vector.vector)
    mask = view.alive_passages
    found = []
    for block in view.tiers.get(query_vector.fingerprint, ()):
        rows, _ = block.nearest(quantised, count if mask is None else 2 * count)
        found.append(rows if mask is None else rows[mask[rows]])
    return np.concatenate(found) if found else np.zeros(0, np.uint32)


def cosines_of(view: SegmentView, rows: npt.NDArray[np.uint32], query_vector: QueryVector) -> Scores:
    """Cosine of each given passage, NaN where it has no vector yet."""
    out = np.full(len(rows), np.nan, np.float32)
    for block in view.tiers.get(query_vector.fingerprint, ()):
        out = np.fmax(out, block.cosines(rows, query_vector.vector))
    return out


def restrict_tiers(
    view: SegmentView, wanted: npt.NDArray[np.bool_]
) -> Mapping[str, tuple[VectorBlock, ...]]:
    """Vectors of the wanted passages alone, for a scan under a filter."""
    return {name: tuple(block.subset(wanted) for block in blocks) for name, blocks in view.tiers.items()}
