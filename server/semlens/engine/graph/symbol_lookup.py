"""Finds the symbols that a question names: at a line of a file, or by a name or its end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from rapidfuzz import fuzz, process

from semlens.core.errors import UsageError
from semlens.core.symbol import Role, SymbolKind
from semlens.core.text.printable import printable
from semlens.graph.resolver import Resolver
from semlens.graph.segment_names import SymbolPlace, names_of
from semlens.index.segment.terms import term_hash
from semlens.index.snapshot import SegmentView
from semlens.search.query.filter_masks import is_below

_MAX_NAMES = 2_000  # names that a mistyped one is compared with
_LEAST_SIMILARITY = 70
_SEPARATORS = re.compile(r"::|->|[.#/]")
_CALLABLES_AND_TYPES = (
    SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CLASS, SymbolKind.STRUCT, SymbolKind.INTERFACE,
)  # fmt: skip


class FoundSymbol(NamedTuple):
    """A symbol, and the graph of its root."""

    resolver: Resolver
    place: SymbolPlace


def name_parts(name: str) -> list[str]:
    """What a qualified name is joined of."""
    return [part for part in _SEPARATORS.split(name.strip().removesuffix("()")) if part]


def symbol_at_line(resolver: Resolver, view: SegmentView, file: int, line: int, name: str) -> FoundSymbol:
    """The innermost symbol around a line (0-based) of a file, of those with the name if there are any.

    :raises UsageError: when there is none.
    """
    symbols = view.segment.symbols
    around = symbols.around(file, line)
    if not len(around):
        raise UsageError("There is no symbol at this place. Name a line of a function, a method or a type.")
    named = around[[symbols.names[row] == name for row in around.tolist()]]
    innermost = symbols.innermost(named if len(named) else around)
    return FoundSymbol(resolver, SymbolPlace(resolver.views.index(view), innermost))


def symbols_named(
    name: str, views: Sequence[SegmentView], resolver_of: Callable[[str], Resolver], folders: Sequence[str]
) -> list[FoundSymbol]:
    """Symbols whose qualified name ends with a name; code before tests, whole names before their ends.

    Of several definitions the longest is first, because declarations and overloads tell less.

    :param resolver_of: returns the graph of a root. :param folders: only symbols below one of them; without any, all.
    :raises UsageError: when there is none.
    """
    parts = name_parts(name)
    found = []
    for root in dict.fromkeys(view.root for view in views):
        resolver = resolver_of(root)
        for place in _places_named(resolver, parts):
            view, file = resolver.views[place.view], resolver.file_of(*place)
            qualified = name_parts(view.segment.symbols.qualified_names[place.symbol])
            if qualified[-len(parts) :] == parts and is_below(view, file, folders):
                is_code = int(view.segment.files.roles[file]) == Role.NONE
                is_lesser = resolver.kind_of(place) not in _CALLABLES_AND_TYPES
                span = view.segment.symbols.span(place.symbol)
                n_lines = span.last_line - span.start_line
                found.append(((not is_code, len(qualified), is_lesser, -n_lines, *place), FoundSymbol(resolver, place)))
    if not found:
        raise UsageError(_unknown_name(views, name))
    return [symbol for _, symbol in sorted(found, key=lambda one: one[0])]


def _places_named(resolver: Resolver, parts: Sequence[str]) -> Iterator[SymbolPlace]:
    """The living symbols whose own name may be the last of the parts."""
    term = np.uint64(term_hash(parts[-1]) if parts else 0)
    for number, view in enumerate(resolver.views):
        names = names_of(view.segment)
        start, end = (int(np.searchsorted(names.hashes, term, side)) for side in ("left", "right"))
        for row in names.rows[start:end].tolist():
            if view.alive is None or view.alive[view.segment.symbols.files[row]]:
                yield SymbolPlace(number, row)


def _unknown_name(views: Sequence[SegmentView], name: str) -> str:
    names: set[str] = set()
    last = (name_parts(name) or [name])[-1]
    for view in views:
        rows, shares = view.segment.names.alike(last.encode("utf-8", "replace"))
        symbols = view.segment.symbols
        best = np.argsort(-shares, kind="stable")[:_MAX_NAMES]
        names.update(symbols.names[row] for row in rows[best].tolist() if row < len(symbols))
    near = process.extract(last, sorted(names), scorer=fuzz.ratio, limit=3, score_cutoff=_LEAST_SIMILARITY)
    hint = f"Do you mean {', '.join(printable(one[0]) for one in near)}?" if near else "Give PATH:LINE instead."
    return f"No symbol is named {printable(name)[:200]}. {hint}"
