"""Who uses what, by name: approximate, and the same in every language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from semlens.index.segment import Segment
from semlens.index.snapshot import SegmentView
from semlens.index.terms import term_hash


@dataclass(frozen=True, slots=True)
class SymbolPlace:
    """:ivar view: number of the view in its snapshot. :ivar symbol: row of the symbol there."""

    view: int
    symbol: int


@dataclass(frozen=True, slots=True)
class _Names:
    """Symbols by the hash of their name, sorted by it."""

    hashes: npt.NDArray[np.uint64]
    rows: npt.NDArray[np.int64]
    of_row: npt.NDArray[np.uint64]


_KEPT: WeakKeyDictionary[Segment, _Names] = WeakKeyDictionary()


def _names_of(segment: Segment) -> _Names:
    """Computed at a segment's first question: 0.2 s for 100,000 symbols."""
    found = _KEPT.get(segment)
    if found is None:
        of_row = np.array([term_hash(name) for name in segment.symbols.names.tolist()], np.uint64)
        order = np.argsort(of_row, kind="stable")
        found = _KEPT[segment] = _Names(of_row[order], order, of_row)
    return found


def names_used(view: SegmentView, symbols: Iterable[int]) -> set[int]:
    """Hashes of the names that any of the symbols calls or mentions."""
    references = view.segment.references
    places = np.flatnonzero(np.isin(references.rows, np.fromiter(symbols, np.uint32)))
    terms = np.unique(np.searchsorted(references.offsets, places, "right") - 1)
    return {int(term) for term in references.terms[terms]}


def inside(view: SegmentView, symbol: int) -> list[int]:
    """The symbol and all that it contains."""
    symbols = view.segment.symbols
    found, frontier = [symbol], [symbol]
    while frontier:
        children = np.flatnonzero(np.isin(symbols.parents, frontier)).tolist()
        found += children
        frontier = children
    return found


def definitions(views: Sequence[SegmentView], hashes: Iterable[int]) -> dict[int, list[SymbolPlace]]:
    """Living symbols of each name, by the name's hash."""
    wanted = np.array(sorted(hashes), np.uint64)
    found: dict[int, list[SymbolPlace]] = {}
    for number, view in enumerate(views):
        names = _names_of(view.segment)
        starts = np.searchsorted(names.hashes, wanted, "left")
        ends = np.searchsorted(names.hashes, wanted, "right")
        for term, start, end in zip(wanted.tolist(), starts.tolist(), ends.tolist(), strict=True):
            for row in names.rows[start:end].tolist():
                if _lives(view, row):
                    found.setdefault(term, []).append(SymbolPlace(number, row))
    return found


def users(views: Sequence[SegmentView], place: SymbolPlace) -> list[SymbolPlace]:
    """Living symbols that mention the name of a symbol, itself aside."""
    name = int(_names_of(views[place.view].segment).of_row[place.symbol])
    found = []
    for number, view in enumerate(views):
        n_symbols = len(view.segment.symbols)
        for row in view.segment.references.rows[view.segment.references.find(name)].tolist():
            if row < n_symbols and (number, row) != (place.view, place.symbol) and _lives(view, row):
                found.append(SymbolPlace(number, row))
    return found


def n_mentions(views: Sequence[SegmentView]) -> list[npt.NDArray[np.int64]]:
    """For each view, how many symbols and files anywhere mention each symbol: its centrality.

    Mentions of a name are shared among all symbols that bear it: who calls ``append`` means one of a hundred.
    """
    bearers: Counter[int] = Counter()
    for view in views:
        bearers.update(_names_of(view.segment).of_row.tolist())
    counts = []
    for view in views:
        names = _names_of(view.segment)
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


def _lives(view: SegmentView, symbol: int) -> bool:
    return view.alive is None or bool(view.alive[view.segment.symbols.files[symbol]])
