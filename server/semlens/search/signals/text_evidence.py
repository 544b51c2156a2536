"""Scores passages and files: BM25F of their words, the share of query words that they contain, and cosines.

Term weights come from `index/segment/bm25f`. Saturation and IDF are applied here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semlens.core.cancel import CancelToken
from semlens.core.status import TierRole
from semlens.index.segment.postings import WEIGHT_OF_CODE
from semlens.index.segment.terms import K1, name_term_hash
from semlens.index.segment.vectors import quantise
from semlens.index.snapshot import SegmentView
from semlens.search.query.query import Query
from semlens.search.signals.static_signals import static_signals_of

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

FILE_K1 = 6.0
FILE_B = 0.5
_AVERAGE_PASSAGES = 12.0
"""Saturation and length normalisation of BM25 over files. The length of a file is its number of passages."""

_JOINED = 0.5
"""Weight of two neighbouring words that occur as one name."""


@dataclass(frozen=True, slots=True)
class QueryVector:
    """The vector of the query from one model. :ivar vector: shape (dimension,), Euclidean length 1."""

    fingerprint: str
    role: TierRole
    vector: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class WordEvidence:
    """Word scores of one view.

    :ivar passages: BM25F score of each passage, 0 for passages that are deleted or filtered out.
    :ivar covered: share of the weight of the query's words that each passage contains, 0 to 1.
    :ivar named: the same share for the name of each passage's symbol.
    :ivar files: BM25 score of each file. :ivar idf_weights: weight times IDF of each query term that occurs, by term.
    """

    passages: Floats
    covered: Floats
    named: Floats
    files: Floats
    idf_weights: Mapping[int, float]


def score_words(
    views: Sequence[SegmentView], masks: Sequence[Mask | None], query: Query, cancel: CancelToken
) -> list[WordEvidence]:
    """Score the words of all views.

    :param masks: for each view, mask of the passages that may be hits, or None for all.
    """
    n_passages = max(1, sum(len(view.segment.passages) for view in views))
    term_weights = dict(query.terms)
    joined = [term for term in query.joined if term not in term_weights]
    terms = np.array([*term_weights, *joined], np.uint64)
    places = [view.segment.words.find_all(terms) for view in views]
    n_holding = [sum(of_view[i].stop - of_view[i].start for of_view in places) for i in range(len(terms))]
    weights = [*term_weights.values(), *(_JOINED for _ in joined)]
    # IDF after Robertson, with 1 added inside the logarithm so that it is never negative
    idf_weights = [
        weight * math.log1p((n_passages - n + 0.5) / (n + 0.5)) if n else 0.0
        for weight, n in zip(weights, n_holding, strict=True)
    ]
    known = {term: gain for term, gain in zip(term_weights, idf_weights, strict=False) if gain}
    total = sum(known.values()) or 1.0
    shares = [gain / total if i < len(term_weights) else 0.0 for i, gain in enumerate(idf_weights)]
    named = np.array([name_term_hash(term) for term in term_weights], np.uint64)
    scored = []
    for view, mask, of_view in zip(views, masks, places, strict=True):
        cancel.check()
        evidence = _score_view(view, mask, of_view, idf_weights, shares, known)
        _add_names(view, mask, view.segment.words.find_all(named), shares, evidence.named)
        scored.append(evidence)
    return scored


def _score_view(
    view: SegmentView,
    mask: Mask | None,
    places: Sequence[slice],
    idf_weights: Sequence[float],
    shares: Sequence[float],
    known: Mapping[int, float],
) -> WordEvidence:
    """:param places: slice of each term in the postings. :param shares: share of each term in the query's weight."""
    segment = view.segment
    n_passages, n_files = len(segment.passages), len(segment.files)
    of_files = segment.passages.files
    evidence = WordEvidence(
        np.zeros(n_passages, np.float32),
        np.zeros(n_passages, np.float32),
        np.zeros(n_passages, np.float32),
        np.zeros(n_files, np.float32),
        known,
    )
    length = 1.0 - FILE_B + FILE_B * static_signals_of(segment).n_passages / _AVERAGE_PASSAGES
    for place, gain, share in zip(places, idf_weights, shares, strict=True):
        if place.stop == place.start:
            continue
        rows, codes = segment.words.rows[place].astype(np.intp), segment.words.codes[place]
        if mask is not None:
            kept = mask[rows]
            rows, codes = rows[kept], codes[kept]
        weights = WEIGHT_OF_CODE[codes]
        saturated = np.float32(gain * (K1 + 1.0)) * WEIGHT_OF_CODE / (K1 + WEIGHT_OF_CODE)
        evidence.passages[rows] += saturated[codes]
        in_files = np.bincount(of_files[rows], weights, n_files).astype(np.float32) / length
        evidence.files[:] += np.float32(gain * (FILE_K1 + 1.0)) * in_files / (FILE_K1 + in_files)
        if share:
            evidence.covered[rows] += np.float32(share)
    return evidence


def _add_names(
    view: SegmentView, mask: Mask | None, places: Sequence[slice], shares: Sequence[float], named: Floats
) -> None:
    for place, share in zip(places, shares, strict=False):
        if place.stop > place.start:
            rows = view.segment.words.rows[place]
            named[rows if mask is None else rows[mask[rows]]] += np.float32(share)


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
