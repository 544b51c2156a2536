"""What a pack wants: stretches of code, with what each is worth and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from semlens.index.snapshot import SegmentView


@dataclass(frozen=True, slots=True)
class ContextCandidate:
    """A stretch of code that the pack wants. :ivar symbol: row in the view, or -1. :ivar stretch: first and last line.

    :ivar glimpse: a signature alone is of use. :ivar focus: a name; the lines that hold it matter most.
    :ivar lines: exactly these lines, in this one form; empty for the forms of the stretch.
    """

    view: int
    file: int
    symbol: int
    stretch: tuple[int, int]
    value: float
    why: str
    glimpse: bool
    focus: str = ""
    lines: tuple[int, ...] = ()


def symbol_candidate(
    view: SegmentView, number: int, row: int, value: float, why: str, *, glimpse: bool, focus: str = ""
) -> ContextCandidate:
    span = view.segment.symbols.span(row)
    file = int(view.segment.symbols.files[row])
    return ContextCandidate(number, file, row, (span.start_line, span.last_line), value, why, glimpse, focus)


def distinct(candidates: Iterable[ContextCandidate]) -> list[ContextCandidate]:
    """One wish a stretch, the most valuable reason kept; most valuable first."""
    best: dict[tuple[int, int, int, int, int], ContextCandidate] = {}
    for candidate in candidates:
        key = (candidate.view, candidate.file, candidate.symbol, *candidate.stretch)
        if key not in best or best[key].value < candidate.value:
            best[key] = candidate
    return sorted(best.values(), key=lambda candidate: -candidate.value)
