"""Reads docstrings and the comments above a definition, without their marks. Works on text, without a tree."""

from __future__ import annotations

import re
from functools import cache

from semlens.syntax.languages.language import Language

MAX_DOCUMENTATION = 1_000  # characters
_MAX_COMMENT = 20_000  # bytes of a comment that are looked at

_MAX_READ = 4 * MAX_DOCUMENTATION  # bytes of a comment that are cleaned: what is kept, with its marks

_STRING = re.compile(rb"[rRuU]?(\"\"\"|'''|\"|')")
_STARS = re.compile(r"^[ \t]*\*+(?!/)[ \t]?", re.MULTILINE)
_RULE = re.compile(r"^[\s\-=*#~_/+.;%]*$")


class CommentReader:
    """Reads the comments of one language."""

    __slots__ = ("_blocks", "_marks", "_no_documentation", "_openings", "_strip", "_trailing")

    def __init__(self, language: Language) -> None:
        self._marks = tuple(mark.encode() for mark in language.line_comments)
        self._blocks = tuple((start.encode(), end.encode()) for start, end in language.block_comments)
        self._openings = (*self._marks, *(opening for opening, _ in self._blocks))
        alternatives = "|".join(re.escape(mark) + re.escape(mark[-1]) + "*" for mark in language.line_comments)
        self._strip = re.compile(
            rf"^[ \t]*(?:{alternatives or '(?!)'})(?:[!|^]|[ \t][|^](?=[ \t]))?[ \t]?", re.MULTILINE
        )
        self._trailing = tuple(mark.encode() + b"<" for mark in language.line_comments)
        self._no_documentation = (*self._trailing, b"#!")

    def above(self, source: bytes, start: int) -> tuple[int, str]:
        """The comment that ends on the line before `start`.

        :return: the byte at which it starts, and its text; ``(start, "")`` when there is none.
        """
        line_start = source.rfind(b"\n", 0, start) + 1
        if line_start == 0 or source[line_start:start].strip():
            return start, ""
        end = line_start - 1
        previous = source.rfind(b"\n", 0, end) + 1
        line = source[previous:end].strip()
        if not line:
            return start, ""
        for opening, closing in self._blocks:
            if line.endswith(closing):
                begin = source.rfind(opening, max(0, end - _MAX_COMMENT), end)
                if begin == -1 or source[source.rfind(b"\n", 0, begin) + 1 : begin].strip():
                    return start, ""
                return begin, self._of_block(source[begin:end], opening, closing)
        marks = self._marks
        if not marks or not line.startswith(marks) or line.startswith(self._trailing):
            return start, ""
        begin = previous
        floor = max(0, end - _MAX_COMMENT)
        no_marks = self._no_documentation
        while begin > floor:
            previous = source.rfind(b"\n", 0, begin - 1) + 1
            line = source[previous : begin - 1].lstrip()
            if not line.startswith(marks) or line.startswith(no_marks):
                break
            begin = previous
        return begin, self._of_lines(source[begin:end])

    def is_comment(self, line: bytes) -> bool:
        """Whether a line without its indentation is a comment of its own."""
        return line.startswith(self._marks) if self._marks else False

    def may_hold_comment(self, line: bytes) -> bool:
        """Whether a mark of a comment is in a line, perhaps in a string."""
        return any(mark in line for mark in self._openings)

    def without_comments(self, text: str) -> str:
        """A declaration over several lines without the line comments in it."""
        for mark in self._marks:
            sign = mark.decode()
            if sign in text:
                return re.sub(rf"(?:^|(?<=\s)){re.escape(sign)}.*$", "", text, flags=re.MULTILINE)
        return text

    def _of_lines(self, comment: bytes) -> str:
        text = self._strip.sub("", comment[:_MAX_READ].decode("utf-8", "replace").replace("\r", ""))
        return _trimmed(text)

    def _of_block(self, comment: bytes, opening: bytes, closing: bytes) -> str:
        inside = comment[len(opening) : -len(closing)][:_MAX_READ]
        text = inside.decode("utf-8", "replace").replace("\r", "").strip().lstrip("*!|-").rstrip("*")
        return _trimmed(_STARS.sub("", text) if opening == b"/*" else text)


@cache
def comment_reader(language: Language) -> CommentReader:
    return CommentReader(language)


def docstring(source: bytes, body_start: int, body_end: int) -> tuple[int, str]:
    """The string that a body starts with.

    :return: the byte after it, and its text; ``(body_start, "")`` when there is none.
    """
    match = _STRING.match(source, body_start, body_end)
    if match is None:
        return body_start, ""
    quote = match[1]
    begin = position = match.end()
    while True:
        end = source.find(quote, position, body_end)
        if end == -1:
            return body_start, ""
        escapes = end
        while escapes > begin and source[escapes - 1] == 0x5C:
            escapes -= 1
        if (end - escapes) % 2 == 0:
            break
        position = end + 1
    after = end + len(quote)
    line_end = source.find(b"\n", after, body_end)
    rest = source[after : line_end if line_end != -1 else body_end].strip()
    if rest and not rest.startswith((b"#", b";")):
        return body_start, ""
    text = source[begin : min(end, begin + 4 * MAX_DOCUMENTATION)].decode("utf-8", "replace").replace("\r", "")
    if "\n" in text:
        indent = source[source.rfind(b"\n", 0, body_start) + 1 : body_start]
        if indent and not indent.strip():
            text = text.replace("\n" + indent.decode(), "\n")
    return after, text.strip()[:MAX_DOCUMENTATION].rstrip()


def _trimmed(text: str) -> str:
    """Without rules of punctuation at both ends, at most MAX_DOCUMENTATION characters."""
    lines = [line.rstrip() for line in text.split("\n")]
    while lines and _RULE.match(lines[0]):
        del lines[0]
    while lines and _RULE.match(lines[-1]):
        del lines[-1]
    if len(lines) > 1 and all(not line or line.startswith(" ") for line in lines[1:]):
        indent = min((len(line) - len(line.lstrip()) for line in lines[1:] if line), default=0)
        lines[1:] = [line[indent:] for line in lines[1:]]
    return "\n".join(lines).strip()[:MAX_DOCUMENTATION].rstrip()
