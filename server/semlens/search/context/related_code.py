"""Finds code related to a symbol: what it uses, types of its signature, its callers, its tests and containers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from semlens.core.context import ContextReason, Relation
from semlens.core.symbol import Role, SymbolKind
from semlens.graph.neighbours import callees, callers, inside
from semlens.graph.resolver import Resolver
from semlens.graph.segment_names import TYPE_KINDS, SymbolPlace
from semlens.index.snapshot import SegmentView
from semlens.search.context.candidates import ContextCandidate, symbol_candidate

_USED, _TYPE, _USER, _TEST, _HOLDER, _CONSTRUCTOR = 0.5, 0.5, 0.25, 0.4, 0.6, 0.5
_MAX_USERS = 6
_LEAST_LIKELY = 0.12
_DISTANCE = 0.15  # loss of likelihood for each folder between two files
_WORD = re.compile(r"\w+")

_WORTH_SHOWING = frozenset(
    (
        SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR, SymbolKind.CLASS, SymbolKind.INTERFACE,
        SymbolKind.STRUCT, SymbolKind.ENUM, SymbolKind.CONSTANT, SymbolKind.VARIABLE, SymbolKind.OPERATOR,
        SymbolKind.PROPERTY,
    )
)  # fmt: skip


def around(resolver: Resolver, seed: SymbolPlace, scale: float, *, tests: bool) -> list[ContextCandidate]:
    """Candidates related to a symbol.

    :param scale: value of the seed. :param tests: include tests of the seed.
    """
    return [
        *_holders(resolver.views, seed, scale),
        *_used(resolver, seed, scale),
        *_users(resolver, seed, scale, tests=tests),
    ]


def _holders(views: Sequence[SegmentView], seed: SymbolPlace, scale: float) -> Iterator[ContextCandidate]:
    """The containers of the seed, and their constructors."""
    view, symbols = views[seed.view], views[seed.view].segment.symbols
    of_file = symbols.of_file(int(symbols.files[seed.symbol]))
    parent, worth = int(symbols.parents[seed.symbol]), _HOLDER
    while parent >= 0:
        reason = ContextReason(Relation.CONTAINER, f"holds {symbols.names[seed.symbol]}")
        yield symbol_candidate(view, seed.view, parent, scale * worth, reason, glimpse=True)
        of_parent = (symbols.parents[of_file] == parent) & (symbols.kinds[of_file] == SymbolKind.CONSTRUCTOR)
        for row in (of_file.start + np.flatnonzero(of_parent)).tolist():
            if row != seed.symbol:
                reason = ContextReason(Relation.CONTAINER, f"constructor of {symbols.names[parent]}")
                yield symbol_candidate(view, seed.view, row, scale * worth * _CONSTRUCTOR, reason, glimpse=True)
        parent, worth = int(symbols.parents[parent]), worth / 2


def _used(resolver: Resolver, seed: SymbolPlace, scale: float) -> Iterator[ContextCandidate]:
    """What the seed uses: types of its signature, and what its body calls and names."""
    views = resolver.views
    symbols = views[seed.view].segment.symbols
    title, signature = symbols.names[seed.symbol], set(_WORD.findall(symbols.signatures[seed.symbol]))
    distances = Distances(views, seed)
    own = set(inside(views[seed.view], seed.symbol))
    for one in callees(resolver, seed).edges:
        place = SymbolPlace(one.view, one.row)
        likelihood = one.confidence / (1.0 + _DISTANCE * distances.of(place))
        if likelihood < _LEAST_LIKELY or not is_worth_showing(views, place):
            continue
        if place.view == seed.view and place.symbol in own:
            continue
        name = views[place.view].segment.symbols.names[place.symbol]
        in_signature = name in signature and name != title and resolver.kind_of(place) in TYPE_KINDS
        reason = ContextReason(Relation.USED, f"{'type in the signature of' if in_signature else 'used by'} {title}")
        value = scale * (_TYPE if in_signature else _USED) * likelihood
        yield symbol_candidate(views[place.view], place.view, place.symbol, value, reason, glimpse=True)


class Distances:
    """Distances of files from the file of a seed: 0 for the same, else 1 plus the folders between. Tests add 4."""

    def __init__(self, views: Sequence[SegmentView], seed: SymbolPlace) -> None:
        self._views = views
        segment = views[seed.view].segment
        self._home = (seed.view, int(segment.symbols.files[seed.symbol]))
        self._folders = segment.files.paths[self._home[1]].split("/")[:-1]
        self._known: dict[tuple[int, int], int] = {self._home: 0}

    def of(self, place: SymbolPlace) -> int:
        segment = self._views[place.view].segment
        key = (place.view, int(segment.symbols.files[place.symbol]))
        if key not in self._known:
            other = segment.files.paths[key[1]].split("/")[:-1]
            pairs = enumerate(zip(self._folders, other, strict=False))
            shared = next((i for i, (a, b) in pairs if a != b), min(len(self._folders), len(other)))
            self._known[key] = 1 + len(self._folders) + len(other) - 2 * shared + 4 * is_test(self._views, place)
        return self._known[key]


def _users(resolver: Resolver, seed: SymbolPlace, scale: float, *, tests: bool) -> Iterator[ContextCandidate]:
    views = resolver.views
    own = set(inside(views[seed.view], seed.symbol))
    name = views[seed.view].segment.symbols.names[seed.symbol]
    distances = Distances(views, seed)
    found = [
        (one.confidence, SymbolPlace(one.view, one.row))
        for one in callers(resolver, seed).edges
        if one.confidence >= _LEAST_LIKELY and one.row < len(views[one.view].segment.symbols)
    ]
    found.sort(key=lambda pair: (-pair[0], distances.of(pair[1])))
    of_tests = [pair for pair in found if is_test(views, pair[1])]
    others = [p for p in found if not is_test(views, p[1]) and not (p[1].view == seed.view and p[1].symbol in own)]
    related = [(*pair, _USER, ContextReason(Relation.USER, f"uses {name}")) for pair in others[:_MAX_USERS]]
    related += [
        (*pair, _TEST, ContextReason(Relation.TEST, f"tests {name}")) for pair in of_tests[: _MAX_USERS if tests else 0]
    ]
    for likelihood, place, worth, reason in related:
        yield symbol_candidate(
            views[place.view], place.view, place.symbol, scale * worth * likelihood, reason, glimpse=True, focus=name
        )


def is_worth_showing(views: Sequence[SegmentView], place: SymbolPlace) -> bool:
    return SymbolKind(int(views[place.view].segment.symbols.kinds[place.symbol])) in _WORTH_SHOWING


def is_test(views: Sequence[SegmentView], place: SymbolPlace) -> bool:
    segment = views[place.view].segment
    return bool(int(segment.files.roles[int(segment.symbols.files[place.symbol])]) & Role.TEST)
