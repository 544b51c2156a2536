"""Grammars and compiled queries, loaded on first use and kept. Nothing else imports tree-sitter's language pack."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import cast

import tree_sitter
from tree_sitter_language_pack import SupportedLanguage, get_language

from semlens.core.symbol import SymbolKind
from semlens.syntax.found import CONTAINER_KINDS
from semlens.syntax.language import Language

_CAPTURE = re.compile(r"@([a-z_]+(?:\.[a-z]+)*)")
_COMMENT = re.compile(r"^\s*;.*$", re.MULTILINE)
_KINDS = {kind.label: kind for kind in SymbolKind}


class PatternRole(enum.Enum):
    """What a pattern of a symbol query finds, besides symbols."""

    SYMBOL = "symbol"
    SCOPE = "scope"
    PACKAGE = "package"
    PREFIX = "prefix"
    DOCUMENTATION = "documentation"
    REFERENCE = "reference"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern of a query.

    :ivar capture: name of the capture that holds the defining node; ``.arity`` at its end adds the number of
        parameters to the name, ``fetch/2``; with ``.body`` the body follows the node and belongs to the range.
    :ivar kind: of the symbol; for a scope, what kind of container it acts as.
    """

    role: PatternRole
    capture: str
    kind: SymbolKind


@dataclass(frozen=True, slots=True)
class Grammar:
    """A parser and, where the language has one, its symbol query.

    :ivar patterns: by their index in the query.
    :ivar defining: names of the captures that hold the defining nodes, likewise.
    :ivar contains: whether definitions stand directly in what they define, likewise.
    """

    parser: tree_sitter.Parser
    query: tree_sitter.Query | None
    patterns: tuple[Pattern, ...]
    defining: tuple[str, ...]
    contains: tuple[bool, ...]


@cache
def grammar_of(language: Language) -> Grammar:
    """:raises LookupError: if the language pack lacks the grammar. :raises ValueError: if the query does not fit it."""
    pack_language = get_language(cast("SupportedLanguage", language.grammar))
    parser = tree_sitter.Parser(pack_language)
    if not language.queries:
        return Grammar(parser, None, (), (), ())
    source = "\n".join(query_source(name) for name in language.queries)
    query = tree_sitter.Query(pack_language, source)
    encoded = source.encode()
    patterns = tuple(
        _pattern(encoded[query.start_byte_for_pattern(index) : query.end_byte_for_pattern(index)].decode())
        for index in range(query.pattern_count)
    )
    return Grammar(
        parser,
        query,
        patterns,
        tuple(pattern.capture for pattern in patterns),
        tuple(pattern.role is PatternRole.SCOPE or pattern.kind in CONTAINER_KINDS for pattern in patterns),
    )


def parse_range(language: Language, source: bytes, start: int, end: int) -> tree_sitter.Node:
    """The tree of a part of a file, with positions in the whole."""
    parser = tree_sitter.Parser(
        get_language(cast("SupportedLanguage", language.grammar)),
        included_ranges=[tree_sitter.Range(_point(source, start), _point(source, end), start, end)],
    )
    return parser.parse(source).root_node


def _point(source: bytes, position: int) -> tree_sitter.Point:
    line_start = source.rfind(b"\n", 0, position) + 1
    return tree_sitter.Point(source.count(b"\n", 0, position), position - line_start)


def query_source(name: str) -> str:
    """The text of ``queries/<name>/symbols.scm``."""
    folder = resources.files("semlens.syntax") / "queries" / name
    return (folder / "symbols.scm").read_text(encoding="utf-8")


def _pattern(text: str) -> Pattern:
    for capture in _CAPTURE.findall(_COMMENT.sub("", text)):
        label, _, detail = capture.partition(".")
        if label in ("scope", "package"):
            kind = {"type": SymbolKind.CLASS, "nested": SymbolKind.PACKAGE}.get(detail, SymbolKind.NAMESPACE)
            return Pattern(PatternRole(label), capture, kind)
        if label in _KINDS:
            return Pattern(PatternRole.SYMBOL, capture, _KINDS[label])
        if label in ("prefix", "documentation", "reference", "ignore"):
            return Pattern(PatternRole(label), capture, SymbolKind.NULL)
    raise ValueError(f"a pattern defines nothing: {text}")
