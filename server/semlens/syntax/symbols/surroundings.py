"""Finds decorators and documentation of a definition, and its end without trailing comments."""

from __future__ import annotations

import re
from bisect import bisect_left

from tree_sitter import Node

from semlens.syntax.languages.language import Language
from semlens.syntax.parsing.matches import Matches, Place
from semlens.syntax.symbols.comments import MAX_DOCUMENTATION, comment_reader, docstring
from semlens.syntax.symbols.definition import CALLABLE_KINDS, Definition

_FIRST_VISIBLE = re.compile(rb"\s*(\S)")
_MACRO_CODE = re.compile(rb"""(?:[^"'/]|/(?![/*])|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')*+""", re.DOTALL)
_MAX_BLANKS = 200  # bytes between a comment of several lines and what it documents
_NEVER_STARTS_COMMENT = frozenset(bytes((byte,)) for byte in range(128) if chr(byte).isalnum() or chr(byte) in "})];_")


class Surroundings:
    """The prefixes and the documentation in one file, for lookups by definition.

    :ivar has_prefixes: whether the file has prefixes, such as decorators, before definitions.
    """

    def __init__(self, language: Language, source: bytes, matches: Matches) -> None:
        self._language = language
        self._source = source
        self._comments = comment_reader(language)
        self._prefixes = sorted(matches.prefixes, key=_start_of)
        self._prefix_ends = [node.end_byte for node in self._prefixes]
        self._documentations = sorted(matches.documentations, key=_start_of)
        self._documentation_ends = [node.end_byte for node in self._documentations]
        self._documentation_starts = [node.start_byte for node in self._documentations]
        self.has_prefixes = bool(self._prefixes)

    def start_with_prefixes(self, start: int) -> tuple[int, int]:
        """The start of the prefixes right before a definition, and its row, or -1 where there are none."""
        row = -1
        position = bisect_left(self._prefix_ends, start + 1) - 1
        while position >= 0:
            prefix = self._prefixes[position]
            if not self._only_comments(prefix.end_byte, start):
                break
            start = prefix.start_byte
            row = prefix.start_point[0]
            position -= 1
        return start, row

    def end_without_comments(self, start: int, end: int, row: int, column: int) -> tuple[int, int, int]:
        """The end of a range without blank and comment lines at its end."""
        source = self._source
        while end > start:
            line_start = source.rfind(b"\n", start, end) + 1
            if line_start == 0:
                break
            line = source[line_start:end].strip()
            if line and not self._comments.is_comment(line):
                break
            end = line_start - 1
            while end > start and source[end - 1] in b" \t\r":
                end -= 1
            row -= 1
            column = end - (source.rfind(b"\n", 0, end) + 1)
        return end, row, column

    def end_column_of_code(self, node: Place, start: int, end: int, column: int) -> int:
        """The column of a range's end without a comment behind its last token.

        :param column: of `end`, in bytes.
        """
        source = self._source
        first = max(start, source.rfind(b"\n", start, end) + 1)
        if not isinstance(node, Node) or not self._comments.may_hold_comment(source[first:end]):
            return column
        last = end
        while last > first:
            comment = _start_of_comment(node, last)
            if comment <= first:
                break
            last = first + len(source[first:comment].rstrip())
        return column - (end - last)

    def document(self, definition: Definition) -> None:
        """Set the documentation of a definition, and where it and the body begin."""
        source, language = self._source, self._language
        definition.inner = definition.body
        definition.lead = definition.start
        definition.documentation = ""
        if language.docstrings and definition.body >= 0:
            definition.inner, definition.documentation = docstring(source, definition.body, definition.body_end)
            if definition.documentation:
                return
        if self._documentations:
            node = self._documentation_node(definition)
            if node is not None:
                definition.lead = min(node.start_byte, definition.start)
                text = source[node.start_byte : node.end_byte].decode("utf-8", "replace").strip()
                text = re.sub(language.documentation_marks, "", text)
                definition.documentation = text.strip()[:MAX_DOCUMENTATION].rstrip()
                return
        lead, text = self._comments.above(source, definition.start)
        if not text and definition.code != definition.start:
            _, text = self._comments.above(source, definition.code)
        definition.lead = lead
        definition.documentation = text

    def _documentation_node(self, definition: Definition) -> Node | None:
        """The documentation that ends before a definition or, for modules, starts its body."""
        position = bisect_left(self._documentation_starts, definition.code)
        if position < len(self._documentations) and self._documentation_starts[position] == definition.code:
            return self._documentations[position]
        position = bisect_left(self._documentation_ends, definition.start + 1) - 1
        if position >= 0 and self._only_comments(self._documentation_ends[position], definition.start):
            return self._documentations[position]
        if definition.body >= 0 and definition.kind not in CALLABLE_KINDS:
            position = bisect_left(self._documentation_starts, definition.body)
            if position < len(self._documentations):
                start = self._documentation_starts[position]
                if start < definition.body_end and self._source[definition.body : start].strip() in (b"", b"do", b"{"):
                    return self._documentations[position]
        return None

    def _only_comments(self, start: int, end: int) -> bool:
        if start > end:
            return False
        first = _FIRST_VISIBLE.match(self._source, start, end)
        if first is None:
            return True
        if first[1] in _NEVER_STARTS_COMMENT:
            return False
        line_end = self._source.find(b"\n", first.start(1), end)
        line = self._source[first.start(1) : line_end if line_end >= 0 else end].rstrip()
        if not line.startswith(b"/*") and not self._comments.is_comment(line):
            return False  # the usual case: the text between is code, and may be long
        position = first.start(1)
        while position < end:  # each line by itself: a file may have code up to `end`, for each of its definitions
            line_end = self._source.find(b"\n", position, end)
            line_end = line_end if line_end >= 0 else end
            line = self._source[position:line_end].strip()
            if line and not self._comments.is_comment(line):
                break
            position = line_end + 1
        else:
            return True
        last = self._source[max(first.start(1), end - _MAX_BLANKS) : end].rstrip()
        return self._source.startswith(b"/*", first.start(1)) and last.endswith(b"*/")


def _start_of(node: Node) -> int:
    return node.start_byte


def _start_of_comment(node: Node, end: int) -> int:
    """The first byte of the comment that ends at `end`, or -1 when there is none."""
    leaf = node.descendant_for_byte_range(end - 1, end)
    for one in (leaf, leaf.parent if leaf is not None else None):
        if one is not None and "comment" in one.type:
            return one.start_byte
    if leaf is not None and leaf.type == "preproc_arg":  # the grammars of C take the comment for a part of the macro
        code = _MACRO_CODE.match(leaf.text or b"")
        if code is not None and leaf.start_byte + code.end() < end:
            return leaf.start_byte + code.end()
    return -1
