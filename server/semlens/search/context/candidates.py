"""What a pack could hold: the seeds, and what a reader of them needs besides."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from semlens.core.symbol import Role, SymbolKind
from semlens.index.snapshot import SegmentView
from semlens.search.context.graph import SymbolPlace, definitions, inside, n_mentions, names_used, users
from semlens.search.rank import RankedHit
from semlens.search.similar import passages_of

_DEFINITIONS_A_NAME = 3
_MAX_USERS = 6
_VALUE_OF_RANK = 0.9
_USED, _USER, _CONTAINER, _TEST, _IMPORTS = 0.5, 0.25, 0.6, 0.4, 0.2

_WORTH_SHOWING = frozenset(
    (
        SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR, SymbolKind.CLASS, SymbolKind.INTERFACE,
        SymbolKind.STRUCT, SymbolKind.ENUM, SymbolKind.CONSTANT, SymbolKind.VARIABLE, SymbolKind.OPERATOR,
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """A stretch of code that the pack wants. :ivar symbol: row in the view, or -1. :ivar stretch: first and last line.

    :ivar glimpse: a signature alone is of use.
    """

    view: int
    file: int
    symbol: int
    stretch: tuple[int, int]
    value: float
    why: str
    glimpse: bool


def from_hits(views: Sequence[SegmentView], hits: Sequence[RankedHit]) -> list[Wish]:
    """Seeds of a question: the first hits are worth most."""
    numbers = {id(view): number for number, view in enumerate(views)}
    wishes = []
    for rank, hit in enumerate(hits):
        number = numbers.get(id(hit.view))
        if number is None:
            continue
        first, last = _stretch(hit.view, hit.symbol, hit.passages[0])
        value = 1.0 / (1.0 + rank) ** _VALUE_OF_RANK
        wishes.append(
            Wish(number, hit.file, hit.symbol, (first, last), value, f"answers the question, rank {rank + 1}", False)
        )
    return wishes


def _stretch(view: SegmentView, symbol: int, passage: int) -> tuple[int, int]:
    if symbol >= 0:
        span = view.segment.symbols.span(symbol)
        return span.start_line, span.last_line
    first, last = view.segment.passages.lines[passage]
    return int(first), int(last)


def from_place(
    views: Sequence[SegmentView], number: int, file: int, lines: tuple[int, int], *, tests: bool
) -> list[Wish]:
    """Seeds of a place: the symbols there, and what surrounds them."""
    view = views[number]
    symbols = view.segment.symbols
    rows = [row for row in np.flatnonzero(symbols.files == file).tolist() if _overlaps(symbols.spans[row], lines)]
    innermost = [row for row in rows if not any(int(symbols.parents[other]) == row for other in rows)]
    wishes: list[Wish] = []
    for row in innermost:
        wishes.append(_symbol_wish(view, number, row, 3.0, "at the cursor", glimpse=False))
        parent = int(symbols.parents[row])
        if parent >= 0:
            wishes.append(_symbol_wish(view, number, parent, _CONTAINER, "holds the code at the cursor", glimpse=True))
        wishes += around(views, SymbolPlace(number, row), 1.0, tests=tests)
    if not innermost:
        for passage in passages_of(view, file, -1, lines[0]).tolist():
            wishes.append(Wish(number, file, -1, _stretch(view, -1, passage), 3.0, "at the cursor", glimpse=False))
    top = passages_of(view, file, -1, 0).tolist()
    if top and innermost:
        wishes.append(
            Wish(number, file, -1, _stretch(view, -1, top[0]), _IMPORTS, "imports of the file", glimpse=False)
        )
    return wishes


def _overlaps(span: Sequence[int], lines: tuple[int, int]) -> bool:
    return int(span[0]) <= lines[1] and lines[0] <= int(span[2])


def _symbol_wish(view: SegmentView, number: int, row: int, value: float, why: str, *, glimpse: bool) -> Wish:
    span = view.segment.symbols.span(row)
    file = int(view.segment.symbols.files[row])
    return Wish(number, file, row, (span.start_line, span.last_line), value, why, glimpse)


def around(views: Sequence[SegmentView], seed: SymbolPlace, scale: float, *, tests: bool) -> list[Wish]:
    """What the seed uses and who uses it, by name."""
    view = views[seed.view]
    own = set(inside(view, seed.symbol))
    name = view.segment.symbols.names[seed.symbol]
    home = int(view.segment.symbols.files[seed.symbol])
    wishes: list[Wish] = []
    for bearers in definitions(views, names_used(view, own)).values():
        places = [p for p in bearers if not (p.view == seed.view and p.symbol in own) and _worth(views, p)]
        near = sorted(places, key=lambda p: _distance(views, seed.view, home, p))[:_DEFINITIONS_A_NAME]
        for place in near:
            value = scale * _USED / math.sqrt(len(places))
            wishes.append(
                _symbol_wish(views[place.view], place.view, place.symbol, value, f"used by {name}", glimpse=True)
            )
    callers = sorted(users(views, seed), key=lambda p: _distance(views, seed.view, home, p))
    of_tests = [p for p in callers if _is_test(views, p)]
    others = [p for p in callers if not _is_test(views, p) and not (p.view == seed.view and p.symbol in own)]
    for place in others[:_MAX_USERS]:
        wishes.append(
            _symbol_wish(views[place.view], place.view, place.symbol, scale * _USER, f"uses {name}", glimpse=True)
        )
    for place in of_tests[: _MAX_USERS if tests else 0]:
        wishes.append(
            _symbol_wish(views[place.view], place.view, place.symbol, scale * _TEST, f"tests {name}", glimpse=True)
        )
    return wishes


def _worth(views: Sequence[SegmentView], place: SymbolPlace) -> bool:
    return SymbolKind(int(views[place.view].segment.symbols.kinds[place.symbol])) in _WORTH_SHOWING


def _is_test(views: Sequence[SegmentView], place: SymbolPlace) -> bool:
    segment = views[place.view].segment
    return bool(int(segment.files.roles[int(segment.symbols.files[place.symbol])]) & Role.TEST)


def _distance(views: Sequence[SegmentView], number: int, home: int, place: SymbolPlace) -> tuple[int, int]:
    """Same file, then how many folders lie between; tests last."""
    other = views[place.view].segment
    file = int(other.symbols.files[place.symbol])
    if place.view == number and file == home:
        return (0, 0)
    one = views[number].segment.files.paths[home].split("/")[:-1]
    two = other.files.paths[file].split("/")[:-1]
    shared = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    return (2 if _is_test(views, place) else 1, len(one) + len(two) - 2 * shared)


def overview(views: Sequence[SegmentView], limit: int) -> list[Wish]:
    """A map of the workspace: the symbols that most others mention, outermost first."""
    wishes: list[Wish] = []
    for number, (view, counts) in enumerate(zip(views, n_mentions(views), strict=True)):
        symbols = view.segment.symbols
        roles = view.segment.files.roles[symbols.files]
        lesser = (roles & int(Role.TEST | Role.EXAMPLE | Role.VENDORED | Role.GENERATED)) != 0
        worth = np.log1p(counts) + (symbols.parents < 0) * 1.0 - lesser * 5.0
        if view.alive is not None:
            worth[~view.alive[symbols.files]] = -np.inf
        shown = np.isin(symbols.kinds, [int(kind) for kind in _WORTH_SHOWING])
        worth[~shown] = -np.inf
        for row in np.argsort(-worth, kind="stable")[:limit].tolist():
            if np.isfinite(worth[row]):
                wishes.append(
                    _symbol_wish(
                        view, number, row, max(0.05, float(worth[row])), f"{int(counts[row])} mentions", glimpse=True
                    )
                )
    wishes.sort(key=lambda wish: -wish.value)
    return wishes[:limit]


def distinct(wishes: Iterable[Wish]) -> list[Wish]:
    """One wish a stretch, the most valuable reason kept."""
    best: dict[tuple[int, int, int, int, int], Wish] = {}
    for wish in wishes:
        key = (wish.view, wish.file, wish.symbol, *wish.stretch)
        if key not in best or best[key].value < wish.value:
            best[key] = wish
    return sorted(best.values(), key=lambda wish: -wish.value)
