"""The forms in which a pack can show a symbol: all lines, an outline, or the signature. Lines are never changed.

Choosing a form belongs to `select`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from semlens.core.context import Form
from semlens.core.symbol import SymbolKind
from semlens.index.snapshot import SegmentView

_CONTAINERS = frozenset(
    (
        SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.STRUCT, SymbolKind.ENUM, SymbolKind.MODULE,
        SymbolKind.NAMESPACE, SymbolKind.OBJECT,
    )
)  # fmt: skip
_FIELDS = [
    int(kind)
    for kind in (
        SymbolKind.FIELD, SymbolKind.PROPERTY, SymbolKind.CONSTANT, SymbolKind.VARIABLE, SymbolKind.ENUMMEMBER,
    )
]  # fmt: skip
_GLIMPSE_CHARS = 180
"""Characters of a body in an outline, without white space: about 60 tokens, enough to see its subject."""

SMALLNESS = 0.5
"""Exponent of the size of a very small piece in its worth, because one line seldom answers a query."""

_NEARLY_ALL = 0.7
"""A shorter form that shows this share of the whole is left out."""

_MAX_HEAD_LINES = 6
_MAX_MEMBERS = 40
_MAX_OWN_LINES = 16
_MAX_COMMENT_LINES = 40
_COMMENT_LINES_OF_OUTLINE = 3
_MAX_STRETCH_LINES = 8
_COMMENT = re.compile(r"\s*(?://|/\*|\*|#(?!\s*(?:include|define|if|el|end|pragma|undef)\b)|--|;;|%%|\"\"\")")

_QUOTE = re.compile(r"\s*[rR]?(\"{3}|'{3})")


WORTH = {Form.SIGNATURE: 0.3, Form.OUTLINE: 0.7, Form.FULL: 1.0}
"""Share of the value that a form gives. An outline contains the lines that match the query best."""

_HEADER_WORTH, _GLIMPSE_WORTH = 0.15, 0.55
"""Worth of the header of a container, which tells little, and of an outline without most members."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One form of one stretch of code.

    :ivar worth: share of the value of the stretch, 0 to 1. :ivar shown: 0-based numbers of the shown lines, ascending.
    :ivar first_line: first line of the stretch, with the comment above it.
    :ivar size: characters shown, without outer white space.
    """

    form: Form
    worth: float
    first_line: int
    last_line: int
    shown: tuple[int, ...]
    size: int


def is_container(view: SegmentView, symbol: int) -> bool:
    return symbol >= 0 and SymbolKind(int(view.segment.symbols.kinds[symbol])) in _CONTAINERS


def forms_of(
    view: SegmentView,
    symbol: int,
    stretch: tuple[int, int],
    lines: Sequence[str],
    best: Sequence[tuple[int, int]],
) -> tuple[Piece, ...]:
    """The forms of a stretch, smallest first, without those that are hardly shorter than the whole.

    :param symbol: row of the symbol, or -1 for code outside symbols. :param stretch: first and last line.
    :param best: ranges of lines that match best, best first.
    """
    first, last = stretch[0], min(stretch[1], len(lines) - 1)
    above = comment_above(lines, first) if symbol >= 0 else first
    full = _piece(Form.FULL, WORTH[Form.FULL], range(above, last + 1), lines, above, last)
    if full.size < _GLIMPSE_CHARS:
        full = replace(full, worth=full.worth * (full.size / _GLIMPSE_CHARS) ** SMALLNESS)
    if last - first < 2:
        return (full,)
    head = head_of(view, symbol, lines, first, last) if symbol >= 0 else ()
    body_first = head[-1] + 1 if head else first
    members: list[int] = []
    if is_container(view, symbol):
        members = _members(view, symbol, lines, body_first, last)
    worth = _HEADER_WORTH if members else WORTH[Form.SIGNATURE]
    pieces = [_piece(Form.SIGNATURE, worth, head, lines, first, last)] if head else []
    comment = range(above, min(first, above + _COMMENT_LINES_OF_OUTLINE))
    glimpse = _body_lines(lines, body_first, last, best, members)
    start = above if comment else first
    worth = _GLIMPSE_WORTH if members else WORTH[Form.OUTLINE]
    pieces.append(_piece(Form.OUTLINE, worth, {*comment, *head, *glimpse}, lines, start, last))
    if members:
        shown = {*comment, *head, *glimpse, *members}
        pieces.append(_piece(Form.OUTLINE, WORTH[Form.OUTLINE], shown, lines, start, last))
    kept = [piece for piece in pieces if piece.size < _NEARLY_ALL * full.size]
    distinct = [piece for n, piece in enumerate(kept) if n == 0 or piece.size > kept[n - 1].size]
    return (*distinct, full)


def lines_piece(shown: Sequence[int], lines: Sequence[str]) -> Piece:
    """A piece of exactly these lines. There must be at least one."""
    return _piece(Form.OUTLINE, WORTH[Form.FULL], shown, lines, shown[0], shown[-1])


def _piece(form: Form, worth: float, shown: Iterable[int], lines: Sequence[str], first: int, last: int) -> Piece:
    chosen = tuple(sorted(shown))
    return Piece(form, worth, first, last, chosen, sum(len(lines[n].strip()) for n in chosen))


def comment_above(lines: Sequence[str], first: int) -> int:
    """First line of the comment directly above a symbol, or ``first``. In most languages it is documentation."""
    start = first
    while start > 0 and first - start < _MAX_COMMENT_LINES and _COMMENT.match(lines[start - 1]):
        start -= 1
    return start


def head_of(view: SegmentView, symbol: int, lines: Sequence[str], first: int, last: int) -> tuple[int, ...]:
    """Lines of the declaration, up to the end of the signature or the line of the name. Long ones are shortened."""
    symbols = view.segment.symbols
    name_line = min(last, max(first, int(symbols.spans[symbol, 4])))
    signature = "".join(symbols.signatures[symbol].split())
    text, end = "", name_line
    for number in range(first, min(last, first + 40) + 1):
        text += "".join(lines[number].split())
        if (
            number >= name_line
            and signature
            and (place := text.find(signature)) >= 0
            and place + len(signature) <= len(text)
        ):
            end = number
            break
    if end - name_line < _MAX_HEAD_LINES:
        return tuple(range(min(first, name_line), end + 1))
    return (*range(first, name_line + _MAX_HEAD_LINES - 2), end)


def _members(view: SegmentView, symbol: int, lines: Sequence[str], first: int, last: int) -> list[int]:
    """Lines of a container outside its members, such as fields, then the lines that name its members."""
    symbols = view.segment.symbols
    of_file = symbols.of_file(int(symbols.files[symbol]))
    rows = of_file.start + np.flatnonzero(symbols.parents[of_file] == symbol)
    members = rows[~np.isin(symbols.kinds[rows], _FIELDS)]
    covered: set[int] = set()
    for row in members.tolist():
        above = comment_above(lines, int(symbols.spans[row, 0]))
        covered.update(range(above, int(symbols.spans[row, 2]) + 1))
    own = [n for n in range(first, last + 1) if n not in covered and any(map(str.isalnum, lines[n]))]
    own = _without_documentation(own, lines)[:_MAX_OWN_LINES]
    return [*own, *(int(line) for line in symbols.spans[members[:_MAX_MEMBERS], 4] if line <= last)]


def _without_documentation(numbers: list[int], lines: Sequence[str]) -> list[int]:
    """Drop all but the first line of a container's docstring, because its members tell more."""
    if not numbers or not (quote := _QUOTE.match(lines[numbers[0]])):
        return numbers
    if lines[numbers[0]].count(quote[1]) > 1:
        return numbers
    end = next((n for n in range(numbers[0] + 1, len(lines)) if quote[1] in lines[n]), numbers[0])
    return [numbers[0], *(n for n in numbers if n > end)]


def _body_lines(
    lines: Sequence[str], first: int, last: int, best: Sequence[tuple[int, int]], members: Sequence[int]
) -> set[int]:
    """Lines of the body that an outline shows: the best ranges, then members or the start of the body."""
    shown: set[int] = set()
    size = 0
    for start, end in best:
        for line in range(max(first, start), min(last, end, start + _MAX_STRETCH_LINES) + 1):
            if line not in shown and size < 2 * _GLIMPSE_CHARS:
                shown.add(line)
                size += len(lines[line].strip())
    for line in members or range(first, last + 1):
        if size >= _GLIMPSE_CHARS:
            break
        if line not in shown:
            shown.add(line)
            size += len(lines[line].strip())
    return {line for line in shown if lines[line].strip() or (line - 1 in shown and line + 1 in shown)}
