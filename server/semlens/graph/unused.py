"""Definitions that no other code seems to use. Conservative: what may be used in a way that is not seen is left out.

It compares names only: a name that is used anywhere counts as used. Whether the name stands in other text, such as
configuration, is checked by the caller.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from semlens.core.symbol import Role, SymbolKind
from semlens.graph.neighbours import inside
from semlens.graph.resolver import Resolver
from semlens.graph.segment_names import SymbolPlace, names_of
from semlens.syntax.symbols.definition import CALLABLE_KINDS

_KINDS = (
    SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CLASS, SymbolKind.STRUCT, SymbolKind.INTERFACE, SymbolKind.ENUM,
)  # fmt: skip
_SPECIAL = re.compile(
    r"__\w+__$|^(?:main|init|setUp|tearDown|setup|teardown|constructor|new|drop|toString|hashCode|equals)$"
)
_LESSER = int(Role.VENDORED | Role.GENERATED | Role.EXAMPLE | Role.DOCUMENTATION)
_EXPORTED = {
    "rust": re.compile(r"^(?:#\[.*\]\s*)?pub\b"),
    "jvm": re.compile(r"\b(?:public|protected|override)\b|@\w+"),
    "csharp": re.compile(r"\b(?:public|protected|override)\b|\[\w+"),
    "swift": re.compile(r"\b(?:public|open|override|@objc)\b"),
}
_DECORATED = re.compile(r"\s*[@#\[]")
IS_DECORATED = "decorated or annotated definitions"
_PRIVATE_MEMBER = re.compile(r"\bprivate\b|^(?:\w+ )*#")


class Unused(NamedTuple):
    """:ivar is_public: code outside of the workspace may use it."""

    place: SymbolPlace
    is_public: bool

    @property
    def confidence(self) -> float:
        return 0.5 if self.is_public else 0.9

    @property
    def assumption(self) -> str:
        """Who else might use it, or ""."""
        return "it is public: code outside of the workspace may use it" if self.is_public else ""


def unused_definitions(resolver: Resolver) -> tuple[list[Unused], Counter[str]]:
    """Definitions whose name no other symbol uses, and how many were taken as used, by reason."""
    found: list[Unused] = []
    assumed: Counter[str] = Counter()
    for number, view in enumerate(resolver.views):
        symbols, files = view.segment.symbols, view.segment.files
        names = names_of(view.segment)
        of_kind = np.isin(symbols.kinds, _KINDS)
        if view.alive is not None:
            of_kind &= view.alive[symbols.files]
        for row in np.flatnonzero(of_kind & ~_is_used_elsewhere(resolver, number)).tolist():
            file = int(symbols.files[row])
            role = int(files.roles[file])
            reason = _reason_to_keep(resolver, number, row, role)
            if reason:
                assumed[reason] += 1
                continue
            if _is_used(resolver, SymbolPlace(number, row), int(names.of_row[row])):
                continue
            found.append(Unused(SymbolPlace(number, row), _is_exported(resolver, number, row, file)))
    found.sort(key=lambda one: (one.is_public, one.place))
    return found, assumed


def as_written(resolver: Resolver, one: Unused, head_of: Callable[[SymbolPlace], str]) -> Unused | None:
    """The same with what signatures leave out: ``export``, and decorators, which may use what they stand before.

    :param head_of: the text of a definition from its first decorator or modifier to its name.
    :return: None if it is decorated.
    """
    head = head_of(one.place)
    if _DECORATED.match(head):
        return None
    if not hides_exports(resolver, one):
        return one
    symbols = resolver.views[one.place.view].segment.symbols
    if _PRIVATE_MEMBER.search(symbols.signatures[one.place.symbol]):
        return one
    outermost = one.place
    while (parent := int(symbols.parents[outermost.symbol])) >= 0:
        outermost = SymbolPlace(outermost.view, parent)
        if resolver.kind_of(outermost) in CALLABLE_KINDS:
            return one
    return one._replace(is_public="export" in head_of(outermost).split())


def hides_exports(resolver: Resolver, one: Unused) -> bool:
    """Whether the signature does not say if other files can use it."""
    return resolver.traits(one.place.view, resolver.file_of(*one.place)).family == "ecma"


def _is_used_elsewhere(resolver: Resolver, view: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether another view uses the name of each symbol of this view."""
    names = names_of(resolver.views[view].segment).of_row
    used = np.zeros(len(names), np.bool_)
    for number, other in enumerate(resolver.views):
        terms = other.segment.references.terms
        if number != view and len(terms):
            places = np.minimum(np.searchsorted(terms, names), len(terms) - 1)
            used |= terms[places] == names
    return used


def _is_used(resolver: Resolver, place: SymbolPlace, term: int) -> bool:
    """Whether code outside of the symbol uses its name. An import alone is no use, but gives the name to others."""
    view = resolver.views[place.view]
    references = view.segment.references
    entries = references.find(term)
    rows = references.rows[entries]
    if not len(rows):
        return False
    own = np.array(inside(view, place.symbol), np.uint32)
    outside = ~np.isin(rows, own)
    if view.alive is not None:
        living = [view.alive[resolver.file_of(place.view, row)] for row in rows.tolist()]
        outside &= np.array(living, np.bool_)
    return bool(outside.any())


def _reason_to_keep(resolver: Resolver, view: int, row: int, role: int) -> str:
    """Why a definition may be used although nothing names it, or ""."""
    segment = resolver.views[view].segment
    symbols = segment.symbols
    name = symbols.names[row]
    if role & Role.TEST:
        return "tests, which a runner finds"
    if role & _LESSER:
        return "examples, generated and vendored code"
    if _SPECIAL.search(name) or int(symbols.kinds[row]) == SymbolKind.CONSTRUCTOR:
        return "entry points and special names"
    if int(symbols.spans[row, 4]) > int(symbols.spans[row, 0]) or _DECORATED.match(symbols.signatures[row]):
        return IS_DECORATED
    names = names_of(segment)
    owner = int(names.owners[row])
    if owner and resolver.bases(owner):
        return "methods of types with a base, which may call them"
    if names.is_member[row] and owner:
        family = resolver.traits(view, int(symbols.files[row])).family
        overridden = resolver.candidates(int(names.of_row[row]), family).by_owner
        if any(base in overridden for base in resolver.derived(owner)):
            return "methods that are overridden"
    return ""


def _is_exported(resolver: Resolver, view: int, row: int, file: int) -> bool:
    segment = resolver.views[view].segment
    name, signature = segment.symbols.names[row], segment.symbols.signatures[row]
    family = resolver.traits(view, file).family
    if family == "python":
        return not name.startswith("_")
    if family == "go":
        return name[:1].isupper()
    if family == "c":
        return not signature.startswith("static ")
    if family == "ecma":
        return False  # signatures leave `export` out: see `as_written`
    pattern = _EXPORTED.get(family)
    return pattern is None or bool(pattern.search(signature))
