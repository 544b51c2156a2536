"""The feature table of the ranking: a row for each file of each view, a column for each feature.

Columns span all views of a snapshot, so that open buffers and files on disk are compared. Features are computed over
whole columns. No step selects candidates first, so no file is missed. Weights belong to `search/ranking`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semlens.core.status import TierRole
from semlens.index.segment.columns import ranges
from semlens.index.snapshot import SegmentView
from semlens.search.query.query import Query
from semlens.search.signals.file_status import FileStatus, file_statuses
from semlens.search.signals.locations import match_paths, nearness
from semlens.search.signals.name_match import NameEvidence
from semlens.search.signals.static_signals import StaticSignals, Words, static_signals_of
from semlens.search.signals.text_evidence import QueryVector, WordEvidence, all_cosines

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_BEST = 3
"""Number of best passages whose scores are summed for a file."""

_RANKED = 200
"""Ranks beyond this one count alike."""

_LEAST_SIMILAR = 40
"""A file that matches by no word and no name is a hit only when it is among this many nearest by cosine."""


@dataclass(frozen=True, slots=True)
class FileTable:
    """The f files of all views, view by view.

    :ivar views: number of each file's view, shape (f,). :ivar rows: row of each file in its view, shape (f,).
    :ivar columns: features by name, each of shape (f,). :ivar eligible: mask of the files that may be hits, shape (f,).
    :ivar cosines: for each view, cosines of its passages by role of the model. NaN where there is no vector.
    :ivar word_scale: largest word score of a passage, at least 1e-6.
    """

    views: Ints
    rows: Ints
    columns: Mapping[str, Floats]
    eligible: Mask
    cosines: Sequence[Mapping[TierRole, Floats]]
    word_scale: float


def build_table(
    views: Sequence[SegmentView],
    masks: Sequence[Mask | None],
    words: Sequence[WordEvidence],
    names: Sequence[NameEvidence],
    query: Query,
    query_vectors: Sequence[QueryVector],
    near: str = "",
) -> FileTable:
    """Compute the features of all files.

    :param masks: for each view, mask of the passages that may be hits, or None for all.
    :param near: path of the user's document, or "".
    """
    static = [static_signals_of(view.segment) for view in views]
    cosines = [_cosines(view, mask, query_vectors) for view, mask in zip(views, masks, strict=True)]
    of_words = [_best_of(evidence.passages, signals, _BEST) for evidence, signals in zip(words, static, strict=True)]
    columns = {
        "words.best": _scaled(_join([best for best, _ in of_words])),
        "words.top3": _scaled(_join([total for _, total in of_words])),
        "words.file": _scaled(_join([evidence.files for evidence in words])),
        "cover.name": _join([_best(e.named, signals) for e, signals in zip(words, static, strict=True)]),
        "definition": _join([evidence.files for evidence in names]),
    }
    if query.is_literal:
        columns["cover.best"] = _join([_best(e.covered, signals) for e, signals in zip(words, static, strict=True)])
    idf_weights = words[0].idf_weights if words else {}
    for name in ("stems", "folders"):
        parts: list[Words] = [getattr(signals, name) for signals in static]
        shares = [
            _path_cover(part, len(signals.tests), idf_weights) for part, signals in zip(parts, static, strict=True)
        ]
        columns[name[:-1]] = _join(shares)
    for vector in query_vectors:
        columns[f"{vector.role}.best"] = _cosine_column([by_role.get(vector.role) for by_role in cosines], static)
    columns |= _fixed_columns(static, file_statuses(views), query)
    columns["unsaved"] = _join(
        [np.full(len(signals.tests), view.dirty, np.float32) for view, signals in zip(views, static, strict=True)]
    )
    if near:
        columns["near"] = _join([nearness(view, near) for view in views])
    lives = _passing(views, masks, static)
    for name in ("words.file", "first.best"):
        if name in columns:
            columns[f"{name.partition('.')[0]}.rank"] = _ranks(columns[name], lives)
    columns["path"] = _join([_path_column(view, signals, query) for view, signals in zip(views, static, strict=True)])
    return FileTable(
        views=np.repeat(np.arange(len(views)), [len(signals.tests) for signals in static]),
        rows=np.concatenate([np.arange(len(signals.tests)) for signals in static]) if static else np.zeros(0, np.int64),
        columns=columns,
        eligible=_eligible(lives, columns, lists_all=not query.terms and query.has_filter),
        cosines=cosines,
        word_scale=max(1e-6, max((float(e.passages.max(initial=0.0)) for e in words), default=0.0)),
    )


def _join(parts: Sequence[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _cosines(view: SegmentView, mask: Mask | None, query_vectors: Sequence[QueryVector]) -> dict[TierRole, Floats]:
    by_role = {}
    for vector in query_vectors:
        cosines = all_cosines(view, vector)
        if cosines is not None:
            if mask is not None:
                cosines[~mask] = np.nan
            by_role[vector.role] = cosines
    return by_role


def _best(values: Floats, static: StaticSignals) -> Floats:
    """The largest value of each file's passages, at least 0."""
    return _best_of(values, static, 1)[0]


def _best_of(values: Floats, static: StaticSignals, count: int) -> tuple[Floats, Floats]:
    """The largest value of each file's passages, and the sum of the ``count`` largest. Expects few values above 0."""
    best = np.zeros(len(static.tests), np.float32)
    rows = np.flatnonzero(values > 0)
    if not len(rows):
        return best, best
    remaining, owners = values[rows], static.owners[rows]
    is_first = np.concatenate(([True], owners[1:] != owners[:-1]))
    starts = np.flatnonzero(is_first)
    files = static.filled[owners[starts]]
    current = np.maximum.reduceat(remaining, starts)
    best[files] = current
    if count == 1:
        return best, best
    total = best.copy()
    places = np.cumsum(is_first) - 1
    for _ in range(count - 1):
        remaining[remaining == current[places]] = 0.0
        current = np.maximum.reduceat(remaining, starts)
        total[files] += current
    return best, total


def _scaled(values: Floats) -> Floats:
    """Divide by the largest value."""
    largest = float(values.max(initial=0.0))
    return values / largest if largest > 0 else values


def _ranks(values: Floats, lives: Mask) -> Floats:
    """-ln of the rank of each file, 0 for the first. All ranks beyond `_RANKED`, and files of value 0, count alike.

    As in reciprocal rank fusion, the margin between two ranks does not count.
    """
    out = np.full(len(values), -np.log(_RANKED + 1.0), np.float32)
    rows = np.flatnonzero(lives & (values > 0))
    if len(rows) > _RANKED:
        scores = values[rows]
        rows = rows[scores >= np.partition(scores, -_RANKED)[-_RANKED]]
    order = np.sort(-values[rows])
    out[rows] = -np.log(np.searchsorted(order, -values[rows], "left") + 1.0)  # equal values share a rank
    return out


def _path_cover(words: Words, n_files: int, idf_weights: Mapping[int, float]) -> Floats:
    """Share of the words of each path that the query contains."""
    query_terms = np.array(list(idf_weights), np.uint64)
    starts = np.searchsorted(words.terms, query_terms, "left")
    held = np.bincount(
        words.files[ranges(starts, np.searchsorted(words.terms, query_terms, "right") - starts)], minlength=n_files
    )
    return (held / np.maximum(words.counts, 1.0)).astype(np.float32)


def _cosine_column(cosines: Sequence[Floats | None], static: Sequence[StaticSignals]) -> Floats:
    """Best cosine of each file. A file without a vector gets the average."""
    bests = []
    for values, signals in zip(cosines, static, strict=True):
        best = np.full(len(signals.tests), np.nan, np.float32)
        if values is not None and len(signals.filled):
            larger = np.fmax if np.isnan(values).any() else np.maximum  # maximum takes a third less time
            best[signals.filled] = larger.reduceat(values, signals.starts)
        bests.append(best)
    return _filled(_join(bests))


def _filled(values: Floats) -> Floats:
    signals = ~np.isnan(values)
    return np.where(signals, values, values[signals].mean() if signals.any() else 0.0).astype(np.float32)


def _fixed_columns(static: Sequence[StaticSignals], statuses: Sequence[FileStatus], query: Query) -> dict[str, Floats]:
    names = static[0].constant if static else {}
    columns = {name: _join([signals.constant[name] for signals in static]) for name in names}
    columns["header"] = _join([status.header for status in statuses])
    for name, parts, is_asked_for in (
        ("test", [signals.tests for signals in static], query.asks_for_tests),
        ("old", [status.old for status in statuses], query.asks_for_old),
        ("documentation", [signals.documentation for signals in static], query.asks_for_documentation),
    ):
        columns[name] = _join(parts) * np.float32(0.0 if is_asked_for else 1.0)
    columns["wanted_test"] = _join([signals.tests for signals in static]) * np.float32(query.wants_tests)
    return columns


def _path_column(view: SegmentView, static: StaticSignals, query: Query) -> Floats:
    matches = match_paths(view, query)
    return np.zeros(len(static.tests), np.float32) if matches is None else matches


def _passing(views: Sequence[SegmentView], masks: Sequence[Mask | None], static: Sequence[StaticSignals]) -> Mask:
    """Mask of the living files that have a passage which passes the filters, shape (f,)."""
    parts = []
    for view, mask, signals in zip(views, masks, static, strict=True):
        lives = np.ones(len(signals.tests), bool) if view.alive is None else view.alive.copy()
        if mask is not None:
            passing = np.zeros(len(signals.tests), bool)
            passing[view.segment.passages.files[mask]] = True
            lives &= passing
        parts.append(lives)
    return np.concatenate(parts) if parts else np.zeros(0, bool)


def _eligible(lives: Mask, columns: Mapping[str, Floats], *, lists_all: bool) -> Mask:
    """Mask of the files that may be hits.

    :param lists_all: the query has filters only, so every file that passes them is a hit.
    """
    if lists_all:
        return lives
    has_match = (columns["words.best"] > 0) | (columns["definition"] > 0) | (columns["path"] > 0)
    for name in ("first.best", "refine.best"):
        if name in columns:
            values = np.where(lives, columns[name], -np.inf)
            if len(values) > _LEAST_SIMILAR:
                has_match |= values >= np.partition(values, -_LEAST_SIMILAR)[-_LEAST_SIMILAR]
            else:
                has_match |= np.isfinite(values)
    return lives & has_match
