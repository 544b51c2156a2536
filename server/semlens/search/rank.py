"""Candidates to a ranked page: two linear sums over one table of features.

A file's evidence lifts its best symbol; the page shows at most a few symbols a file.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from semlens.core.cancel import CancelToken
from semlens.core.request import SearchRequest
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.search import weights as w
from semlens.search.evidence import QueryVector, nearest_passages, restrict_tiers, score_words
from semlens.search.features import CandidateTable, Floats, build_table
from semlens.search.filters import passage_mask
from semlens.search.names import match_names
from semlens.search.query import Query

_FIRST_PAGE = 10


@dataclass(frozen=True, slots=True)
class RankedHit:
    """A place in one view.

    :ivar file: row of the file. :ivar symbol: row of the symbol, or -1 for code outside symbols.
    :ivar passages: rows of its passages, best first.
    :ivar features: the inputs of its score, by name.
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


def rank(
    snapshot: IndexSnapshot,
    request: SearchRequest,
    query: Query,
    query_vectors: Sequence[QueryVector],
    cancel: CancelToken,
) -> list[RankedHit]:
    """The best hits of one snapshot, best first.

    :raises Cancelled: when the token was cancelled between steps.
    """
    views = snapshot.views
    masks: list[npt.NDArray[np.bool_] | None] = [passage_mask(view, request.filter) for view in views]
    scanned = [
        view if mask is None else replace(view, tiers=restrict_tiers(view, mask))
        for view, mask in zip(views, masks, strict=True)
    ]
    words = score_words(views, query, cancel)
    for mask, scores in zip(masks, words, strict=True):
        if mask is not None:
            scores[~mask] = 0.0
    names = [match_names(view, query) for view in views]
    candidates = []
    for view, mask, of_words, of_names in zip(scanned, masks, words, names, strict=True):
        cancel.check()
        candidates.append(_candidate_files(view, mask, of_words, of_names, query_vectors))
    if not any(len(rows) for rows in candidates):
        return []
    table = build_table(views, candidates, masks, words, names, query, query_vectors, cancel)
    cancel.check()
    hits = _best_hits(views, table, max(request.limit, _FIRST_PAGE) * 4)
    return _page(hits, request, query)


def _candidate_files(
    view: SegmentView,
    mask: npt.NDArray[np.bool_] | None,
    of_words: Floats,
    of_names: Floats,
    query_vectors: Sequence[QueryVector],
) -> npt.NDArray[np.uint32]:
    rows = [_best_rows(of_words, w.N_WORD_CANDIDATES)]
    rows += [nearest_passages(view, vector, w.N_VECTOR_CANDIDATES) for vector in query_vectors]
    first = view.segment.first_passages[_best_rows(of_names, w.N_NAME_CANDIDATES)]
    rows.append(first[first >= 0].astype(np.uint32))
    found = np.concatenate(rows)
    if mask is not None:
        found = found[mask[found]]
    # not np.unique: it imports numpy.ma, a tenth of what a one-shot search may take
    return np.flatnonzero(np.bincount(view.segment.passages.files[found])).astype(np.uint32)


def _best_rows(scores: Floats, count: int) -> npt.NDArray[np.uint32]:
    positive = np.flatnonzero(scores > 0)
    if len(positive) > count:
        positive = positive[np.argpartition(-scores[positive], count - 1)[:count]]
    return positive.astype(np.uint32)


def _best_hits(views: Sequence[SegmentView], table: CandidateTable, count: int) -> list[RankedHit]:
    """Sum the features; a symbol of several passages counts with its best."""
    file_scores = sum(weight * table.files[name] for name, weight in w.FILE_WEIGHTS.items() if name in table.files)
    own_scores = sum(
        weight * table.passages[name] for name, weight in w.SYMBOL_WEIGHTS.items() if name in table.passages
    )
    scores = np.asarray(file_scores)[table.passage_files] + own_scores
    by_place: dict[tuple[int, int], list[int]] = {}
    for place in np.argsort(-scores, kind="stable").tolist():
        symbol = int(table.passage_symbols[place])
        key = (int(table.passage_files[place]), symbol if symbol >= 0 else -1 - int(table.passage_rows[place]))
        if key in by_place:
            by_place[key].append(place)
        elif len(by_place) < count:
            by_place[key] = [place]
    return [_hit(views, table, places, float(scores[places[0]])) for places in by_place.values()]


def _hit(views: Sequence[SegmentView], table: CandidateTable, places: list[int], score: float) -> RankedHit:
    file = int(table.passage_files[places[0]])
    features = {f"file.{name}": float(column[file]) for name, column in table.files.items()}
    features |= {name: float(column[places].max()) for name, column in table.passages.items()}
    return RankedHit(
        views[int(table.file_views[file])],
        int(table.file_rows[file]),
        int(table.passage_symbols[places[0]]),
        tuple(int(table.passage_rows[place]) for place in places),
        score,
        features,
    )


def _page(hits: list[RankedHit], request: SearchRequest, query: Query) -> list[RankedHit]:
    """Bound what one file takes of the first page, and map the sums to scores between 0 and 1."""
    first: list[RankedHit] = []
    rest: list[RankedHit] = []
    taken: dict[tuple[str, int], int] = defaultdict(int)
    for hit in hits:
        key = (hit.view.segment.id, hit.file)
        full = request.per_file and taken[key] >= request.per_file and not _names_file(hit, query)
        if full or len(first) == _FIRST_PAGE:
            rest.append(hit)
        else:
            taken[key] += 1
            first.append(hit)
    return [replace(hit, score=_squash(hit.score)) for hit in (first + rest)[: request.limit]]


def _squash(total: float) -> float:
    return 1.0 / (1.0 + math.exp((w.SCORE_MIDDLE - total) / w.SCORE_WIDTH))


def _names_file(hit: RankedHit, query: Query) -> bool:
    base = hit.path.rpartition("/")[2].lower()
    return "." in base and base in query.text.lower()
