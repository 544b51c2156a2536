"""Counts how often the symbols of a workspace are mentioned. The result is approximate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from semlens.graph.segment_names import names_of
from semlens.index.snapshot import SegmentView


def n_mentions(views: Sequence[SegmentView]) -> list[npt.NDArray[np.int64]]:
    """For each view, how many symbols and files of all views mention each symbol, shape (symbols,).

    The mentions of a name are divided among all symbols of that name, such as the many called ``append``.
    """
    bearers: Counter[int] = Counter()
    for view in views:
        bearers.update(names_of(view.segment).of_row.tolist())
    counts = []
    for view in views:
        names = names_of(view.segment)
        total = np.zeros(len(names.of_row), np.int64)
        for other in views:
            references = other.segment.references
            places = np.minimum(np.searchsorted(references.terms, names.of_row), max(len(references.terms) - 1, 0))
            if not len(references.terms):
                continue
            known = references.terms[places] == names.of_row
            sizes = np.diff(references.offsets.astype(np.int64))
            total[known] += sizes[places[known]]
        shared = np.array([bearers[name] for name in names.of_row.tolist()], np.int64)
        counts.append(total // np.maximum(shared, 1))
    return counts
