"""How much of a symbol a pack shows: all of it, its outline, or its signature alone."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semlens.core.symbol import SymbolKind
from semlens.index.snapshot import SegmentView

_CONTAINERS = frozenset(
    (
        SymbolKind.CLASS,
        SymbolKind.INTERFACE,
        SymbolKind.STRUCT,
        SymbolKind.ENUM,
        SymbolKind.MODULE,
        SymbolKind.NAMESPACE,
    )
)
_OUTLINE_LINES = 8
_MAX_LINE_CHARS = 240
_ELLIPSIS = "..."


class Form(enum.Enum):
    """How a symbol is shown; later is more."""

    SIGNATURE = "signature"
    OUTLINE = "outline"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Piece:
    """One form of one stretch of code.

    :ivar lines: (line number from 0, text); left-out stretches stand as ``(-1, "...")``.
    """

    form: Form
    first_line: int
    last_line: int
    lines: tuple[tuple[int, str], ...]

    @property
    def text(self) -> str:
        return "\n".join(line for _, line in self.lines)


def forms_of(
    view: SegmentView,
    symbol: int,
    stretch: tuple[int, int],
    lines: Sequence[str],
    best: Sequence[tuple[int, int]],
) -> tuple[Piece, ...]:
    """The forms of a symbol, smallest first; forms that would say no less than the whole are left out.

    :param symbol: its row, or -1 for code outside symbols. :param stretch: first and last line.
    :param best: stretches of lines that answer the question, best first.
    """
    first, last = stretch[0], min(stretch[1], len(lines) - 1)
    full = Piece(Form.FULL, first, last, tuple((n, lines[n]) for n in range(first, last + 1)))
    if symbol < 0 or last - first < 2:
        return (full,)
    head = _head(view, symbol, first, last)
    signature = Piece(Form.SIGNATURE, first, last, _elided({*range(first, head + 1)}, lines, first, last))
    shown = {*range(first, head + 1)}
    if SymbolKind(int(view.segment.symbols.kinds[symbol])) in _CONTAINERS:
        shown |= _member_heads(view, symbol)
    for start, end in best:
        shown |= set(range(start, end + 1))
    for line in range(head + 1, last + 1):
        if len(shown) - (head - first + 1) >= _OUTLINE_LINES:
            break
        shown.add(line)
    shown = {line for line in shown if first <= line <= last}
    outline = Piece(Form.OUTLINE, first, last, _elided(shown, lines, first, last))
    if len(shown) >= last - first:
        return (signature, full)
    return (signature, outline, full)


def _head(view: SegmentView, symbol: int, first: int, last: int) -> int:
    """Last line of the declaration, as far as the signature's length tells: decorators and arguments included."""
    name_line = int(view.segment.symbols.spans[symbol, 4])
    return min(last, max(first, name_line))


def _member_heads(view: SegmentView, symbol: int) -> set[int]:
    symbols = view.segment.symbols
    members = np.flatnonzero(symbols.parents == symbol)[:40]
    return {int(line) for line in symbols.spans[members, 4]}


def _elided(shown: set[int], lines: Sequence[str], first: int, last: int) -> tuple[tuple[int, str], ...]:
    out: list[tuple[int, str]] = []
    previous = first - 1
    for line in sorted(shown):
        if line != previous + 1:
            out.append((-1, _indent(lines[line]) + _ELLIPSIS))
        out.append((line, lines[line][:_MAX_LINE_CHARS]))
        previous = line
    if previous < last:
        out.append((-1, _indent(lines[previous]) + _ELLIPSIS))
    return tuple(out)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
