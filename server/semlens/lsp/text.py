"""The text of one open document as lines, edited in place. Line ends are LSP's three, not Python's ten."""

from __future__ import annotations

import re

from semlens.lsp.positions import PositionEncoding, index_of_units

_OTHER_LINE_ENDS = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
"""What `str.splitlines` takes for line ends and LSP does not; a form feed is common in C and Lisp."""

_LINE = re.compile(r"[^\r\n]*+(?:\r\n|\n|\r)|[^\r\n]++")


def split_lines(text: str) -> list[str]:
    """Lines with their ends. The last one has none, and is ``""`` when the text ends with a line end."""
    lines = _LINE.findall(text) if _OTHER_LINE_ENDS.search(text) else text.splitlines(keepends=True)
    if not lines or lines[-1][-1] in "\r\n":
        lines.append("")
    return lines


def without_lone_surrogates(text: str) -> str:
    """Halves of surrogate pairs that JSON let through become U+FFFD, which is as long in UTF-8, -16 and -32."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return re.sub("[\ud800-\udfff]", "\ufffd", text)
    return text


class DocumentText:
    """A text under edit. An edit costs the lines it touches, plus one move of the list behind them."""

    __slots__ = ("_joined", "_lines")

    def __init__(self, text: str) -> None:
        self._lines = split_lines(without_lone_surrogates(text))
        self._joined: str | None = None

    @property
    def text(self) -> str:
        """The whole text, joined at most once between two edits."""
        if self._joined is None:
            self._joined = "".join(self._lines)
        return self._joined

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
        piece = lines[start_line][:start_index] + without_lone_surrogates(text) + lines[end_line][end_index:]
        if start_line > 0 and piece.startswith("\n") and lines[start_line - 1].endswith("\r"):
            start_line -= 1  # a lone CR and this LF have become one line end
            piece = lines[start_line] + piece
        fresh = split_lines(piece)
        if end_line < len(lines) - 1 and fresh[-1] == "":
            fresh.pop()  # the piece ends with a line end, so the lines behind it follow at once
        lines[start_line : end_line + 1] = fresh
        self._joined = None

    def _locate(self, place: tuple[int, int], encoding: PositionEncoding) -> tuple[int, int]:
        line, units = place
        if line < 0:
            return 0, 0
        if line >= len(self._lines):
            return len(self._lines) - 1, len(self._lines[-1])
        return line, index_of_units(_content(self._lines[line]), units, encoding)


def _content(line: str) -> str:
    return line.rstrip("\r\n") if line and line[-1] in "\r\n" else line
