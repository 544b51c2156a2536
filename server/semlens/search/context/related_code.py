"""Finds code related to a symbol: what it uses, types of its signature, its callers, its tests and containers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from semlens.core.symbol import Role, SymbolKind
from semlens.graph.neighbours import inside
from semlens.graph.segment_names import SymbolPlace
from semlens.index.snapshot import SegmentView
from semlens.search.context.candidates import ContextCandidate, symbol_candidate
from semlens.search.context.usage_graph import definitions, n_users, name_hash, names_used, users
from semlens.search.context.uses import Use, uses_of

_USED, _TYPE, _USER, _TEST, _HOLDER, _CONSTRUCTOR = 0.5, 0.5, 0.25, 0.4, 0.6, 0.5
_DEFINITIONS_A_NAME = 3
_MAX_USERS = 6
_LEAST_LIKELY = 0.12
_MENTIONS_A_DEFINITION = 8
"""A name with more mentions for each definition than this mostly refers to something else."""

_WORTH_SHOWING = frozenset(
    (
        SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR, SymbolKind.CLASS, SymbolKind.INTERFACE,
        SymbolKind.STRUCT, SymbolKind.ENUM, SymbolKind.CONSTANT, SymbolKind.VARIABLE, SymbolKind.OPERATOR,
        SymbolKind.PROPERTY,
    )
)  # fmt: skip


def around(
    views: Sequence[SegmentView], seed: SymbolPlace, lines: Sequence[str], scale: float, *, tests: bool
) -> list[ContextCandidate]:
    """Candidates related to a symbol.

    :param lines: lines of the seed's document. :param scale: value of the seed.
    :param tests: include tests of the seed.
    """
    return [*_holders(views, seed, scale), *_used(views, seed, lines, scale), *_users(views, seed, scale, tests=tests)]


def _holders(views: Sequence[SegmentView], seed: SymbolPlace, scale: float) -> Iterator[ContextCandidate]:
    """The containers of the seed, and their constructors."""
    view, symbols = views[seed.view], views[seed.view].segment.symbols
    start, stop = np.searchsorted(symbols.files, [symbols.files[seed.symbol], symbols.files[seed.symbol] + 1])
    parent, worth = int(symbols.parents[seed.symbol]), _HOLDER
    while parent >= 0:
        why = f"holds {symbols.names[seed.symbol]}"
        yield symbol_candidate(view, seed.view, parent, scale * worth, why, glimpse=True)
        of_parent = (symbols.parents[start:stop] == parent) & (symbols.kinds[start:stop] == SymbolKind.CONSTRUCTOR)
        for row in (start + np.flatnonzero(of_parent)).tolist():
            if row != seed.symbol:
                why = f"constructor of {symbols.names[parent]}"
                yield symbol_candidate(view, seed.view, row, scale * worth * _CONSTRUCTOR, why, glimpse=True)
        parent, worth = int(symbols.parents[parent]), worth / 2


def _used(
    views: Sequence[SegmentView], seed: SymbolPlace, lines: Sequence[str], scale: float
) -> Iterator[ContextCandidate]:
    view, symbols = views[seed.view], views[seed.view].segment.symbols
    own = set(inside(view, seed.symbol))
    span = symbols.span(seed.symbol)
    uses = uses_of(lines[span.start_line : span.last_line + 1])
    names = names_used(view, own, uses)
    title = symbols.names[seed.symbol]
    head_lines = max(
        1, int(symbols.spans[seed.symbol, 4]) - span.start_line + 1 + symbols.signatures[seed.symbol].count(",")
    )
    signature = set(uses_of([symbols.signatures[seed.symbol]]))
    finder = _Likelihood(views, seed)
    for term, bearers in definitions(views, names).items():
        use = uses[names[term]]
        common = n_users(views, term) / (_MENTIONS_A_DEFINITION * len(bearers))
        likely = [
            (finder.of(place, use) / (1.0 if use.bare or use.on_self else 1.0 + common), place)
            for place in bearers
            if not (place.view == seed.view and place.symbol in own) and is_worth_showing(views, place)
        ]
        likely = [item for item in likely if item[0] >= _LEAST_LIKELY]
        likely.sort(key=lambda item: -item[0])
        for rank, (likelihood, place) in enumerate(likely[:_DEFINITIONS_A_NAME]):
            in_signature = names[term] in signature and use.line <= head_lines and names[term] != title
            why = f"type in the signature of {title}" if in_signature else f"used by {title}"
            value = scale * (_TYPE if in_signature else _USED) * likelihood / (1 + rank)
            yield symbol_candidate(views[place.view], place.view, place.symbol, value, why, glimpse=True)


class _Likelihood:
    """Estimates how likely a name in a seed refers to a symbol, between 0 and 1."""

    def __init__(self, views: Sequence[SegmentView], seed: SymbolPlace) -> None:
        self._views = views
        self._seed = seed
        symbols = views[seed.view].segment.symbols
        self._parent = int(symbols.parents[seed.symbol])
        self._distances = Distances(views, seed)

    def of(self, place: SymbolPlace, use: Use) -> float:
        segment = self._views[place.view].segment
        parent = int(segment.symbols.parents[place.symbol])
        nearness = 1.0 / (1.0 + 0.15 * self._distances.of(place))
        container = segment.symbols.names[parent].lower().strip("_") if parent >= 0 else ""
        is_sibling = parent >= 0 and place.view == self._seed.view and parent == self._parent
        fits = 0.0
        if use.bare:
            fits = 1.0 if parent < 0 or is_sibling else 0.3
        if use.on_self:
            fits = max(fits, 1.0 if is_sibling else 0.6 if parent >= 0 else 0.2)
        for receiver in use.receivers:
            fits = max(fits, self._on(receiver, place, container))
        return fits * nearness

    def _on(self, receiver: str, place: SymbolPlace, container: str) -> float:
        """How well a symbol matches a use with a receiver, as in ``receiver.name``."""
        if container:
            known = receiver and (container == receiver or container.endswith(receiver) or receiver.endswith(container))
            return 1.0 if known else 0.5
        segment = self._views[place.view].segment
        path = segment.files.paths[int(segment.symbols.files[place.symbol])].lower()
        folders, _, base = path.rpartition("/")
        is_module = receiver in {base.partition(".")[0], folders.rpartition("/")[2]}
        return 1.0 if is_module else 0.3


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


def _users(views: Sequence[SegmentView], seed: SymbolPlace, scale: float, *, tests: bool) -> Iterator[ContextCandidate]:
    view = views[seed.view]
    own = set(inside(view, seed.symbol))
    name = view.segment.symbols.names[seed.symbol]
    term = name_hash(views, seed)
    bearers = len(definitions(views, [term]).get(term, ()))
    common = n_users(views, term) / (_MENTIONS_A_DEFINITION * max(1, bearers))
    likely = min(1.0, 2.0 / (1.0 + common))
    if likely < _LEAST_LIKELY:
        return
    distances = Distances(views, seed)
    callers = sorted(users(views, seed), key=distances.of)
    of_tests = [place for place in callers if is_test(views, place)]
    others = [p for p in callers if not is_test(views, p) and not (p.view == seed.view and p.symbol in own)]
    related = [(place, _USER, f"uses {name}") for place in others[:_MAX_USERS]]
    related += [(place, _TEST, f"tests {name}") for place in of_tests[: _MAX_USERS if tests else 0]]
    for place, worth, why in related:
        yield symbol_candidate(
            views[place.view], place.view, place.symbol, scale * worth * likely, why, glimpse=True, focus=name
        )


def is_worth_showing(views: Sequence[SegmentView], place: SymbolPlace) -> bool:
    return SymbolKind(int(views[place.view].segment.symbols.kinds[place.symbol])) in _WORTH_SHOWING


def is_test(views: Sequence[SegmentView], place: SymbolPlace) -> bool:
    segment = views[place.view].segment
    return bool(int(segment.files.roles[int(segment.symbols.files[place.symbol])]) & Role.TEST)
