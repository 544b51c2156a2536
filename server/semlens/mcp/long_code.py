"""Shortens long code to what tells most: its beginning, the lines that match the question, and its members.

Members are the lines with the least indentation inside, which holds in every language that people indent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from semlens.embedding.token_counting import TokenCounter

_HEAD_LINES = 4
_AROUND_MATCH = 2
_MARK_TOKENS = 8
"""Of ``... lines 120-345``."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines that follow each other. :ivar first: number of the first, 1-based."""

    first: int
    lines: tuple[str, ...]

    @property
    def last(self) -> int:
        return self.first + len(self.lines) - 1


def shorten(
    code: Stretch, matches: Iterable[tuple[int, int]], budget: int, counter: TokenCounter, *, fill: bool = False
) -> tuple[Stretch, ...]:
    """The parts of the code to show: all of it where it fits the budget.

    :param matches: first and last line number of the lines that match the question.
    :param budget: in tokens. :param fill: use all of it, for other lines from the beginning.
    """
    if counter.count("\n".join(code.lines)) <= budget:
        return (code,)
    chosen: set[int] = set()
    others = range(code.first, code.last + 1) if fill else ()
    for number in chain(_by_worth(code, matches), others):
        if number in chosen:
            continue
        is_next = number - 1 in chosen or number + 1 in chosen
        budget -= counter.count(code.lines[number - code.first]) + (1 if is_next else _MARK_TOKENS)
        if budget < 0:
            break
        chosen.add(number)
    return tuple(_stretches(code, sorted(chosen)))


def elision(before: Stretch | None, after: Stretch | None, first: int, last: int) -> list[str]:
    """The line that stands for what is left out between two stretches, or at an end; none where nothing is.

    :param first: number of the first line of the whole code. :param last: of its last line.
    """
    first = first if before is None else before.last + 1
    last = last if after is None else after.first - 1
    return [f"... lines {first}-{last}"] if first <= last else []


def _by_worth(code: Stretch, matches: Iterable[tuple[int, int]]) -> Iterator[int]:
    """Numbers of lines. The beginning first, then what matches, then the members."""
    yield from range(code.first, min(code.first + _HEAD_LINES, code.last + 1))
    for first, last in matches:
        yield from range(max(code.first, first - _AROUND_MATCH), min(code.last, last + _AROUND_MATCH) + 1)
    inner = [
        (number, len(line) - len(line.lstrip()))
        for number, line in enumerate(code.lines[1:-1], code.first + 1)
        if any(character.isalnum() for character in line)
    ]
    depth = min((indentation for _, indentation in inner), default=0)
    yield from (number for number, indentation in inner if indentation == depth)


def _stretches(code: Stretch, numbers: Sequence[int]) -> Iterator[Stretch]:
    start = 0
    for end in range(1, len(numbers) + 1):
        if end == len(numbers) or numbers[end] != numbers[end - 1] + 1:
            first, last = numbers[start], numbers[end - 1]
            yield Stretch(first, code.lines[first - code.first : last - code.first + 1])
            start = end
