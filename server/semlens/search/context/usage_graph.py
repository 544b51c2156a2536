"""Finds definitions and users of symbols by name. The result is approximate, and the same for every language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from semlens.graph.segment_names import SymbolPlace, names_of
from semlens.index.segment.terms import term_hash
from semlens.index.snapshot import SegmentView

_MAX_USERS_SEEN = 200


def name_hash(views: Sequence[SegmentView], place: SymbolPlace) -> int:
    return int(names_of(views[place.view].segment).of_row[place.symbol])


def names_used(view: SegmentView, symbols: Iterable[int], names: Iterable[str]) -> dict[int, str]:
    """The names that any of the symbols mentions, by hash."""
    references = view.segment.references
    rows = np.array(sorted(symbols), np.uint32)
    mentioned = {}
    for name in names:
        term = term_hash(name)
        mentions = references.rows[references.find(term)]
        places = np.searchsorted(mentions, rows)
        if len(mentions) and bool((mentions[np.minimum(places, len(mentions) - 1)] == rows).any()):
            mentioned[term] = name
    return mentioned


def definitions(views: Sequence[SegmentView], hashes: Iterable[int]) -> dict[int, list[SymbolPlace]]:
    """Living symbols of each name, by the hash of the name."""
    sorted_hashes = np.array(sorted(hashes), np.uint64)
    places_by_name: dict[int, list[SymbolPlace]] = {}
    for number, view in enumerate(views):
        names = names_of(view.segment)
        starts = np.searchsorted(names.hashes, sorted_hashes, "left")
        ends = np.searchsorted(names.hashes, sorted_hashes, "right")
        for place in np.flatnonzero(starts < ends).tolist():
            rows = names.rows[int(starts[place]) : int(ends[place])]
            if view.alive is not None:
                rows = rows[view.alive[view.segment.symbols.files[rows]]]
            places_by_name.setdefault(int(sorted_hashes[place]), []).extend(
                SymbolPlace(number, row) for row in rows.tolist()
            )
    return {term: places for term, places in places_by_name.items() if places}


def n_users(views: Sequence[SegmentView], name: int) -> int:
    """How many symbols and files mention a name. Deleted files are included."""
    slices = (view.segment.references.find(name) for view in views)
    return sum(where.stop - where.start for where in slices)


def users(views: Sequence[SegmentView], place: SymbolPlace) -> list[SymbolPlace]:
    """Living symbols that mention the name of a symbol, without itself. Of very many, those of the nearest files."""
    name = name_hash(views, place)
    user_places = []
    for number, view in enumerate(views):
        symbols = view.segment.symbols
        rows = view.segment.references.rows[view.segment.references.find(name)]
        rows = rows[rows < len(symbols)]
        if len(rows) > _MAX_USERS_SEEN:
            # the files of a segment are mostly in order of their paths
            home = int(symbols.files[place.symbol]) if number == place.view else 0
            away = np.abs(symbols.files[rows].astype(np.int64) - home)
            rows = rows[np.sort(np.argsort(away, kind="stable")[:_MAX_USERS_SEEN])]
        for row in rows.tolist():
            if (number, row) != (place.view, place.symbol) and _lives(view, row):
                user_places.append(SymbolPlace(number, row))
    return user_places


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


def _lives(view: SegmentView, symbol: int) -> bool:
    return view.alive is None or bool(view.alive[view.segment.symbols.files[symbol]])
