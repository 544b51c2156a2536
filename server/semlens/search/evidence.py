"""What speaks for passages and files: BM25F over their words, which words are covered, and cosines to the question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semlens.core.cancel import CancelToken
from semlens.index.snapshot import SegmentView
from semlens.index.terms import K1, name_term_hash
from semlens.index.vectors import quantise
from semlens.search.facts import facts_of
from semlens.search.query import Query

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

FILE_K1 = 6.0
FILE_B = 0.5
_AVERAGE_PASSAGES = 12.0
"""BM25 over files: saturation, and the length normalisation by passages."""

_JOINED = 0.5
"""Weight of two neighbouring words found written as one name."""


@dataclass(frozen=True, slots=True)
class QueryVector:
    """The question as one model sees it.

    :ivar role: ``first`` or ``refine``. :ivar vector: shape (dimension,), length 1.
    """

    fingerprint: str
    role: str
    vector: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class WordEvidence:
    """Of one view. ``covered`` and ``named`` are shares of the weight of the question's words, 0 to 1.

    :ivar passages: BM25F score of each passage, 0 for those that died or are filtered out.
    :ivar covered: by each passage. :ivar named: by the name of each passage's symbol.
    :ivar files: BM25 score of each file. :ivar gains: weight times idf of the question's terms that occur.
    """

    passages: Floats
    covered: Floats
    named: Floats
    files: Floats
    gains: Mapping[int, float]


def score_words(
    views: Sequence[SegmentView], masks: Sequence[Mask | None], query: Query, cancel: CancelToken
) -> list[WordEvidence]:
    """:param masks: passages that may be hits, None for all.

    idf is Robertson's, ln(1 + (N - n + 0.5) / (n + 0.5)), over the passages of all views.
    """
    n_passages = max(1, sum(len(view.segment.passages) for view in views))
    gains: dict[int, float] = {}
    for term, weight in query.terms:
        n_holding = sum(_count(view, term) for view in views)
        if n_holding:
            gains[term] = weight * _idf(n_passages, n_holding)
    total = sum(gains.values()) or 1.0
    joined = {}
    for term in query.joined:
        n_holding = sum(_count(view, term) for view in views)
        if n_holding and term not in gains:
            joined[term] = _JOINED * _idf(n_passages, n_holding)
    found = []
    for view, mask in zip(views, masks, strict=True):
        cancel.check()
        found.append(_score_view(view, mask, gains, joined, total))
    return found


def _idf(n_passages: int, n_holding: int) -> float:
    return float(np.log1p((n_passages - n_holding + 0.5) / (n_holding + 0.5)))


def _count(view: SegmentView, term: int) -> int:
    place = view.segment.words.find(term)
    return int(place.stop - place.start)


def _score_view(
    view: SegmentView, mask: Mask | None, gains: Mapping[int, float], joined: Mapping[int, float], total: float
) -> WordEvidence:
    """:param joined: gains of terms that are worth something where they stand, and are not missed elsewhere."""
    segment = view.segment
    n_passages, n_files = len(segment.passages), len(segment.files)
    of_files = segment.passages.files
    evidence = WordEvidence(
        np.zeros(n_passages, np.float32),
        np.zeros(n_passages, np.float32),
        np.zeros(n_passages, np.float32),
        np.zeros(n_files, np.float32),
        gains,
    )
    length = 1.0 - FILE_B + FILE_B * facts_of(segment).n_passages / _AVERAGE_PASSAGES
    for term, gain in (*gains.items(), *joined.items()):
        place = segment.words.find(term)
        if place.stop == place.start:
            continue
        rows, weights = segment.words.rows[place], segment.words.weights(place)
        if mask is not None:
            rows, weights = rows[mask[rows]], weights[mask[rows]]
        evidence.passages[rows] += gain * (K1 + 1.0) * weights / (K1 + weights)
        in_files = np.bincount(of_files[rows], weights, n_files).astype(np.float32) / length
        evidence.files[:] += gain * (FILE_K1 + 1.0) * in_files / (FILE_K1 + in_files)
        if term in joined:
            continue
        evidence.covered[rows] += gain / total
        named = segment.words.rows[segment.words.find(name_term_hash(term))]
        if mask is not None:
            named = named[mask[named]]
        evidence.named[named] += gain / total
    return evidence


def all_cosines(view: SegmentView, query_vector: QueryVector) -> Floats | None:
    """Cosine of every passage of a view, NaN where it has no vector yet; None when none has."""
    blocks = view.tiers.get(query_vector.fingerprint, ())
    if not any(len(block.rows) for block in blocks):
        return None
    quantised = quantise(query_vector.vector)
    out = np.full(len(view.segment.passages), np.nan, np.float32)
    for block in blocks:
        out[block.rows] = block.all_cosines(quantised)
    return out
