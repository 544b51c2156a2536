"""The table that the ranking weighs: the files that all readers offer, with their features made comparable.

Shares of the largest value and ranks are over all readers, so that open buffers and files on disk are compared, and so
that the table does not depend on how files lie in readers. Weights belong to `search/ranking`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from semlens.core.status import TierRole
from semlens.index.arrays import Floats, Ints, Mask
from semlens.search.query.query import Query
from semlens.search.signals.file_features import ViewEvidence

RANKED = 200
"""Ranks beyond this one count alike."""

_LEAST_SIMILAR = 40
"""A file that matches by no word and no name is a hit only when it is among this many nearest by cosine."""


class CosineSums(NamedTuple):
    """:ivar total, squares: sums of cosines and of their squares. :ivar n: how many cosines."""

    total: float
    squares: float
    n: int

    @classmethod
    def of(cls, parts: Iterable[CosineSums]) -> CosineSums:
        """The sums of all parts."""
        return cls(*map(sum, zip((0.0, 0.0, 0), *parts, strict=True)))

    @classmethod
    def over(cls, cosines: Floats) -> CosineSums:
        """:param cosines: NaN where there is none; those do not count."""
        known = cosines[~np.isnan(cosines)].astype(np.float64)
        return cls(float(known.sum()), float((known * known).sum()), len(known))

    @property
    def mean(self) -> float:
        return self.total / self.n if self.n else 0.0

    @property
    def deviation(self) -> float:
        """Standard deviation."""
        return math.sqrt(max(0.0, self.squares / self.n - self.mean**2)) if self.n else 0.0


def as_far_above(cosines: Floats, theirs: CosineSums, others: CosineSums) -> Floats:
    """What another model may find where it has not looked yet: as far above its mean as these cosines are above theirs.

    Text that was typed a moment ago has no vector of the second model. It must not rank below the rest for that.

    :param theirs: of the same model as the cosines. :param others: of the other model.
    """
    ratio = others.deviation / theirs.deviation if theirs.deviation else 0.0
    guess: Floats = np.float32(others.mean) + np.float32(ratio) * (cosines - np.float32(theirs.mean))
    return guess


@dataclass(frozen=True, slots=True)
class Candidates:
    """The files that one reader offers, with their features.

    :ivar views: number of each file's view in the snapshot, shape (f,). :ivar rows: row of each file in its view.
    :ivar columns: features by name, each of shape (f,). :ivar lives: mask of the files that pass the filters.
    :ivar evidence: what is known of each view of the reader, by number.
    :ivar cosine_sums: for each model, of the best cosines of the reader's files that have one.
    """

    views: Ints
    rows: Ints
    columns: Mapping[str, Floats]
    lives: Mask
    evidence: Mapping[int, ViewEvidence]
    cosine_sums: Mapping[TierRole, CosineSums]


@dataclass(frozen=True, slots=True)
class FileTable:
    """The f files that may be hits, view by view.

    :ivar views: number of each file's view, shape (f,). :ivar rows: row of each file in its view, shape (f,).
    :ivar columns: features by name, each of shape (f,). :ivar eligible: mask of the files that may be hits, shape (f,).
    :ivar evidence: for each view, what is known of it.
    :ivar word_scale: largest word score of a passage, at least 1e-6.
    :ivar n_compared: for each model, how many files have a cosine of their own.
    """

    views: Ints
    rows: Ints
    columns: Mapping[str, Floats]
    eligible: Mask
    evidence: Sequence[ViewEvidence]
    word_scale: float
    n_compared: Mapping[TierRole, int]


def make_table(candidates: Sequence[Candidates], query: Query) -> FileTable:
    """:param candidates: those of every reader, at least one."""
    views = np.concatenate([one.views for one in candidates])
    order = np.argsort(views, kind="stable")
    columns = {name: np.concatenate([one.columns[name] for one in candidates])[order] for name in candidates[0].columns}
    lives = np.concatenate([one.lives for one in candidates])[order]
    word_scale = max(1e-6, float(columns["words.best"].max(initial=0.0)))
    for name in ("words.best", "words.top3", "words.file"):
        columns[name] = _scaled(columns[name])
    sums = {role: CosineSums.of([one.cosine_sums[role] for one in candidates]) for role in candidates[0].cosine_sums}
    for role, of_role in sums.items():
        values = columns[f"{role}.best"]
        guess = np.full(len(values), of_role.mean, np.float32)
        if role is TierRole.REFINE and TierRole.FIRST in sums:
            guess = as_far_above(columns["first.best"], sums[TierRole.FIRST], of_role)
        columns[f"{role}.best"] = np.where(np.isnan(values), guess, values)
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
        n_compared={role: of_role.n for role, of_role in sums.items()},
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
