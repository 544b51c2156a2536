"""Chooses the files that a reader offers: the best by each signal, among ordinary files and among the others.

A signal is given for the files that have it, so the work grows with the matches, not with the index. Tests, examples
and the like rank much lower than other files. They are chosen apart, so that they cannot crowd out the others. Files
that are as good as the last chosen one are chosen too: the choice does not depend on how files lie in segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semlens.index.arrays import Floats, Ints, Mask, Rows
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
    words = evidence.words
    of_files = view.segment.passages.files
    holding = np.concatenate(words.holding) if words.holding else np.zeros(0, np.intp)
    owners = of_files[holding]
    columns = [
        _best(words.passages[holding], owners, len(words.files)),
        words.files,
        evidence.names.files,
        evidence.stems,
    ]
    if query.is_literal:
        columns.append(_best(words.covered[holding], owners, len(words.files)))
    if query.paths:
        matches = match_paths(view, query)
        columns.append(words.files[:0] if matches is None else matches)
    return [*(_present(column) for column in columns), *similar]


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
    chosen = [np.zeros(len(mask), bool) for mask in lives]
    sides = [
        [mask & ~lesser for mask, lesser in zip(lives, minor, strict=True)],
        [mask & lesser for mask, lesser in zip(lives, minor, strict=True)],
    ]
    for of_views in zip(*signals, strict=True):
        for side in sides:
            kept = [mask[one.files] for one, mask in zip(of_views, side, strict=True)]
            values = [one.values[mask] for one, mask in zip(of_views, kept, strict=True)]
            n_values = sum(map(len, values))
            if not n_values:
                continue
            least = np.partition(np.concatenate(values), -count)[-count] if n_values > count else -np.inf
            for chosen_mask, one, mask, column in zip(chosen, of_views, kept, values, strict=True):
                chosen_mask[one.files[mask][column >= least]] = True
    return [np.flatnonzero(mask) for mask in chosen]


def is_minor(view: SegmentView, evidence: ViewEvidence) -> Mask:
    """Mask of the files that rank lower for their role, or because newer code replaces them."""
    mask: Mask = static_signals_of(view.segment).minor | (evidence.status.old > 0) | (evidence.status.header > 0)
    return mask


def _best(values: Floats, owners: Rows, n_files: int) -> Floats:
    best = np.zeros(n_files, np.float32)
    np.maximum.at(best, owners, values)
    return best


def _present(column: Floats) -> Signal:
    files = np.flatnonzero(column > 0)
    return Signal(files, column[files])
