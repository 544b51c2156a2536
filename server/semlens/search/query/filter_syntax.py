"""Filters inside a question: ``lang:go kind:class path:src/** -path:legacy test:only in:Name``.

A word that only looks like a filter stays a word of the question, and is named in a note.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from semlens.core.request import SearchFilter, TestFilter
from semlens.core.symbol import SymbolKind
from semlens.core.text.globs import MAX_GLOB_CHARS, MAX_GLOBS

_FILTER = re.compile(r"(?<!\S)(-?)([a-z]{2,10}):(?![:/])(\"[^\"\n]+\"|[^\s:\"][^\s\"]*)(?!\S)")
_KINDS = {kind.label: kind for kind in SymbolKind} | {
    "func": SymbolKind.FUNCTION,
    "fn": SymbolKind.FUNCTION,
    "def": SymbolKind.FUNCTION,
    "const": SymbolKind.CONSTANT,
    "var": SymbolKind.VARIABLE,
    "type": SymbolKind.CLASS,
    "trait": SymbolKind.INTERFACE,
    "protocol": SymbolKind.INTERFACE,
}
_LANGUAGES = {
    "py": "python", "js": "javascript", "ts": "typescript", "golang": "go", "rs": "rust", "rb": "ruby", "c++": "cpp",
    "cs": "csharp", "c#": "csharp", "kt": "kotlin", "sh": "bash", "shell": "bash", "hs": "haskell", "ex": "elixir",
}  # fmt: skip
_TESTS = {
    "only": TestFilter.ONLY, "yes": TestFilter.ONLY, "true": TestFilter.ONLY,
    "no": TestFilter.EXCLUDE, "exclude": TestFilter.EXCLUDE, "false": TestFilter.EXCLUDE,
    "include": TestFilter.INCLUDE, "all": TestFilter.INCLUDE,
}  # fmt: skip
_KNOWN = "lang: kind: path: -path: test: in:"


@dataclass(frozen=True, slots=True)
class FilteredQuery:
    """:ivar text: what is left of the question. :ivar container: of ``in:``, else ""."""

    text: str
    filter: SearchFilter = field(default_factory=SearchFilter)
    container: str = ""
    notes: tuple[str, ...] = ()


def split_filters(text: str) -> FilteredQuery:
    """Take the filters out of a question of one line; several lines are pasted text and stay as they are."""
    if "\n" in text.strip() or ":" not in text:
        return FilteredQuery(text)
    cut = FilteredQuery("")
    left: list[str] = []
    position = 0
    for match in _FILTER.finditer(text):
        minus, name, value = match[1], match[2], match[3].strip('"')
        taken = _take(cut, f"{minus}{name}", value)
        if taken is None:
            continue
        cut = taken
        if not cut.notes or match[0] not in cut.notes[-1]:
            left.append(text[position : match.start()])
            position = match.end()
    left.append(text[position:])
    return replace(cut, text=" ".join("".join(left).split()) if position else text)


def _take(cut: FilteredQuery, name: str, value: str) -> FilteredQuery | None:
    """The filter added, or a note that it is searched as words; None for text that was never meant as one."""
    wanted = cut.filter
    if name in ("lang", "language"):
        language = _LANGUAGES.get(value.lower(), value.lower())
        return replace(cut, filter=replace(wanted, languages=wanted.languages | {language}))
    if name == "kind":
        kind = _KINDS.get(value.lower())
        if kind is None:
            return _note(cut, f'There is no kind "{value}" ({name}:{value}): it is searched as words.')
        return replace(cut, filter=replace(wanted, kinds=wanted.kinds | {kind}))
    if name in ("path", "-path") and (
        len(value) > MAX_GLOB_CHARS or len(wanted.paths) + len(wanted.exclude_paths) >= MAX_GLOBS
    ):
        return _note(
            cut,
            f"A question takes at most {MAX_GLOBS} path filters of at most {MAX_GLOB_CHARS} characters each: "
            "those beyond have no effect.",
        )
    if name == "path":
        return replace(cut, filter=replace(wanted, paths=(*wanted.paths, value)))
    if name == "-path":
        return replace(cut, filter=replace(wanted, exclude_paths=(*wanted.exclude_paths, value)))
    if name in ("test", "tests"):
        tests = _TESTS.get(value.lower())
        if tests is None:
            return _note(cut, f"{name}:{value} is not understood (only, exclude or include): it is searched as words.")
        return replace(cut, filter=replace(wanted, tests=tests))
    if name == "in":
        return replace(cut, container=value)
    if re.fullmatch(r"[\w*./+#-]+", value):
        return _note(cut, f"{name}:{value} is no filter ({_KNOWN}): it is searched as words.")
    return None


def _note(cut: FilteredQuery, note: str) -> FilteredQuery:
    return replace(cut, notes=(*cut.notes, note))
