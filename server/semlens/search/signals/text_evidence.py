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
from semlens.index.arrays import Floats, Ints, Mask, Rows
from semlens.index.nearest.vector_store import Neighbours
from semlens.index.segment.columns import ranges, run_starts
from semlens.index.segment.postings import WEIGHT_OF_CODE
from semlens.index.segment.terms import K1, name_term_hash
from semlens.index.snapshot import SegmentView
from semlens.search.query.query import Query
from semlens.search.signals.static_signals import static_signals_of

FILE_K1 = 6.0
FILE_B = 0.5
_AVERAGE_PASSAGES = 12.0
"""Saturation and length normalisation of BM25 over files. The length of a file is its number of passages."""

_LIKE_A_WORD = 0.5
"""Weight of two neighbouring words that occur as one name, and of another form of a word."""


@dataclass(frozen=True, slots=True)
class QueryVector:
    """The vector of the query from one model.

    :ivar vector: shape (dimension,), Euclidean length 1.
    :ivar neighbours: the nearest passages, where a store outside of the index has the vectors; None otherwise.
    """

    fingerprint: str
    role: TierRole
    vector: Floats
    neighbours: Neighbours | None = None


@dataclass(frozen=True, slots=True)
class TermCounts:
    """How many passages of a reader contain each term of a query. Sums over readers are global.

    :ivar n_passages: of the reader. :ivar n_holding: for each of `query_terms`, shape (t,).
    """

    n_passages: int
    n_holding: Ints


@dataclass(frozen=True, slots=True)
class TermWeights:
    """What the terms of a query are worth, given the counts of all readers.

    :ivar idf_weights: weight times IDF of each of `query_terms`, 0 for a term that occurs nowhere.
    :ivar shares: share of each in the weight of the query's own words; 0 for other terms.
    :ivar known: weight times IDF of each own word that occurs, by term.
    """

    idf_weights: Sequence[float]
    shares: Sequence[float]
    known: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Holding:
    """The passages of a view that contain a term of the query, by file. They are few.

    :ivar rows: of the passages, ascending. :ivar files: rows of their files, ascending. :ivar starts: where the
        passages of each of these files begin.
    """

    rows: Ints
    files: Ints
    starts: Ints

    @classmethod
    def of(cls, scores: Floats, owners: Rows) -> Holding:
        """:param scores: above 0 for these passages. :param owners: the file of each passage of the view."""
        rows = np.flatnonzero(scores > 0)
        files = owners[rows]
        starts = run_starts(files)
        return cls(rows, files[starts].astype(np.int64), starts)

    @classmethod
    def nothing(cls) -> Holding:
        return cls(*(np.zeros(0, np.int64) for _ in range(3)))

    def among(self, files: Ints) -> Holding:
        """The passages of some files. :param files: their rows, ascending."""
        if not len(self.files):
            return self
        places = np.minimum(np.searchsorted(self.files, files), len(self.files) - 1)
        places = places[self.files[places] == files]
        lengths = np.diff(self.starts, append=len(self.rows))[places]
        rows = self.rows[ranges(self.starts[places], lengths)]
        return Holding(rows, self.files[places], np.cumsum(lengths) - lengths)

    def best(self, values: Floats) -> Floats:
        """The largest value of each of the files. :param values: of the passages of the view."""
        return np.maximum.reduceat(values[self.rows], self.starts) if len(self.rows) else np.zeros(0, np.float32)

    def sums_of_best(self, values: Floats, count: int) -> Floats:
        """The sum of the ``count`` largest values of each of the files, above 0. Equal values count once."""
        remaining, total = values[self.rows], np.zeros(len(self.files), np.float32)
        if not len(self.rows):
            return total
        lengths = np.diff(self.starts, append=len(self.rows))
        for number in range(count):
            current = np.maximum.reduceat(remaining, self.starts)
            total += current
            if number + 1 < count:
                remaining[remaining == np.repeat(current, lengths)] = 0.0
        return total


@dataclass(frozen=True, slots=True)
class WordEvidence:
    """Word scores of one view.

    :ivar passages: BM25F score of each passage, 0 for passages that are deleted or filtered out.
    :ivar covered: share of the weight of the query's words that each passage contains, 0 to 1.
    :ivar named: the same share for the name of each passage's symbol.
    :ivar files: BM25 score of each file. :ivar idf_weights: weight times IDF of each query term that occurs, by term.
    :ivar holding: the passages that contain a term.
    """

    passages: Floats
    covered: Floats
    named: Floats
    files: Floats
    idf_weights: Mapping[int, float]
    holding: Holding


def query_terms(query: Query) -> npt.NDArray[np.uint64]:
    """The terms of a query that are counted: its words, then neighbouring words written as one and other forms."""
    words = (term for term, _ in query.terms)
    return np.array(list(dict.fromkeys((*words, *query.joined, *query.forms))), np.uint64)


def count_terms(views: Sequence[SegmentView], query: Query) -> TermCounts:
    """Count the passages of some views that contain each term. Deleted passages count until they are merged away."""
    terms = query_terms(query)
    n_holding = np.zeros(len(terms), np.int64)
    for view in views:
        places = view.segment.words.find_all(terms)
        n_holding += np.array([place.stop - place.start for place in places], np.int64)
    return TermCounts(sum(len(view.segment.passages) for view in views), n_holding)


def weigh_terms(query: Query, counts: Sequence[TermCounts]) -> TermWeights:
    """:param counts: those of every reader."""
    words = dict(query.terms)
    n_passages = max(1, sum(count.n_passages for count in counts))
    n_holding = np.sum([count.n_holding for count in counts], axis=0)
    n_others = len(query_terms(query)) - len(words)
    weights = [*words.values(), *([_LIKE_A_WORD] * n_others)]
    # IDF after Robertson, with 1 added inside the logarithm so that it is never negative
    idf_weights = [
        weight * math.log1p((n_passages - n + 0.5) / (n + 0.5)) if n else 0.0
        for weight, n in zip(weights, n_holding.tolist(), strict=True)
    ]
    known = {term: gain for term, gain in zip(words, idf_weights, strict=False) if gain}
    total = sum(known.values()) or 1.0
    shares = [gain / total if i < len(words) else 0.0 for i, gain in enumerate(idf_weights)]
    return TermWeights(idf_weights, shares, known)


def score_words(
    views: Sequence[SegmentView],
    masks: Sequence[Mask | None],
    query: Query,
    cancel: CancelToken,
    weights: TermWeights | None = None,
) -> list[WordEvidence]:
    """Score the words of some views. The work grows with the passages that contain a term, not with all passages.

    :param masks: for each view, mask of the passages that may be hits, or None for all.
    :param weights: given the counts of all readers; without them, these views are all.
    """
    weights = weights or weigh_terms(query, [count_terms(views, query)])
    terms = query_terms(query)
    named = np.array([name_term_hash(term) for term, _ in query.terms], np.uint64)
    scored = []
    for view, mask in zip(views, masks, strict=True):
        cancel.check()
        evidence = _score_view(view, mask, view.segment.words.find_all(terms), weights)
        _add_names(view, mask, view.segment.words.find_all(named), weights.shares, evidence.named)
        scored.append(evidence)
    return scored


def _score_view(
    view: SegmentView, mask: Mask | None, places: Sequence[slice], term_weights: TermWeights
) -> WordEvidence:
    """:param places: slice of each term in the postings."""
    segment = view.segment
    n_passages, n_files = len(segment.passages), len(segment.files)
    of_files = segment.passages.files
    passages, covered, named = (np.zeros(n_passages, np.float32) for _ in range(3))
    files = np.zeros(n_files, np.float32)
    length = 1.0 - FILE_B + FILE_B * static_signals_of(segment).n_passages / _AVERAGE_PASSAGES
    for place, gain, share in zip(places, term_weights.idf_weights, term_weights.shares, strict=True):
        if place.stop == place.start:
            continue
        rows, codes = segment.words.rows[place].astype(np.intp), segment.words.codes[place]
        if mask is not None:
            kept = mask[rows]
            rows, codes = rows[kept], codes[kept]
        if not len(rows):
            continue
        weights = WEIGHT_OF_CODE[codes].astype(np.float64)
        saturated = np.float32(gain * (K1 + 1.0)) * WEIGHT_OF_CODE / (K1 + WEIGHT_OF_CODE)
        passages[rows] += saturated[codes]
        owners = of_files[rows]
        starts = run_starts(owners)
        holding = owners[starts]
        in_files = np.add.reduceat(weights, starts).astype(np.float32) / length[holding]
        files[holding] += np.float32(gain * (FILE_K1 + 1.0)) * in_files / (FILE_K1 + in_files)
        if share:
            covered[rows] += np.float32(share)
    return WordEvidence(passages, covered, named, files, term_weights.known, Holding.of(passages, of_files))


def _add_names(
    view: SegmentView, mask: Mask | None, places: Sequence[slice], shares: Sequence[float], named: Floats
) -> None:
    for place, share in zip(places, shares, strict=False):
        if place.stop > place.start:
            rows = view.segment.words.rows[place]
            named[rows if mask is None else rows[mask[rows]]] += np.float32(share)
