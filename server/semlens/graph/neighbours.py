"""Who uses a symbol, and what a symbol uses: the edges of the graph next to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from semlens.core.reference import ReferenceKind, Scope
from semlens.core.symbol import SymbolKind
from semlens.graph.resolver import Edge, Resolver
from semlens.graph.segment_names import SymbolPlace, names_of
from semlens.index.segment.reference_table import KIND_MASK, SCOPE_SHIFT, ReferenceTable
from semlens.index.snapshot import SegmentView

MAX_REFERENCES = 4_000
"""References of one name that are looked at. Of more, those whose scope tells most."""

LEAST_CONFIDENCE = 0.01

_TELLING = (Scope.TYPE, Scope.SELF, Scope.MODULE, Scope.FILE, Scope.SUPER, Scope.RESULT, Scope.RECEIVER, Scope.UNKNOWN)
"""Scopes by how much they tell."""

_ALL_BUT_IMPORTS = frozenset((ReferenceKind.CALL, ReferenceKind.USE, ReferenceKind.BASE))
_KINDS, _SCOPES = list(ReferenceKind), list(Scope)


class Neighbour(NamedTuple):
    """A symbol or file at the other end of an edge.

    :ivar row: of the symbol, or of the file behind all symbols of the segment.
    """

    view: int
    row: int
    kind: ReferenceKind
    confidence: float


class Neighbours(NamedTuple):
    """:ivar n_unseen: references of the name that were not looked at, because there are too many."""

    edges: tuple[Neighbour, ...]
    n_unseen: int = 0


def inside(view: SegmentView, symbol: int) -> list[int]:
    """Rows of the symbol and of all symbols inside it."""
    symbols = view.segment.symbols
    of_file = symbols.of_file(int(symbols.files[symbol]))
    rows, frontier = [symbol], [symbol]
    while frontier:
        frontier = (of_file.start + np.flatnonzero(np.isin(symbols.parents[of_file], frontier))).tolist()
        rows += frontier
    return rows


def callers(resolver: Resolver, place: SymbolPlace, kinds: Iterable[ReferenceKind] = ()) -> Neighbours:
    """The symbols and files that use a symbol, surest first. A constructor is used where its type is called.

    :param kinds: of references; without any, all but imports.
    """
    wanted = frozenset(kinds) or _ALL_BUT_IMPORTS
    edges: dict[tuple[int, int], Neighbour] = {}
    n_unseen = 0
    targets = [place]
    symbols = resolver.views[place.view].segment.symbols
    parent = int(symbols.parents[place.symbol])
    if resolver.kind_of(place) is SymbolKind.CONSTRUCTOR and parent >= 0:
        targets.append(SymbolPlace(place.view, parent))
    for target in targets:
        family = resolver.traits(target.view, resolver.file_of(*target)).family
        of_target = wanted if target is place else frozenset((ReferenceKind.CALL,))
        for edge in _references(resolver, target, family, of_target):
            if isinstance(edge, int):
                n_unseen += edge
                continue
            confidence = resolver.confidence(edge, target)
            if confidence >= LEAST_CONFIDENCE:
                _keep(edges, Neighbour(edge.view, edge.row, edge.kind, confidence))
    return Neighbours(_sorted(edges), n_unseen)


def callees(resolver: Resolver, place: SymbolPlace, kinds: Iterable[ReferenceKind] = ()) -> Neighbours:
    """The symbols that a symbol uses, and those inside it, surest first."""
    wanted = frozenset(kinds) or _ALL_BUT_IMPORTS
    view = resolver.views[place.view]
    own = set(inside(view, place.symbol))
    edges: dict[tuple[int, int], Neighbour] = {}
    for edge in references_from(resolver, place.view, own):
        if edge.kind not in wanted:
            continue
        for one, confidence in resolver.targets(edge):
            if confidence < LEAST_CONFIDENCE or (one.view == place.view and one.symbol in own - {place.symbol}):
                continue
            is_recursion = (one.view, one.symbol) == place
            if is_recursion and edge.kind is not ReferenceKind.CALL:
                continue
            _keep(edges, Neighbour(one.view, one.symbol, edge.kind, confidence))
    return Neighbours(_sorted(edges))


def references_from(resolver: Resolver, view: int, rows: Iterable[int]) -> list[Edge]:
    """All references of some rows of one view."""
    segment = resolver.views[view].segment
    references, names = segment.references, names_of(segment)
    parts = [names.entries[names.entry_offsets[row] : names.entry_offsets[row + 1]] for row in rows]
    entries = np.sort(np.concatenate(parts)).astype(np.int64) if parts else np.zeros(0, np.int64)
    places = np.searchsorted(references.offsets, entries, "right") - 1
    return _edges(view, references, entries, references.terms[places].tolist())


def _references(
    resolver: Resolver, place: SymbolPlace, family: str, kinds: frozenset[ReferenceKind]
) -> list[Edge | int]:
    """The references of a symbol's name from its family of languages; as an integer, how many were left out."""
    term = resolver.term_of(place)
    found: list[Edge | int] = []
    kind_values = np.array(sorted(kinds), np.uint8)
    for number, view in enumerate(resolver.views):
        references = view.segment.references
        entries = np.arange(*references.find(term).indices(len(references.rows)))
        if not len(entries):
            continue
        entries = entries[np.isin(references.codes[entries] & KIND_MASK, kind_values)]
        files = _files_of(view, references.rows[entries])
        keep = np.isin(view.segment.files.languages[files], _languages_of(resolver, number, family))
        if view.alive is not None:
            keep &= view.alive[files]
        scopes = references.codes[entries] >> SCOPE_SHIFT
        if place.view == number:  # what a file defines itself is no reference to another file
            keep &= (scopes != Scope.FILE) | (files == resolver.file_of(*place))
        else:
            keep &= scopes != Scope.FILE
        entries = entries[keep]
        if len(entries) > MAX_REFERENCES:
            order = np.argsort([_TELLING.index(Scope(int(one))) for one in scopes[keep]], kind="stable")
            found.append(len(entries) - MAX_REFERENCES)
            entries = np.sort(entries[order[:MAX_REFERENCES]])
        found += _edges(number, references, entries, [term] * len(entries))
    return found


def _files_of(view: SegmentView, rows: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    symbols = view.segment.symbols
    n_symbols = len(symbols)
    if not n_symbols:
        return rows.astype(np.int64)
    is_symbol = rows < n_symbols
    return np.where(is_symbol, symbols.files[np.where(is_symbol, rows, 0)], rows.astype(np.int64) - n_symbols)


def _languages_of(resolver: Resolver, view: int, family: str) -> list[int]:
    names = resolver.views[view].segment.files.language_names
    return [row for row in range(len(names)) if resolver.family_of_language(view, row) == family]


def _edges(view: int, references: ReferenceTable, entries: npt.NDArray[np.int64], terms: Sequence[int]) -> list[Edge]:
    rows, codes, hints = references.rows[entries], references.codes[entries], references.hints[entries]
    return [
        Edge(view, row, term, _KINDS[code & KIND_MASK], _SCOPES[code >> SCOPE_SHIFT], hint)
        for row, term, code, hint in zip(rows.tolist(), terms, codes.tolist(), hints.tolist(), strict=True)
    ]


def _keep(edges: dict[tuple[int, int], Neighbour], one: Neighbour) -> None:
    """Of several edges between two symbols the surest counts. A call says more than another use."""
    key = (one.view, one.row)
    known = edges.get(key)
    if known is None or (one.confidence, one.kind is ReferenceKind.CALL) > (
        known.confidence,
        known.kind is ReferenceKind.CALL,
    ):
        edges[key] = one


def _sorted(edges: dict[tuple[int, int], Neighbour]) -> tuple[Neighbour, ...]:
    return tuple(sorted(edges.values(), key=lambda one: (-one.confidence, one.view, one.row)))
