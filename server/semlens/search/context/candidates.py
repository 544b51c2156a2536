"""The candidates for a context pack: stretches of code, each with a value and a reason.

Choosing among them belongs to `select`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from semlens.core.context import ContextReason
from semlens.index.snapshot import SegmentView


@dataclass(frozen=True, slots=True)
class ContextCandidate:
    """A stretch of code that a context pack may show.

    :ivar view: number of the view. :ivar file: row of the file. :ivar symbol: row of the symbol, or -1.
    :ivar stretch: first and last line, inclusive. :ivar value: on any scale; more is better.
    :ivar glimpse: the signature alone is useful. :ivar focus: a name; lines that contain it are shown first.
    :ivar lines: show exactly these lines. Empty for the usual forms of the stretch.
    """

    view: int
    file: int
    symbol: int
    stretch: tuple[int, int]
    value: float
    reason: ContextReason
    glimpse: bool
    focus: str = ""
    lines: tuple[int, ...] = ()


def symbol_candidate(
    view: SegmentView, number: int, row: int, value: float, reason: ContextReason, *, glimpse: bool, focus: str = ""
) -> ContextCandidate:
    span = view.segment.symbols.span(row)
    file = int(view.segment.symbols.files[row])
    return ContextCandidate(number, file, row, (span.start_line, span.last_line), value, reason, glimpse, focus)


def distinct(candidates: Iterable[ContextCandidate]) -> list[ContextCandidate]:
    """One candidate for each stretch, with its most valuable reason. Most valuable first."""
    best: dict[tuple[int, int, int, int, int], ContextCandidate] = {}
    for candidate in candidates:
        key = (candidate.view, candidate.file, candidate.symbol, *candidate.stretch)
        if key not in best or best[key].value < candidate.value:
            best[key] = candidate
    return sorted(best.values(), key=lambda candidate: -candidate.value)
