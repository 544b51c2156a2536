"""The functions, types and files of a package that questions are written about, and the text that the writers read.

An item's hash is the first 16 hexadecimal digits of the SHA-256 of its text in UTF-8. For a function or a type the text
is its whole lines as they stand in the file, without their common indentation; for a file it is the whole file. Line
ends are LF, and white space at the end is removed. What a writer reads is shorter: ``Item.shown``.
"""

from __future__ import annotations

import hashlib
import re
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from semlens.core.symbol import Outline, Role, Symbol, SymbolKind
from semlens.core.text.identifiers import identifiers_in
from semlens.syntax.parsing.decode import decode
from semlens.syntax.parsing.parser import parse

MIN_LINES, MAX_LINES, MAX_CHARACTERS = 6, 60, 3_000
MAX_SUMMARY_LINES = 40
_MIN_WORDS = 12  # distinct words of a body: fewer say too little to ask about
_MAX_COMMON = 0.7  # share of common words from which two bodies are near-duplicates
_A_NAME = 2  # items of one name in a package: methods of one interface resemble each other
_SKIPPED_ROLES = Role.TEST | Role.EXAMPLE | Role.VENDORED | Role.GENERATED | Role.DOCUMENTATION
_FUNCTIONS = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.OPERATOR})
_TYPES = frozenset({SymbolKind.CLASS, SymbolKind.STRUCT, SymbolKind.INTERFACE, SymbolKind.ENUM})
_TOLD_BY_LANGUAGE = frozenset(
    "__init__ __repr__ __str__ __eq__ __hash__ __new__ tostring equals hashcode gethashcode compareto clone initialize"
    " constructor fmt default from drop eq hash inspect to_s describe main init usage hash(into:) show dispose".split()
)
_TEST_NAME = re.compile(r"test|bench|example|mock", re.IGNORECASE)
_COMMENT_LINE = re.compile(r"\s*(#(?!include|define|if|el|end|pragma)|//|/?\*|--|;;|%|\"\"\"|'''|\(\*|\{-)")
_LEGAL = re.compile(
    r"copyright|licen[cs]e|SPDX|warrant|permission|redistribut|all rights|\(c\)|liabilit", re.IGNORECASE
)


class Kind(StrEnum):
    """What a question is about."""

    FUNCTION = "function"
    TYPE = "type"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to write questions about.

    :ivar qualified_name: as the parser gives it; None for a file.
    :ivar body_hash: see the module.
    :ivar shown: the text for the writer, shortened.
    """

    path: str
    language: str
    kind: Kind
    qualified_name: str | None
    body_hash: str
    shown: str


@dataclass(frozen=True, slots=True)
class Wish:
    """How many items of each kind a package gives."""

    functions: int
    types: int
    files: int


def text_hash(text: str) -> str:
    """The hash of an item's text, as the module says."""
    plain = textwrap.dedent(text.replace("\r\n", "\n")).rstrip()
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()[:16]


def items_of_file(path: str, source: bytes) -> list[Item]:
    """Every item that a file has to offer; empty for tests, examples, vendored and generated files."""
    text = decode(source)
    outline = parse(path, source)
    if text is None or outline.role & _SKIPPED_ROLES or not outline.language:
        return []
    lines = re.split(r"\r\n|\n|\r", text)  # as spans count them
    items = [
        item
        for index, symbol in enumerate(outline.symbols)
        if (item := _symbol_item(path, outline, index, symbol, lines)) is not None
    ]
    summary = _summary(outline, lines)
    if summary:
        items.append(Item(path, outline.language, Kind.FILE, None, text_hash(text), summary))
    return items


def _symbol_item(path: str, outline: Outline, index: int, symbol: Symbol, lines: list[str]) -> Item | None:
    name = symbol.name.lower()
    if symbol.signature.startswith('test "'):  # a test that stands beside the code, as in Zig
        return None
    if name in _TOLD_BY_LANGUAGE or len(name) < 2 or _TEST_NAME.search(symbol.qualified_name):
        return None
    whole = textwrap.dedent("\n".join(lines[symbol.span.start_line : symbol.span.last_line + 1])).rstrip()
    if symbol.kind in _FUNCTIONS:
        kind, code = Kind.FUNCTION, whole
    elif symbol.kind in _TYPES:
        kind = Kind.TYPE
        parts = [passage.body for passage in outline.passages if passage.symbol == index]
        code = textwrap.dedent("\n".join([symbol.signature, *(textwrap.indent(part, "    ") for part in parts)]))
    else:
        return None
    if not MIN_LINES <= len(code.splitlines()) <= MAX_LINES or not _is_substantial(code):
        return None
    documentation = symbol.documentation.strip()
    shown = code if not documentation or documentation[:40] in code else f"/* {documentation[:400]} */\n{code}"
    return Item(path, outline.language, kind, symbol.qualified_name, text_hash(whole), _shortened(shown))


def _is_substantial(code: str) -> bool:
    lines = [line for line in code.splitlines() if re.search(r"\w", line) and not _COMMENT_LINE.match(line)]
    return len(lines) >= 5 and len(set(identifiers_in(code))) >= _MIN_WORDS and max(map(len, lines)) < 400


def _shortened(text: str) -> str:
    lines = text.splitlines()
    cut = "\n".join(lines[:MAX_LINES])[:MAX_CHARACTERS]
    return cut if len(cut) == len("\n".join(lines)) else f"{cut}\n[...]"


def _summary(outline: Outline, lines: list[str]) -> str:
    """What stands at the top of a file, and its outer symbols with signature and first sentence; "" for small files."""
    outer = [symbol for symbol in outline.symbols if _is_outer(outline, symbol)]
    if len(outer) < 4:
        return ""
    head = []
    for line in lines[:40]:
        if line.strip() and not _COMMENT_LINE.match(line) and not line.startswith(("<?php", "#!")):
            break
        if line.strip(" */#-;%\"'") and not line.startswith("#!"):
            head.append(line.strip())
    said = [] if _LEGAL.search(" ".join(head[:12])) else head[:8]
    entries = []
    for symbol in outer:
        sentence = " ".join(symbol.documentation.split()).split(". ")[0][:120]
        entries.append(f"{symbol.signature[:120]}" + (f"  -- {sentence}" if sentence else ""))
    room = MAX_SUMMARY_LINES - len(said) - 1
    more = [f"[... {len(entries) - room} more]"] if len(entries) > room else []
    return "\n".join([*said, *entries[:room], *more])[:MAX_CHARACTERS]


def _is_outer(outline: Outline, symbol: Symbol) -> bool:
    """Whether a symbol stands at the top of its file, or right within a container that does."""
    if symbol.kind not in _FUNCTIONS | _TYPES | {SymbolKind.CONSTRUCTOR, SymbolKind.MODULE, SymbolKind.NAMESPACE}:
        return False
    depth, parent = 0, symbol.parent
    while parent >= 0:
        if outline.symbols[parent].kind in _FUNCTIONS:
            return False
        depth, parent = depth + 1, outline.symbols[parent].parent
    return depth <= 2


def chosen(items: Iterable[Item], wish: Wish, random: Random) -> list[Item]:
    """A package's items: spread over its files, no near-duplicates, in an order that follows the seed alone."""
    picker = _Picker(random)
    pool = sorted(set(items), key=lambda item: (item.path, item.qualified_name or "", item.body_hash))
    types = picker.take(pool, Kind.TYPE, wish.types)
    functions = picker.take(pool, Kind.FUNCTION, wish.functions + wish.types - len(types))
    files = picker.take(pool, Kind.FILE, wish.files, lambda item: _breadth(item.shown))
    return sorted([*types, *functions, *files], key=lambda item: (item.path, item.qualified_name or ""))


def _breadth(summary: str) -> int:
    """Whether a summary is one of many lines: files of a few symbols are asked about last."""
    return -int(len(summary.splitlines()) >= 8)


class _Picker:
    def __init__(self, random: Random) -> None:
        self._random = random
        self._words: list[frozenset[str]] = []
        self._names: dict[str, int] = defaultdict(int)

    def take(self, pool: list[Item], kind: Kind, n: int, order: Callable[[Item], int] | None = None) -> list[Item]:
        by_file: dict[str, list[Item]] = defaultdict(list)
        for item in pool:
            if item.kind is kind:
                by_file[item.path].append(item)
        taken: list[Item] = []
        for item in self._in_rounds(list(by_file.values()), order):
            if len(taken) >= n:
                break
            if self._is_new(item):
                taken.append(item)
        return taken

    def _in_rounds(self, groups: list[list[Item]], order: Callable[[Item], int] | None) -> Iterator[Item]:
        """One item of each file, then another of each, and so on."""
        self._random.shuffle(groups)
        for group in groups:
            self._random.shuffle(group)
        if order is not None:
            groups.sort(key=lambda group: order(group[0]))
        for turn in range(max(map(len, groups), default=0)):
            for group in groups:
                if turn < len(group):
                    yield group[turn]

    def _is_new(self, item: Item) -> bool:
        words = frozenset(identifiers_in(item.shown))
        name = (item.qualified_name or item.path).replace("::", ".").rsplit(".", 1)[-1].lower()
        if item.kind is Kind.FUNCTION and self._names[name] >= _A_NAME:
            return False
        if any(len(words & other) > _MAX_COMMON * len(words | other) for other in self._words):
            return False
        self._words.append(words)
        self._names[name] += 1
        return True
