"""Recovers definitions that a grammar loses in broken text, by their first lines.

Users search while they type, and an open bracket can break the tree of the rest of a file. In the parts of a tree with
errors, a line that looks like the head of a definition replaces the missing match. Its end is estimated by indentation,
by matching braces, or by a pattern of the language.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from tree_sitter import Node

from semlens.core.symbol import SymbolKind
from semlens.syntax.languages.language import Language

_MAX_RECOVERED = 2_000
_MAX_BODY_BYTES = 200_000  # bytes searched for the end of one definition
_BRACE = re.compile(rb"[{}]")
_FIRST_BRACE = re.compile(rb"(?:[^{}\n]*+\n){0,3}+[^{}\n]*+\{")
_NOT_CODE = re.compile(r"comment|string|heredoc|template_chars|pod|char")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """A range of bytes of a text, with the properties of a node that symbols are built from."""

    start_byte: int
    end_byte: int
    start_point: tuple[int, int]
    end_point: tuple[int, int]


@dataclass(frozen=True, slots=True)
class RecoveredDefinition:
    """One recovered definition: its whole range, its name, and its body."""

    kind: SymbolKind
    whole: ByteRange
    name: ByteRange
    body: ByteRange


@cache
def _head_pattern(language: Language) -> re.Pattern[bytes]:
    return re.compile(language.heads.encode(), re.MULTILINE)


@cache
def _end_pattern(language: Language) -> re.Pattern[bytes]:
    return re.compile(language.head_ends.encode(), re.MULTILINE | re.DOTALL)


def recovered(
    language: Language, root: Node, source: bytes, known_starts: Collection[int]
) -> list[RecoveredDefinition]:
    """The definitions in the erroneous parts of a tree.

    :param known_starts: start bytes of the names that were found.
    """
    if not language.heads or not root.has_error:
        return []
    definitions: list[RecoveredDefinition] = []
    closing_braces = _closing_braces(source) if not language.head_ends and not language.indented else {}
    for match in _head_pattern(language).finditer(source):
        group = "type" if match["type"] is not None else "callable"
        start, end = match.span(group)
        if start in known_starts or not _in_error(root, start, end):
            continue
        head = match.start() + len(match[0]) - len(match[0].lstrip())
        if language.head_ends:
            stop = _end_by_pattern(language, source, end)
        elif language.indented:
            stop = _end_by_indentation(source, head)
        else:
            stop = _end_by_braces(source, end, closing_braces)
        kind = SymbolKind.CLASS if group == "type" else SymbolKind.FUNCTION
        line_end = source.find(b"\n", end, stop)
        body = line_end if line_end != -1 else stop
        definitions.append(
            RecoveredDefinition(
                kind, _byte_range(source, head, stop), _byte_range(source, start, end), _byte_range(source, body, stop)
            )
        )
        if len(definitions) >= _MAX_RECOVERED:
            break
    return definitions


def _in_error(root: Node, start: int, end: int) -> bool:
    node = root.named_descendant_for_byte_range(start, end)
    if node is None or _NOT_CODE.search(node.type):
        return False
    while node is not None:
        if node.is_error or (node.parent is None and node.type == "ERROR"):
            return True
        if _NOT_CODE.search(node.type):
            return False
        node = node.parent
    return False


def _end_by_indentation(source: bytes, head: int) -> int:
    """Up to the next line that is indented no more than the head."""
    column = head - (source.rfind(b"\n", 0, head) + 1)
    position = source.find(b"\n", head)
    end = position if position != -1 else len(source)
    limit = min(len(source), head + _MAX_BODY_BYTES)
    while position != -1 and position < limit:
        following = source.find(b"\n", position + 1)
        line = source[position + 1 : following if following != -1 else len(source)]
        text = line.strip()
        if text:
            if len(line) - len(line.lstrip()) <= column:
                break
            end = position + 1 + len(line.rstrip())
        position = following
    return end


def _closing_braces(source: bytes) -> dict[int, int]:
    """The place after the closing brace, by the place after the opening one."""
    opened: list[int] = []
    closing: dict[int, int] = {}
    for match in _BRACE.finditer(source):
        if match[0] == b"{":
            opened.append(match.end())
        elif opened:
            closing[opened.pop()] = match.end()
    return closing


def _end_by_braces(source: bytes, start: int, closing_braces: dict[int, int]) -> int:
    """After the brace that closes the first one; the end of the line where none opens on it or the next three."""
    limit = start + _MAX_BODY_BYTES
    first = _FIRST_BRACE.match(source, start, limit)
    end = closing_braces.get(first.end()) if first is not None else None
    if end is not None and end <= limit:
        return end
    line_end = source.find(b"\n", start)
    return line_end if line_end != -1 else len(source)


def _end_by_pattern(language: Language, source: bytes, start: int) -> int:
    """After the first match; the end of the text, or of what is searched, where there is none."""
    limit = min(len(source), start + _MAX_BODY_BYTES)
    match = _end_pattern(language).search(source, start, limit)
    end = match.end() if match is not None else limit
    return end - (len(source[start:end]) - len(source[start:end].rstrip()))


def _byte_range(source: bytes, start: int, end: int) -> ByteRange:
    return ByteRange(start, end, _point(source, start), _point(source, end))


def _point(source: bytes, position: int) -> tuple[int, int]:
    return source.count(b"\n", 0, position), position - (source.rfind(b"\n", 0, position) + 1)
