"""Finds where a symbol uses a name: the ranges of an edge of the code graph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from semlens.core.reference import ReferenceKind
from semlens.core.span import Span
from semlens.index.snapshot import SegmentView
from semlens.syntax.languages.registry import BY_NAME
from semlens.syntax.references.code_text import code_only

MAX_PLACES = 50
"""Of one edge."""

_MAX_BYTES = 1 << 20
_AFTER_CALL = rb"\s*!?\s*(?:(?:::)?<[^<>()\n]*>\s*)?[(\[{]?"


def places_in(
    view: SegmentView, row: int, lines: Sequence[str], names: Iterable[str], kind: ReferenceKind, *, nested: bool
) -> tuple[Span, ...]:
    """The places where a row of references uses one of the names, outside of comments and strings.

    :param nested: whether the symbols inside count as the symbol's own code.
    """
    segment = view.segment
    symbols = segment.symbols
    if row < len(symbols):
        span = symbols.span(row)
        file, first, last = int(symbols.files[row]), span.start_line, min(span.last_line, len(lines) - 1)
        own_name = symbols.name_span(row)
    else:
        file, first, last, own_name = row - len(symbols), 0, len(lines) - 1, None
    text = "\n".join(lines[first : last + 1]).encode("utf-8", "surrogatepass")
    if len(text) > _MAX_BYTES:
        return ()
    code = _code_only(segment.files.language(file), text)
    inner = [] if nested else _inner_spans(view, file, row)
    pattern = _pattern(names, lines, kind)
    found: list[Span] = []
    for number, line in enumerate(code.split(b"\n"), first):
        for match in pattern.finditer(line):
            place = Span(number, match.start(1), number, match.end(1))
            is_definition = own_name is not None and place[:2] == own_name[:2]
            if not is_definition and not any(start <= number <= end for start, end in inner):
                found.append(place)
                if len(found) >= MAX_PLACES:
                    return tuple(found)
    return tuple(found)


@lru_cache(maxsize=4)
def _code_only(language: str, text: bytes) -> bytes:
    """All edges to what a symbol uses have the same text."""
    known = BY_NAME.get(language)
    return code_only(known, text) if known is not None else text


def _pattern(names: Iterable[str], lines: Sequence[str], kind: ReferenceKind) -> re.Pattern[bytes]:
    """A name, or what the file calls it, alone or in a call."""
    written = set(names)
    imports = [line for line in lines if " as " in line]
    for name in names:
        alias = rf"(?<!\w){re.escape(name)}\s+as\s+(\w+)"
        written.update(match[1] for line in imports if name in line and (match := re.search(alias, line)))
    words = "|".join(re.escape(name) for name in sorted(written)).encode("utf-8", "surrogatepass")
    return re.compile(rb"(?<![\w])(" + words + rb")(?!\w)" + (_AFTER_CALL if kind is ReferenceKind.CALL else b""))


def _inner_spans(view: SegmentView, file: int, row: int) -> list[tuple[int, int]]:
    """First and last line of the symbols directly inside a row."""
    symbols = view.segment.symbols
    of_file = symbols.of_file(file)
    parent = row if row < len(symbols) else -1
    rows = of_file.start + np.flatnonzero(symbols.parents[of_file] == parent)
    return [(int(symbols.spans[one, 0]), int(symbols.spans[one, 2])) for one in rows.tolist()]
