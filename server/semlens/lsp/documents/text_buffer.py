"""The text of one open document as lines, edited in place. Line ends are LSP's three, not Python's ten."""

from __future__ import annotations

import re

from semlens.service.positions import PositionEncoding, index_of_units

_OTHER_LINE_ENDS = "\x0b\x0c\x1c\x1d\x1e", "\x85\u2028\u2029"
"""ASCII, and beyond: what `str.splitlines` takes for line ends and LSP does not. A form feed is common in C."""

_LINE = re.compile(r"[^\r\n]*+(?:\r\n|\n|\r)|[^\r\n]++")


def split_lines(text: str) -> list[str]:
    """Lines with their ends. The last one has none, and is ``""`` when the text ends with a line end."""
    lines = _LINE.findall(text) if _has_other_line_ends(text) else text.splitlines(keepends=True)
    if not lines or lines[-1][-1] in "\r\n":
        lines.append("")
    return lines


def _has_other_line_ends(text: str) -> bool:
    """One look a character: over 4 MB that takes 1 ms, where one regular expression holds the loop up for 40."""
    ascii_ends, other_ends = _OTHER_LINE_ENDS
    return any(end in text for end in ascii_ends) or (not text.isascii() and any(end in text for end in other_ends))


def without_lone_surrogates(text: str) -> str:
    """Halves of surrogate pairs that JSON let through become U+FFFD, which is as long in UTF-8, -16 and -32."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return re.sub("[\ud800-\udfff]", "\ufffd", text)
    return text


class TextBuffer:
    """A text under edit. The first edit costs a split of the whole; each further one the lines it touches."""

    __slots__ = ("_joined", "_split")

    def __init__(self, text: str) -> None:
        self._joined: str | None = without_lone_surrogates(text)
        self._split: list[str] | None = None

    @property
    def text(self) -> str:
        """The whole text, joined at most once between two edits."""
        if self._joined is None:
            self._joined = "".join(self._lines)
        return self._joined

    @property
    def _lines(self) -> list[str]:
        if self._split is None:
            self._split = split_lines(self._joined or "")
        return self._split

    @property
    def n_lines(self) -> int:
        return len(self._lines)

    def line(self, number: int) -> str:
        """A line (0-based) without its end; ``""`` beyond the last."""
        if not 0 <= number < len(self._lines):
            return ""
        return _content(self._lines[number])

    def replace(
        self,
        start: tuple[int, int],
        end: tuple[int, int],
        text: str,
        encoding: PositionEncoding,
    ) -> None:
        """Put ``text`` in the place of the stretch from ``start`` to ``end``: (line, column in the client's units).

        Places outside the document mean its nearest place, as LSP asks.
        """
        start_line, start_index = self._locate(start, encoding)
        end_line, end_index = max((start_line, start_index), self._locate(end, encoding))
        lines = self._lines
        self._joined = None
        piece = lines[start_line][:start_index] + without_lone_surrogates(text) + lines[end_line][end_index:]
        if start_line == end_line and not ("\n" in text or "\r" in text or piece.startswith("\n")):
            lines[start_line] = piece  # the usual keystroke: no line begins or ends
            return
        if start_line > 0 and piece.startswith("\n") and lines[start_line - 1].endswith("\r"):
            start_line -= 1  # a lone CR and this LF have become one line end
            piece = lines[start_line] + piece
        fresh = split_lines(piece)
        if end_line < len(lines) - 1 and fresh[-1] == "":
            fresh.pop()  # the piece ends with a line end, so the lines behind it follow at once
        lines[start_line : end_line + 1] = fresh

    def _locate(self, place: tuple[int, int], encoding: PositionEncoding) -> tuple[int, int]:
        line, units = place
        if line < 0:
            return 0, 0
        if line >= len(self._lines):
            return len(self._lines) - 1, len(self._lines[-1])
        return line, index_of_units(_content(self._lines[line]), units, encoding)


def _content(line: str) -> str:
    return line.rstrip("\r\n") if line and line[-1] in "\r\n" else line
