"""Ranks a query: files by one linear sum of features, and the symbols of the best files by another.

The sum of a file is the sum of its best symbol. Every other symbol ranks below it by the difference of their own sums.
Files come with their features from `search/readers`, symbols from `symbol_ranking`, weights from `weights`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from semlens.core.cancel import CancelToken
from semlens.core.paths import uri_to_path
from semlens.core.request import SearchRequest
from semlens.index.segment.columns import best_first
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.search.query.query import Query
from semlens.search.ranking import weights as w
from semlens.search.ranking.confidence import FIRST_HITS, Evidence, confidence_of, gather_evidence
from semlens.search.ranking.page import choose_page, sigmoid
from semlens.search.ranking.query_weights import weights_of
from semlens.search.ranking.searched_index import LocalIndex, SearchedIndex
from semlens.search.ranking.symbol_ranking import SymbolScores
from semlens.search.readers.reader import CandidateLimit, Question
from semlens.search.signals.file_table import FileTable
from semlens.search.signals.locations import FramePlace
from semlens.search.signals.meaning import KeptScans
from semlens.search.signals.text_evidence import QueryVector

_LEAST_FILES = 30

DEFAULT_LIMIT = CandidateLimit()

MOVED = "moved.by.perFile"
"""The feature of a hit that the limit per file moved behind the first page. Its score is that of the hit before it."""


@dataclass(frozen=True, slots=True)
class RankedHit:
    """A ranked symbol, or code outside symbols, in one view.

    :ivar file: row of the file. :ivar symbol: row of the symbol, or -1 for code outside symbols.
    :ivar passages: rows of its passages, best first, never empty. :ivar score: between 0 and 1.
    :ivar features: the features behind the score, by name.
    """

    view: SegmentView
    file: int
    symbol: int
    passages: tuple[int, ...]
    score: float
    features: Mapping[str, float]

    @property
    def path(self) -> str:
        return self.view.segment.files.paths[self.file]


class RankedPlace(NamedTuple):
    """A ranked symbol, or code outside symbols. :ivar view: number of its view. See `RankedHit`."""

    view: int
    file: int
    symbol: int
    passages: tuple[int, ...]
    score: float
    features: Mapping[str, float]


class RankedPlaces(NamedTuple):
    """See `RankedAnswer`."""

    places: list[RankedPlace]
    confidence: float
    evidence: Evidence | None = None


class RankedAnswer(NamedTuple):
    """:ivar hits: best first. :ivar confidence: probability that one of the first three is what was asked for.

    :ivar evidence: what the confidence was computed from; None without hits.
    """

    hits: list[RankedHit]
    confidence: float
    evidence: Evidence | None = None


def rank(
    snapshot: IndexSnapshot,
    request: SearchRequest,
    query: Query,
    query_vectors: Sequence[QueryVector],
    cancel: CancelToken,
    limit: CandidateLimit | None = None,
) -> list[RankedHit]:
    """The hits of `rank_answer`."""
    return rank_answer(snapshot, request, query, query_vectors, cancel, limit).hits


def rank_answer(
    snapshot: IndexSnapshot,
    request: SearchRequest,
    query: Query,
    query_vectors: Sequence[QueryVector],
    cancel: CancelToken,
    limit: CandidateLimit | None = None,
    *,
    scans: KeptScans | None = None,
) -> RankedAnswer:
    """The best hits of one snapshot, best first.

    :param limit: how many files each reader offers, instead of `DEFAULT_LIMIT`.
    :param scans: those of the search, which may have answered with fewer models before.
    :raises Cancelled: when the token was cancelled. It is checked between steps.
    """
    views = [view for view in snapshot.views if len(view.segment.passages)]
    answer = rank_index(LocalIndex(views, scans), request, query, query_vectors, cancel, limit)
    hits = [
        RankedHit(views[one.view], one.file, one.symbol, one.passages, one.score, one.features) for one in answer.places
    ]
    return RankedAnswer(hits, answer.confidence, answer.evidence)


def rank_index(
    index: SearchedIndex,
    request: SearchRequest,
    query: Query,
    query_vectors: Sequence[QueryVector],
    cancel: CancelToken,
    limit: CandidateLimit | None = None,
) -> RankedPlaces:
    """The best places of an index, best first, wherever its readers are. See `rank_answer`."""
    if not index.n_passages or not (query.text.strip() or query.has_filter):
        return RankedPlaces([], 0.0)
    query = index.known_words(query)
    near = uri_to_path(request.near_uri) if request.near_uri else None
    question = Question(request, query, query_vectors, near or "", limit or DEFAULT_LIMIT, cancel)
    table, frames = index.candidates(question)
    cancel.check()
    weights = weights_of(table, query)
    scores = file_scores(table, weights.files)
    scores = _with_frames(scores, table, frames, query)
    best = _best_files(scores, max(request.limit + 10, _LEAST_FILES))
    symbols = index.symbols(table, best, frames, question, weights.symbols)
    cancel.check()
    totals = scores[symbols.files] - symbols.behind * np.float32(weights.behind)
    order: list[int] = best_first(totals).tolist()  # ties keep the order of files and lines
    order = _of_kinds(order, index, table, symbols, request, query)
    wanted = request._replace(limit=max(request.limit, FIRST_HITS))
    page = choose_page(
        order, symbols.files, lambda file: index.path(int(table.views[file]), int(table.rows[file])), wanted, query
    )
    places = _places(table, symbols, page, totals)
    evidence = gather_evidence(
        query,
        [place.features for place in places[:FIRST_HITS]],
        totals[order[:10]].tolist(),
        table.evidence[0].words.idf_weights,
        index.n_passages,
        query_vectors,
    )
    return RankedPlaces(places[: request.limit], confidence_of(query, evidence), evidence)


def _of_kinds(
    order: list[int],
    index: SearchedIndex,
    table: FileTable,
    symbols: SymbolScores,
    request: SearchRequest,
    query: Query,
) -> list[int]:
    """Drop symbols of other kinds. A short symbol is found by the passage around it, which may have another kind."""
    allowed = [search_filter.kinds for search_filter in (request.filter, query.filter) if search_filter.kinds]
    if not allowed:
        return order

    def fits(place: int) -> bool:
        view, row = int(table.views[int(symbols.files[place])]), int(symbols.symbols[place])
        return row >= 0 and all(index.kind(view, row) in kinds for kinds in allowed)

    return [place for place in order if fits(place)]


def file_scores(table: FileTable, weights: Mapping[str, float]) -> npt.NDArray[np.float32]:
    """The weighted sum of each file's features, or -inf for files that may not be hits. Shape (f,)."""
    total = np.zeros(len(table.rows), np.float32)
    for name, weight in weights.items():
        if name in table.columns:
            total += np.float32(weight) * table.columns[name]
    total[~table.eligible] = -np.inf
    return total


def _with_frames(
    scores: npt.NDArray[np.float32], table: FileTable, frames: Sequence[FramePlace], query: Query
) -> npt.NDArray[np.float32]:
    """Rank files that a stack trace names above all others, in order of their innermost frames.

    In a report, frames are one evidence among others.
    """
    if not frames:
        return scores
    if query.is_report:
        worth = np.zeros(len(scores), np.float32)
        for frame in reversed(frames):
            worth[_at(table, frame)] = frame.worth
        return scores + np.float32(w.REPORT_FRAME_WEIGHT) * worth
    base = float(np.max(scores, where=np.isfinite(scores), initial=0.0))
    for frame in reversed(frames):
        scores[_at(table, frame)] = base + w.FRAME_WEIGHT * frame.worth
    return scores


def _at(table: FileTable, frame: FramePlace) -> npt.NDArray[np.bool_]:
    """Mask of the file of a frame."""
    mask: npt.NDArray[np.bool_] = (table.views == frame.view) & (table.rows == frame.file)
    return mask


def _best_files(scores: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.int64]:
    finite = np.flatnonzero(np.isfinite(scores))
    if len(finite) > count:
        finite = finite[np.argpartition(-scores[finite], count - 1)[:count]]
    return np.sort(finite)


def _places(
    table: FileTable,
    symbols: SymbolScores,
    page: Sequence[int],
    totals: npt.NDArray[np.float32],
) -> list[RankedPlace]:
    """:param page: the places of the hits, in order. :param totals: of all places."""
    if not page:
        return []
    shown = np.minimum.accumulate(totals[page])  # hits that the limit per file moved back score no better than before
    was_moved = shown < totals[page]
    files = symbols.files[page]
    names = [f"file.{name}" for name in table.columns] + list(symbols.columns)
    columns = [column[files].tolist() for column in table.columns.values()]
    columns += [column[page].tolist() for column in symbols.columns.values()]
    places = []
    for at, (place, file) in enumerate(zip(page, files.tolist(), strict=True)):
        features = dict(zip(names, [column[at] for column in columns], strict=True))
        if was_moved[at]:
            features[MOVED] = 1.0
        places.append(
            RankedPlace(
                int(table.views[file]),
                int(table.rows[file]),
                int(symbols.symbols[place]),
                symbols.passages[place],
                sigmoid(float(shown[at])),
                features,
            )
        )
    return places
