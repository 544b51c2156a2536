"""Places in a text: lines and UTF-8 byte columns, as tree-sitter counts them. `lsp` converts them to LSP positions."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    r"""The half-open range of text from (start_line, start_column) to (end_line, end_column).

    Lines are 0-based and end at ``\n``, ``\r\n`` or ``\r``; columns are 0-based byte offsets into the UTF-8
    encoding of the line. A tuple is made ten times faster than a frozen dataclass, and a file has thousands of spans.
    """

    start_line: int
    start_column: int
    end_line: int
    end_column: int

    @property
    def last_line(self) -> int:
        """The last line (0-based) that holds any of the text: an end at column 0 does not reach into its line."""
        if self.end_column == 0 and self.end_line > self.start_line:
            return self.end_line - 1
        return self.end_line

    @property
    def n_lines(self) -> int:
        return self.last_line - self.start_line + 1

    def contains(self, line: int) -> bool:
        return self.start_line <= line <= self.last_line
