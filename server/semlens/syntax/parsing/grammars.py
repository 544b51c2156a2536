"""Grammars and compiled queries, loaded on first use and kept. Nothing else imports tree-sitter's language pack."""

from __future__ import annotations

import enum
import re
import time
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import cast

import tree_sitter
from tree_sitter_language_pack import SupportedLanguage, get_language

from semlens.core.symbol import SymbolKind
from semlens.syntax.languages.language import Language
from semlens.syntax.parsing import parse_limits
from semlens.syntax.parsing.memory import resident_bytes
from semlens.syntax.symbols.definition import CONTAINER_KINDS

_CAPTURE = re.compile(r"@([a-z_]+(?:\.[a-z]+)*)")
_BRACKET_OR_STRING = re.compile(r'[()\[\]]|"(?:[^"\\]|\\.)*"')
_COMMENT = re.compile(r"^\s*;.*$", re.MULTILINE)
_KINDS = {kind.label: kind for kind in SymbolKind}

_CHUNK_BYTES = 65_536
_MEMORY_CHECK_INTERVAL = 16  # steps of a parse, which are some microseconds each


class ParseLimitError(Exception):
    """Parsing a text took more time or memory than `parse_limits` allows."""


class PatternRole(enum.Enum):
    """What a pattern of a symbol query finds."""

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

    :ivar capture: name of the capture that holds the defining node; with ``.body`` at its end the body follows the node
        and belongs to the range.
    :ivar kind: of the symbol; for a scope, what kind of container it acts as.
    :ivar counts: (``.arity``) the number of parameters belongs to the name, ``fetch/2``.
    :ivar absolute: (``.absolute``) nothing qualifies the name.
    """

    role: PatternRole
    capture: str
    kind: SymbolKind
    counts: bool = False
    absolute: bool = False


@dataclass(frozen=True, slots=True)
class Grammar:
    """A parser and, where the language has one, its symbol query.

    :ivar top_query: the patterns that start at the root, or None. They are a query of their own, since in one with the
        others they would be tried all along the walk.
    :ivar patterns: those of ``query``, then those of ``top_query``. The following are parallel to it.
    :ivar ranks: which pattern wins where several match a name: the lowest.
    :ivar defining: names of the captures that hold the defining nodes.
    :ivar contains: whether definitions stand directly in what they define.
    """

    parser: tree_sitter.Parser
    query: tree_sitter.Query | None = None
    top_query: tree_sitter.Query | None = None
    patterns: tuple[Pattern, ...] = ()
    ranks: tuple[int, ...] = ()
    defining: tuple[str, ...] = ()
    contains: tuple[bool, ...] = ()


@cache
def grammar_of(language: Language) -> Grammar:
    """:raises LookupError: if the language pack lacks the grammar. :raises ValueError: if the query does not fit it."""
    pack_language = get_language(cast("SupportedLanguage", language.grammar))
    parser = tree_sitter.Parser(pack_language)
    if not language.queries:
        return Grammar(parser)
    texts = _patterns_in("\n".join(_COMMENT.sub("", query_source(name)) for name in language.queries))
    root = re.compile(rf"\s*\({parser.parse(b'').root_node.type}\s")
    starts_at_root = [bool(root.match(text)) for text in texts]
    ranks = sorted(range(len(texts)), key=lambda index: (starts_at_root[index] and not all(starts_at_root), index))
    patterns = tuple(_pattern(texts[rank]) for rank in ranks)
    n_top = 0 if all(starts_at_root) else sum(starts_at_root)
    n_deep = len(texts) - n_top
    return Grammar(
        parser,
        tree_sitter.Query(pack_language, "\n".join(texts[rank] for rank in ranks[:n_deep])),
        tree_sitter.Query(pack_language, "\n".join(texts[rank] for rank in ranks[n_deep:])) if n_top else None,
        patterns,
        tuple(ranks),
        tuple(pattern.capture for pattern in patterns),
        tuple(pattern.role is PatternRole.SCOPE or pattern.kind in CONTAINER_KINDS for pattern in patterns),
    )


def _patterns_in(source: str) -> list[str]:
    """The text of each pattern of a query without comments: what stands in brackets, and what follows it."""
    starts: list[int] = []
    depth = 0
    for bracket in _BRACKET_OR_STRING.finditer(source):
        if bracket[0] in "([":
            if depth == 0:
                starts.append(bracket.start())
            depth += 1
        elif bracket[0] in ")]":
            depth -= 1
    return [source[start:end] for start, end in zip(starts, [*starts[1:], len(source)], strict=True)]


def parse_tree(parser: tree_sitter.Parser, source: bytes) -> tree_sitter.Node:
    """The tree of a text.

    :raises ParseLimitError: when it takes too much. The caller must limit a scanner that never returns.
    """
    deadline = time.process_time() + parse_limits.MAX_PARSE_SECONDS
    max_bytes = parse_limits.MAX_PARSE_BYTES + resident_bytes()
    step = 0
    fault = ""

    def read(offset: int, _point: tree_sitter.Point) -> bytes:
        return source[offset : offset + _CHUNK_BYTES]

    def exceeds_limit(_offset: int, _has_error: bool) -> bool:
        nonlocal step, fault
        step += 1
        if time.process_time() > deadline:
            fault = f"{parse_limits.MAX_PARSE_SECONDS} s"
        elif step % _MEMORY_CHECK_INTERVAL == 0 and resident_bytes() > max_bytes:
            fault = f"{parse_limits.MAX_PARSE_BYTES >> 20} MB"
        return bool(fault)

    try:
        return parser.parse(read, progress_callback=exceeds_limit).root_node
    except ValueError as error:
        parser.reset()  # otherwise the next parse would continue with this text
        raise ParseLimitError(f"the parse took more than {fault}") from error


def parse_range(language: Language, source: bytes, start: int, end: int) -> tree_sitter.Node:
    """The tree of a part of a file, with positions in the whole. :raises ParseLimitError: as `parse_tree`."""
    parser = tree_sitter.Parser(
        get_language(cast("SupportedLanguage", language.grammar)),
        included_ranges=[tree_sitter.Range(_point(source, start), _point(source, end), start, end)],
    )
    return parse_tree(parser, source)


def _point(source: bytes, position: int) -> tree_sitter.Point:
    line_start = source.rfind(b"\n", 0, position) + 1
    return tree_sitter.Point(source.count(b"\n", 0, position), position - line_start)


def query_source(name: str) -> str:
    """The text of ``queries/<name>/symbols.scm``."""
    folder = resources.files("semlens.syntax.languages") / "queries" / name
    return (folder / "symbols.scm").read_text(encoding="utf-8")


def _pattern(text: str) -> Pattern:
    for capture in _CAPTURE.findall(text):
        label, _, detail = capture.partition(".")
        if label in ("scope", "package"):
            kind = {"type": SymbolKind.CLASS, "nested": SymbolKind.PACKAGE}.get(detail, SymbolKind.NAMESPACE)
            return Pattern(PatternRole(label), capture, kind)
        if label in _KINDS:
            return Pattern(
                PatternRole.SYMBOL, capture, _KINDS[label], capture.endswith(".arity"), capture.endswith(".absolute")
            )
        if label in ("prefix", "documentation", "reference", "ignore"):
            return Pattern(PatternRole(label), capture, SymbolKind.NULL)
    raise ValueError(f"a pattern defines nothing: {text}")
