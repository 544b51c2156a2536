"""Parses filters inside a query: ``lang:go kind:class path:src/** -path:legacy test:only in:Name``.

A word that only looks like a filter stays in the query, and a note names it. `filter_masks` applies the filters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from semlens.core.request import MAX_GLOB_CHARS, MAX_GLOBS, SearchFilter, TestFilter
from semlens.core.symbol import SymbolKind

_FILTER = re.compile(r"(?<!\S)(-?)([a-z]{2,10}):(?![:/])(\"[^\"\n]+\"|[^\s:\"][^\s\"]*)(?!\S)")
KINDS = {kind.label: kind for kind in SymbolKind} | {
    "func": SymbolKind.FUNCTION,
    "fn": SymbolKind.FUNCTION,
    "def": SymbolKind.FUNCTION,
    "const": SymbolKind.CONSTANT,
    "var": SymbolKind.VARIABLE,
    "type": SymbolKind.CLASS,
    "trait": SymbolKind.INTERFACE,
    "protocol": SymbolKind.INTERFACE,
}
LANGUAGE_ALIASES = {
    "py": "python", "js": "javascript", "ts": "typescript", "golang": "go", "rs": "rust", "rb": "ruby", "c++": "cpp",
    "cs": "csharp", "c#": "csharp", "kt": "kotlin", "sh": "bash", "shell": "bash", "hs": "haskell", "ex": "elixir",
}  # fmt: skip
_TESTS = {
    "only": TestFilter.ONLY, "yes": TestFilter.ONLY, "true": TestFilter.ONLY,
    "no": TestFilter.EXCLUDE, "exclude": TestFilter.EXCLUDE, "false": TestFilter.EXCLUDE,
    "include": TestFilter.INCLUDE, "all": TestFilter.INCLUDE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FilteredQuery:
    """A query without its filters.

    :ivar text: the query without the filters. :ivar container: the value of ``in:``, or "".
    :ivar notes: sentences for the user about filters that were not applied.
    """

    text: str
    filter: SearchFilter = field(default_factory=SearchFilter)
    container: str = ""
    notes: tuple[str, ...] = ()


def split_filters(text: str) -> FilteredQuery:
    """Take the filters out of a query of one line. Several lines are pasted text and stay as they are."""
    if "\n" in text.strip() or ":" not in text:
        return FilteredQuery(text)
    cut = FilteredQuery("")
    remaining: list[str] = []
    position = 0
    for match in _FILTER.finditer(text):
        minus, name, value = match[1], match[2], match[3].strip('"')
        extended = _add_filter(cut, f"{minus}{name}", value)
        if extended is None:
            continue
        cut = extended
        if not cut.notes or match[0] not in cut.notes[-1]:
            remaining.append(text[position : match.start()])
            position = match.end()
    remaining.append(text[position:])
    return replace(cut, text=" ".join("".join(remaining).split()) if position else text)


def _add_filter(cut: FilteredQuery, name: str, value: str) -> FilteredQuery | None:
    """Add a filter, or a note that it is searched as words. None when the text is not meant as a filter."""
    add = _FILTERS.get(_ALIASES.get(name, name))
    if add is not None:
        return add(cut, name, value)
    if re.fullmatch(r"[\w*./+#-]+", value):
        known = " ".join(f"{known_name}:" for known_name in _FILTERS)
        return _note(cut, f"{name}:{value} is not a filter: it is searched as words. The filters are {known}.")
    return None


def _add_language(cut: FilteredQuery, _name: str, value: str) -> FilteredQuery:
    language = LANGUAGE_ALIASES.get(value.lower(), value.lower())
    return replace(cut, filter=cut.filter._replace(languages=cut.filter.languages | {language}))


def _add_kind(cut: FilteredQuery, name: str, value: str) -> FilteredQuery:
    kind = KINDS.get(value.lower())
    if kind is None:
        return _note(
            cut, f'There is no kind "{value}": {name}:{value} is searched as words. Use function or class, for example.'
        )
    return replace(cut, filter=cut.filter._replace(kinds=cut.filter.kinds | {kind}))


def _add_path(cut: FilteredQuery, name: str, value: str) -> FilteredQuery:
    current = cut.filter
    if len(value) > MAX_GLOB_CHARS or len(current.paths) + len(current.exclude_paths) >= MAX_GLOBS:
        return _note(
            cut,
            f"A query takes at most {MAX_GLOBS} path filters of at most {MAX_GLOB_CHARS} characters each. "
            "Further ones are ignored: remove some.",
        )
    if name == "path":
        return replace(cut, filter=current._replace(paths=(*current.paths, value)))
    return replace(cut, filter=current._replace(exclude_paths=(*current.exclude_paths, value)))


def _add_tests(cut: FilteredQuery, name: str, value: str) -> FilteredQuery:
    tests = _TESTS.get(value.lower())
    if tests is None:
        return _note(cut, f"{name}:{value} is not a filter: it is searched as words. Use only, exclude or include.")
    return replace(cut, filter=cut.filter._replace(tests=tests))


def _add_container(cut: FilteredQuery, _name: str, value: str) -> FilteredQuery:
    return replace(cut, container=value)


def _note(cut: FilteredQuery, note: str) -> FilteredQuery:
    return replace(cut, notes=(*cut.notes, note))


_FILTERS: Mapping[str, Callable[[FilteredQuery, str, str], FilteredQuery]] = {
    "lang": _add_language,
    "kind": _add_kind,
    "path": _add_path,
    "-path": _add_path,
    "test": _add_tests,
    "in": _add_container,
}
"""Each filter, with what adds it to a query from its name as written and its value."""

_ALIASES = {"language": "lang", "tests": "test"}
