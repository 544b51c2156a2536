"""Chooses the files that a reader offers: the best by each signal, among ordinary files and among the others.

A signal is given for the files that have it, so the work grows with the matches, not with the index. Tests, examples
and the like rank much lower than other files. They are chosen apart, so that they cannot crowd out the others. Files
that are as good as the last chosen one are chosen too: the choice does not depend on how files lie in segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semlens.index.arrays import Floats, Ints, Mask
from semlens.index.segment.columns import run_starts
from semlens.index.snapshot import SegmentView
from semlens.search.query.query import Query
from semlens.search.signals.file_features import ViewEvidence
from semlens.search.signals.locations import match_paths
from semlens.search.signals.static_signals import static_signals_of


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal over the files of one view. :ivar files: rows of the files that have it."""

    files: Ints
    values: Floats


def signals_of(view: SegmentView, evidence: ViewEvidence, query: Query, similar: Sequence[Signal]) -> list[Signal]:
    """The signals of one view, in the same order for every view.

    :param similar: for each model, the files that are nearest in meaning.
    """
    words, holding = evidence.words, evidence.words.holding
    signals = [
        Signal(holding.files, holding.best(words.passages)),
        Signal(holding.files, words.files[holding.files]),
        _present(evidence.names.files),
        _present(evidence.stems),
    ]
    if query.is_literal:
        signals.append(_present(holding.best(words.covered), holding.files))
    if query.paths:
        matches = match_paths(view, query)
        signals.append(_present(words.files[:0] if matches is None else matches))
    return [*signals, *similar]


def best_in_files(view: SegmentView, rows: Ints, values: Floats) -> Signal:
    """The best value of each file among some passages. :param rows: ascending."""
    files = view.segment.passages.files[rows].astype(np.int64)
    known = ~np.isnan(values)
    files, values = files[known], values[known]
    if not len(files):
        return Signal(files, values)
    starts = run_starts(files)
    return Signal(files[starts], np.maximum.reduceat(values, starts))


def choose(signals: Sequence[Sequence[Signal]], lives: Sequence[Mask], minor: Sequence[Mask], count: int) -> list[Ints]:
    """For each view, the rows of the chosen files, ascending.

    :param signals: of each view. :param lives: for each view, mask of the files that may be hits.
    :param minor: for each view, mask of the files that rank lower for what they are.
    """
    starts = np.cumsum([0, *map(len, lives)])  # the files of all views, one after the other
    is_living, is_lesser, is_chosen = np.concatenate(lives), np.concatenate(minor), np.zeros(starts[-1], bool)
    for of_views in zip(*signals, strict=True):
        files = np.concatenate([one.files + start for one, start in zip(of_views, starts, strict=False)])
        values = np.concatenate([one.values for one in of_views])
        for side in (is_living & ~is_lesser, is_living & is_lesser):
            kept = side[files]
            rivals, column = files[kept], values[kept]
            if len(column) > count:
                rivals = rivals[column >= np.partition(column, -count)[-count]]
            is_chosen[rivals] = True
    return [np.flatnonzero(of_view) for of_view in np.split(is_chosen, starts[1:-1])]


def is_minor(view: SegmentView, evidence: ViewEvidence) -> Mask:
    """Mask of the files that rank lower for their role, or because newer code replaces them."""
    mask: Mask = static_signals_of(view.segment).minor | (evidence.status.old > 0) | (evidence.status.header > 0)
    return mask


def _present(column: Floats, files: Ints | None = None) -> Signal:
    """The files whose value is above 0. :param files: of the column; without them, it has all files of the view."""
    rows = np.flatnonzero(column > 0)
    return Signal(rows if files is None else files[rows], column[rows])
