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
from semlens.search.ranking.symbol_ranking import SymbolScores, score_symbols
from semlens.search.readers.reader import CandidateLimit, Question
from semlens.search.readers.view_reader import compare_chosen, find_candidates
from semlens.search.signals.file_table import FileTable
from semlens.search.signals.locations import FramePlace, resolve_frames
from semlens.search.signals.spelling import with_known_words
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
) -> RankedAnswer:
    """The best hits of one snapshot, best first.

    :param limit: how many files each reader offers, instead of `DEFAULT_LIMIT`.
    :raises Cancelled: when the token was cancelled. It is checked between steps.
    """
    views = [view for view in snapshot.views if len(view.segment.passages)]
    if not views or not (query.text.strip() or query.has_filter):
        return RankedAnswer([], 0.0)
    query = with_known_words(views, query)
    frames = resolve_frames(views, query.frames)
    near = uri_to_path(request.near_uri) if request.near_uri else None
    question = Question(request, query, query_vectors, near or "", limit or DEFAULT_LIMIT, cancel)
    table = find_candidates(views, question, frames)
    cancel.check()
    weights = weights_of(table, query)
    scores = file_scores(table, weights.files)
    scores = _with_frames(scores, table, frames, query)
    best = _best_files(scores, max(request.limit + 10, _LEAST_FILES))
    compare_chosen(views, table, best, question)
    symbols = score_symbols(views, table, best, frames, weights.symbols)
    cancel.check()
    totals = scores[symbols.files] - symbols.behind * np.float32(weights.behind)
    order: list[int] = best_first(totals).tolist()  # ties keep the order of files and lines
    order = _of_kinds(order, views, table, symbols, request, query)
    wanted = request._replace(limit=max(request.limit, FIRST_HITS))
    page = choose_page(order, symbols.files, lambda file: _path(views, table, file), wanted, query)
    hits = _hits(views, table, symbols, page, totals)
    evidence = gather_evidence(
        query,
        [hit.features for hit in hits[:FIRST_HITS]],
        totals[order[:10]].tolist(),
        table.evidence[0].words.idf_weights,
        sum(len(view.segment.passages) for view in views),
        query_vectors,
    )
    return RankedAnswer(hits[: request.limit], confidence_of(query, evidence), evidence)


def _of_kinds(
    order: list[int],
    views: Sequence[SegmentView],
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
        view = views[int(table.views[int(symbols.files[place])])]
        row = int(symbols.symbols[place])
        return row >= 0 and all(int(view.segment.symbols.kinds[row]) in kinds for kinds in allowed)

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


def _path(views: Sequence[SegmentView], table: FileTable, file: int) -> str:
    return views[int(table.views[file])].segment.files.paths[int(table.rows[file])]


def _hits(
    views: Sequence[SegmentView],
    table: FileTable,
    symbols: SymbolScores,
    page: Sequence[int],
    totals: npt.NDArray[np.float32],
) -> list[RankedHit]:
    """:param page: the places of the hits, in order. :param totals: of all places."""
    if not page:
        return []
    shown = np.minimum.accumulate(totals[page])  # hits that the limit per file moved back score no better than before
    was_moved = shown < totals[page]
    files = symbols.files[page]
    names = [f"file.{name}" for name in table.columns] + list(symbols.columns)
    columns = [column[files].tolist() for column in table.columns.values()]
    columns += [column[page].tolist() for column in symbols.columns.values()]
    hits = []
    for at, (place, file) in enumerate(zip(page, files.tolist(), strict=True)):
        features = dict(zip(names, [column[at] for column in columns], strict=True))
        if was_moved[at]:
            features[MOVED] = 1.0
        hits.append(
            RankedHit(
                views[int(table.views[file])],
                int(table.rows[file]),
                int(symbols.symbols[place]),
                symbols.passages[place],
                sigmoid(float(shown[at])),
                features,
            )
        )
    return hits
