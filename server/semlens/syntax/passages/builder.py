"""Builds passages from definitions. Passages are embedded and indexed by words.

The passage of a callable holds its body, and a long callable has several. The passage of a container holds its own
lines and the signatures of its members. Code outside all definitions becomes passages of the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tree_sitter import Node

from semlens.core.symbol import Passage, SymbolKind
from semlens.syntax.passages.chunking import (
    MAX_BYTES,
    MAX_LINES,
    WINDOW_LINES,
    chunk_lines,
    slice_long_line,
    statement_rows,
)
from semlens.syntax.symbols.definition import CALLABLE_KINDS, CONTAINER_KINDS, Definition

_MIN_OWN_PASSAGE_LINES = 4  # lines from which a constant, a field or a declaration has a passage of its own
_MIN_CHILD_LINES = 4  # nested functions shorter than this stay in the text of a long function
_INDENT = re.compile(rb"(?<![ \t])[ \t]*+(?=[^\s])")
_WORD = re.compile(rb"\w\w")
_CONTENT = re.compile(rb"[^\s(){}\[\];,]")  # lines of brackets alone have no content
_KEYWORDS = re.compile(r"[a-z\s]*\Z")  # export, default, pub: prefixes without meaning for a search
_KINDS_WITHOUT_PASSAGE = frozenset((SymbolKind.ENUMMEMBER,))


@dataclass(frozen=True, slots=True)
class Part:
    """A range of bytes of a file with its tree. Without a tree it is split by its lines alone."""

    start: int
    end: int
    root: Node | None


def make_passages(definitions: list[Definition], parts: list[Part], source: bytes) -> tuple[Passage, ...]:
    """Passages in source order; the parts of one symbol follow each other.

    :param parts: the whole file first, then what is embedded in it.
    """
    return _PassageBuilder(definitions, parts, source).run()


def windows(source: bytes, root: Node | None = None) -> tuple[Passage, ...]:
    """The passages of a file without symbols, split at statements if there is a tree."""
    passages: list[Passage] = []
    lines = source.splitlines(keepends=True) if b"\x0b" not in source and b"\x0c" not in source else _lines(source)
    depths = statement_rows(root, 0, len(lines)) if root is not None else None
    for start, stop in chunk_lines(lines, 0, depths, WINDOW_LINES):
        _add_file_passages(passages, lines, start, stop, 0)
    return tuple(passages)


def _lines(source: bytes) -> list[bytes]:
    lines = [line + b"\n" for line in source.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    if not lines[-1]:
        lines.pop()
    return lines


def _add_file_passages(passages: list[Passage], lines: list[bytes], start: int, stop: int, first_row: int) -> None:
    while start < stop and not _CONTENT.search(lines[start]):
        start += 1
    while stop > start and not _CONTENT.search(lines[stop - 1]):
        stop -= 1
    if start == stop:
        return
    text = b"".join(lines[start:stop])
    pieces = slice_long_line(text) if stop - start == 1 and len(text) > MAX_BYTES else [text]
    first, last = first_row + start, first_row + stop - 1
    passages.extend(_file_passage(first, last, dedented(piece)) for piece in pieces if _WORD.search(piece))


def _file_passage(first_row: int, last_row: int, body: str) -> Passage:
    return Passage(-1, first_row, last_row, SymbolKind.FILE, "", "", "", "", body)


def dedented(text: bytes) -> str:
    """Code without the indentation of its first line, carriage returns and outer blank lines.

    Removes the first line's indentation wherever a line has it: for well indented code the same as removing what is
    common, and much cheaper.
    """
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    match = _INDENT.search(text)
    if match is not None:
        at = match.start()
        if at == 0 or text[at - 1] == 10:
            indent = match[0]
            text = text[at + len(indent) :]
            if indent:
                text = text.replace(b"\n" + indent, b"\n")
        else:
            text = text[at:]
    return text.rstrip().decode("utf-8", "replace")


class _PassageBuilder:
    def __init__(self, definitions: list[Definition], parts: list[Part], source: bytes) -> None:
        self._definitions = definitions
        self._parts = parts
        self._source = source
        self._top_level: list[Definition] = []

    def run(self) -> tuple[Passage, ...]:
        self._choose_definitions()
        groups: list[tuple[int, list[Passage]]] = []
        for index, definition in enumerate(self._definitions):
            if definition.has_passages:
                groups.append((definition.start_row, self._definition_passages(index, definition)))
        self._add_gaps(groups)
        groups.sort(key=_first_row)
        return tuple([passage for _, passages in groups for passage in passages])

    def _root(self, position: int) -> Node | None:
        """The tree of the innermost part around a byte."""
        for part in reversed(self._parts):
            if part.start <= position < part.end:
                return part.root
        return self._parts[0].root

    def _choose_definitions(self) -> None:
        """Choose the definitions that have passages of their own, and link them to their children."""
        definitions = self._definitions
        enclosing: list[int] = []  # the innermost definition with passages of its own around each one
        for index, definition in enumerate(definitions):
            within = definition.within
            while within >= 0 and not definitions[within].has_passages:
                within = enclosing[within]
            enclosing.append(within)
            kind = definition.kind
            n_lines = definition.end_row - definition.start_row + 1
            if kind in _KINDS_WITHOUT_PASSAGE:
                has_passages = False
            elif kind in CALLABLE_KINDS or kind in CONTAINER_KINDS:
                has_passages = (
                    definition.body >= 0
                    or n_lines >= _MIN_OWN_PASSAGE_LINES
                    or kind is SymbolKind.STRING
                    or (bool(definition.documentation) and kind in CALLABLE_KINDS)
                )
            else:
                has_passages = n_lines >= _MIN_OWN_PASSAGE_LINES
            definition.has_passages = has_passages
            if not has_passages:
                continue
            if within >= 0:
                parent = definitions[within]
                if parent.children is None:
                    parent.children = [index]
                else:
                    parent.children.append(index)
            else:
                self._top_level.append(definition)

    def _definition_passages(self, index: int, definition: Definition) -> list[Passage]:
        start, end = definition.start, definition.end
        first_row, last_row = definition.start_row, definition.end_row
        body = definition.body
        children = definition.children
        is_container = definition.kind in CONTAINER_KINDS
        long = last_row - first_row >= MAX_LINES or end - start > MAX_BYTES
        if children and (is_container or long):
            pieces = self._container_pieces(definition, [self._definitions[child] for child in children], is_container)
            if pieces is not None:
                return self._container_passages(index, definition, pieces)
        if not long or (body < 0 and last_row == first_row):
            if body >= 0:
                text = self._body(definition, end)
            elif definition.kind in CALLABLE_KINDS:
                text = ""
            else:
                text = dedented(self._from_line_start(definition.code, end)[: 2 * MAX_BYTES])
            return [self._passage(index, definition, first_row, last_row, text)]
        return self._long_definition_passages(index, definition, first_row, last_row)

    def _passage(self, index: int, definition: Definition, first_row: int, last_row: int, body: str) -> Passage:
        return Passage._make((
            index, first_row, last_row, definition.kind, definition.qualifier, definition.name, definition.signature,
            definition.documentation, body,
        ))  # fmt: skip

    def _body(self, definition: Definition, end: int) -> str:
        """Decorators and body, without signature and docstring."""
        inner, body_end = definition.inner, definition.body_end
        source = self._source
        if inner < body_end and source[inner] == 0x7B and source[body_end - 1] == 0x7D:
            inner += 1
            body_end -= 1
            text = dedented(source[inner:body_end])
        else:
            text = dedented(self._from_line_start(inner, max(end, body_end)))
        if definition.code != definition.start:
            decorators = dedented(source[definition.start : definition.code])
            if not _KEYWORDS.match(decorators):
                text = f"{decorators}\n{text}" if text else decorators
        return text

    def _from_line_start(self, start: int, end: int) -> bytes:
        """The text with the indentation of its first line, so that all lines share it."""
        source = self._source
        line_start = source.rfind(b"\n", 0, start) + 1
        return source[start:end] if source[line_start:start].strip() else source[line_start:end]

    def _long_definition_passages(
        self, index: int, definition: Definition, first_row: int, last_row: int
    ) -> list[Passage]:
        source = self._source
        start = source.rfind(b"\n", 0, definition.start) + 1
        lines = _lines(source[start : definition.end])
        root = self._root(definition.code)
        node = root.descendant_for_byte_range(definition.code, definition.end - 1) if root is not None else None
        depths = statement_rows(node, first_row, last_row) if node is not None else None
        passages: list[Passage] = []
        chunks = chunk_lines(lines, first_row, depths)
        head = source.count(b"\n", start, definition.inner) if definition.body >= 0 else 0
        for first_line, stop in chunks:
            text_from = first_line
            if first_line == 0 and head and head < stop:  # signature and docstring stand in their own fields
                text_from = (
                    head if lines[head - 1 : head] and definition.inner > definition.body else min(head, stop - 1)
                )
            text = b"".join(lines[text_from:stop])
            if first_line and not text.strip():
                continue
            first, last = first_row + first_line, first_row + stop - 1
            pieces = slice_long_line(text) if len(text) > 2 * MAX_BYTES else [text]
            passages.extend(self._passage(index, definition, first, last, dedented(piece)) for piece in pieces)
        return passages

    def _container_pieces(
        self, definition: Definition, children: list[Definition], is_container: bool
    ) -> list[tuple[int, int, bytes]] | None:
        """A container's own text and its members' signatures, with their rows; None to take it whole."""
        source = self._source
        position = definition.inner if definition.body >= 0 else definition.code
        line_start = source.rfind(b"\n", 0, position) + 1
        if not source[line_start:position].strip():
            position = line_start
        elif definition.body >= 0 and source[position : position + 1] == b"{":
            position += 1
        end = definition.body_end if definition.body >= 0 else definition.end
        if end > position and source[end - 1] == 0x7D:
            end -= 1
        row = definition.start_row + source.count(b"\n", definition.start, position)
        pieces: list[tuple[int, int, bytes]] = []
        if definition.code != definition.start:
            pieces.append(
                (definition.start_row, definition.start_row, source[definition.start : definition.code].strip() + b"\n")
            )
        elided = False
        for child in children:
            if child.start < position or child.end > end + 1:
                continue
            if not is_container and child.end_row - child.start_row < _MIN_CHILD_LINES:
                continue
            elided = True
            lead = max(child.lead, position)
            row = self._add_text(pieces, position, lead, row)
            line_start = source.rfind(b"\n", 0, child.start) + 1
            indent = source[line_start : child.start]
            signature = (indent if not indent.strip() else b"") + child.signature.encode() + b"\n"
            pieces.append((child.start_row, child.end_row, signature))
            position = child.end
            row = child.end_row
        if not elided:
            return None
        self._add_text(pieces, position, end, row)
        return pieces

    def _add_text(self, pieces: list[tuple[int, int, bytes]], start: int, end: int, row: int) -> int:
        """Add the lines that have content. Returns the row at `end`."""
        text = self._source[start:end]
        n_rows = text.count(b"\n")
        if _WORD.search(text):
            for offset, line in enumerate(text.split(b"\n")):
                if line.strip(b" \t\r;,"):
                    pieces.append((row + offset, row + offset, line.rstrip() + b"\n"))
        return row + n_rows

    def _container_passages(
        self, index: int, definition: Definition, pieces: list[tuple[int, int, bytes]]
    ) -> list[Passage]:
        passages = []
        texts = [text for _, _, text in pieces]
        chunks = chunk_lines(texts, 0, None)
        for first_line, stop in chunks:
            first, last = pieces[first_line][0], pieces[stop - 1][1]
            if len(chunks) == 1:
                first, last = definition.start_row, definition.end_row
            text = dedented(b"".join(texts[first_line:stop])[: 2 * MAX_BYTES])
            passages.append(self._passage(index, definition, first, max(first, last), text))
        return passages or [self._passage(index, definition, definition.start_row, definition.end_row, "")]

    def _add_gaps(self, groups: list[tuple[int, list[Passage]]]) -> None:
        """Add the passages of the code outside every definition."""
        source = self._source
        position, row = 0, 0
        for definition in self._top_level:
            if definition.lead > position:
                row = self._add_gap(groups, position, definition.lead, row)
            if definition.end > position:
                position, row = definition.end, definition.end_row
        self._add_gap(groups, position, len(source), row)

    def _add_gap(self, groups: list[tuple[int, list[Passage]]], start: int, end: int, row: int) -> int:
        source = self._source
        n_rows = source.count(b"\n", start, end)
        text = source[start:end]
        if not text.strip() or _WORD.search(text) is None:
            return row + n_rows
        passages: list[Passage] = []
        lines = _lines(text)
        if len(lines) > WINDOW_LINES or len(text) > MAX_BYTES:
            root = self._root(start)
            depths = statement_rows(root, row, row + n_rows) if root is not None else None
            chunks = chunk_lines(lines, row, depths, MAX_LINES)
        else:
            chunks = [(0, len(lines))]
        for first_line, stop in chunks:
            _add_file_passages(passages, lines, first_line, stop, row)
        if passages:
            groups.append((passages[0].start_line, passages))
        return row + n_rows


def _first_row(group: tuple[int, list[Passage]]) -> int:
    return group[0]
