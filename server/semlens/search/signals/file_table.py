"""The table that the ranking weighs: the files that all readers offer, with their features made comparable.

Shares of the largest value and ranks are over all readers, so that open buffers and files on disk are compared, and so
that the table does not depend on how files lie in readers. Weights belong to `search/ranking`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semlens.core.status import TierRole
from semlens.search.query.query import Query
from semlens.search.signals.file_features import ViewEvidence

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

RANKED = 200
"""Ranks beyond this one count alike."""

_LEAST_SIMILAR = 40
"""A file that matches by no word and no name is a hit only when it is among this many nearest by cosine."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The files that one reader offers, with their features.

    :ivar views: number of each file's view in the snapshot, shape (f,). :ivar rows: row of each file in its view.
    :ivar columns: features by name, each of shape (f,). :ivar lives: mask of the files that pass the filters.
    :ivar evidence: what is known of each view of the reader, by number.
    :ivar cosine_sums: for each model, the sum of the best cosines of the reader's files, and how many have one.
    """

    views: Ints
    rows: Ints
    columns: Mapping[str, Floats]
    lives: Mask
    evidence: Mapping[int, ViewEvidence]
    cosine_sums: Mapping[TierRole, tuple[float, int]]


@dataclass(frozen=True, slots=True)
class FileTable:
    """The f files that may be hits, view by view.

    :ivar views: number of each file's view, shape (f,). :ivar rows: row of each file in its view, shape (f,).
    :ivar columns: features by name, each of shape (f,). :ivar eligible: mask of the files that may be hits, shape (f,).
    :ivar evidence: for each view, what is known of it.
    :ivar word_scale: largest word score of a passage, at least 1e-6.
    """

    views: Ints
    rows: Ints
    columns: Mapping[str, Floats]
    eligible: Mask
    evidence: Sequence[ViewEvidence]
    word_scale: float


def make_table(candidates: Sequence[Candidates], query: Query) -> FileTable:
    """:param candidates: those of every reader, at least one."""
    views = np.concatenate([one.views for one in candidates])
    order = np.argsort(views, kind="stable")
    columns = {name: np.concatenate([one.columns[name] for one in candidates])[order] for name in candidates[0].columns}
    lives = np.concatenate([one.lives for one in candidates])[order]
    word_scale = max(1e-6, float(columns["words.best"].max(initial=0.0)))
    for name in ("words.best", "words.top3", "words.file"):
        columns[name] = _scaled(columns[name])
    for role in candidates[0].cosine_sums:
        sums = [one.cosine_sums[role] for one in candidates]
        n_known = sum(n for _, n in sums)
        average = sum(total for total, _ in sums) / n_known if n_known else 0.0
        values = columns[f"{role}.best"]
        columns[f"{role}.best"] = np.where(np.isnan(values), np.float32(average), values)
    for name in ("words.file", "first.best"):
        if name in columns:
            columns[f"{name.partition('.')[0]}.rank"] = _ranks(columns[name], lives)
    by_number = {number: evidence for one in candidates for number, evidence in one.evidence.items()}
    return FileTable(
        views=views[order],
        rows=np.concatenate([one.rows for one in candidates])[order],
        columns=columns,
        eligible=_eligible(lives, columns, lists_all=not query.terms and query.has_filter),
        evidence=[by_number[number] for number in sorted(by_number)],
        word_scale=word_scale,
    )


def _scaled(values: Floats) -> Floats:
    """Divide by the largest value."""
    largest = float(values.max(initial=0.0))
    return values / largest if largest > 0 else values


def _ranks(values: Floats, lives: Mask) -> Floats:
    """-ln of the rank of each file, 0 for the first. All ranks beyond `RANKED`, and files of value 0, count alike.

    As in reciprocal rank fusion, the margin between two ranks does not count.
    """
    out = np.full(len(values), -np.log(RANKED + 1.0), np.float32)
    rows = np.flatnonzero(lives & (values > 0))
    if len(rows) > RANKED:
        scores = values[rows]
        rows = rows[scores >= np.partition(scores, -RANKED)[-RANKED]]
    order = np.sort(-values[rows])
    out[rows] = -np.log(np.searchsorted(order, -values[rows], "left") + 1.0)  # equal values share a rank
    return out


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
