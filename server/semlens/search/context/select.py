"""Selects the candidates of a pack and their forms: most value per token first, within a token budget."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from semlens.core.context import ContextReason, Form
from semlens.search.context.forms import Piece

SAME_FILE = 0.45
"""Factor for each further piece of a file."""

LEAST_COST = 64
"""Least cost of a piece in tokens. Without it one-line functions would displace better candidates."""

_CHARS_A_TOKEN = 5
"""Upper bound of the average characters per token of code. A piece that exceeds the budget by it is not counted."""

_FENCE_COST = 12
"""Least number of tokens of a fence and its place."""

_MAX_MISFITS = 12
"""Selection stops after this many candidates in a row of which no form fits."""

_UNSEEN = -1


@dataclass(frozen=True, slots=True)
class SizedCandidate:
    """A candidate whose forms can be counted.

    :ivar file: equal for candidates of one document. :ivar value: value of the whole, on any scale.
    :ivar forms: computes the forms on demand, smallest first. Empty when the text is gone.
    :ivar order: breaks ties.
    """

    file: tuple[int, int]
    symbol: int
    value: float
    reason: ContextReason
    forms: Callable[[], Sequence[Piece]]
    order: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A selected candidate in one form.

    :ivar tokens: tokens of the piece alone.
    """

    candidate: SizedCandidate
    piece: Piece
    tokens: int


def select(
    candidates: Sequence[SizedCandidate], budget: int, count: Callable[[SizedCandidate, Piece], int]
) -> tuple[list[Choice], int]:
    """Select greedily by marginal value per token.

    This is a knapsack with diminishing returns. For a submodular value the result is within 1 - 1/e of the optimum
    (Sviridenko 2004), when single items are small against the budget. Gains only shrink, so each gain is computed again
    when it reaches the top of the heap (Minoux 1978). Only those candidates are read and counted.

    :param count: number of tokens that a piece takes in the pack.
    :returns: the choices, and the number of candidates whose text is not known to be gone.
    """
    return _Selection(candidates, budget, count).run()


class _Selection:
    def __init__(
        self, candidates: Sequence[SizedCandidate], budget: int, count: Callable[[SizedCandidate, Piece], int]
    ) -> None:
        self._candidates = candidates
        self._count = count
        self._remaining_tokens = budget
        self._pieces: dict[int, Sequence[Piece]] = {}
        self._costs: dict[tuple[int, int], int] = {}
        self._chosen: dict[int, Choice] = {}
        self._of_file: dict[tuple[int, int], list[int]] = defaultdict(list)
        self._heap = [(-self._gain_bound(number), number, _UNSEEN) for number in range(len(candidates))]
        heapq.heapify(self._heap)

    def run(self) -> tuple[list[Choice], int]:
        n_gone, n_misfits = 0, 0
        while self._heap and self._remaining_tokens > _FENCE_COST and n_misfits < _MAX_MISFITS:
            negative, number, form = heapq.heappop(self._heap)
            if form == _UNSEEN:
                bound = self._gain_bound(number)
                if bound < -negative:
                    heapq.heappush(self._heap, (-bound, number, form))
                    continue
                self._pieces[number] = self._candidates[number].forms()
                n_gone += not self._pieces[number]
                n_misfits += not self._push_from(number, 0) and bool(self._pieces[number])
                continue
            piece, current = self._pieces[number][form], self._chosen.get(number)
            if (current is not None and piece.worth <= current.piece.worth) or (
                current is None and self._is_shown(number)
            ):
                continue
            gain = self._gain(number, form)
            if gain < -negative:
                heapq.heappush(self._heap, (-gain, number, form))
            elif (number, form) not in self._costs:
                self._costs[number, form] = self._count(self._candidates[number], piece)
                heapq.heappush(self._heap, (-self._gain(number, form), number, form))
            elif self._costs[number, form] - (current.tokens if current is not None else 0) <= self._remaining_tokens:
                self._take(number, form)
                n_misfits = 0
            else:
                n_misfits += current is None and form == 0
        return list(self._chosen.values()), len(self._candidates) - n_gone

    def _gain_bound(self, number: int) -> float:
        """Upper bound of the gain per token of any form of a candidate. Needs no text."""
        candidate = self._candidates[number]
        return candidate.value * SAME_FILE ** len(self._of_file[candidate.file]) / LEAST_COST

    def _push_from(self, number: int, form: int) -> bool:
        """Push the forms that may fit into the remaining budget. Returns whether there is any."""
        fitting = [n for n in range(form, len(self._pieces[number])) if self._cost(number, n) <= self._remaining_tokens]
        for larger in fitting:
            heapq.heappush(self._heap, (-self._gain(number, larger), number, larger))
        return bool(fitting)

    def _cost(self, number: int, form: int) -> int:
        return self._costs.get((number, form), _FENCE_COST + self._pieces[number][form].size // _CHARS_A_TOKEN)

    def _gain(self, number: int, form: int) -> float:
        candidate, current = self._candidates[number], self._chosen.get(number)
        others = [other for other in self._of_file[candidate.file] if other != number]
        worth_before, tokens_before = (current.piece.worth, current.tokens) if current is not None else (0.0, 0)
        worth = candidate.value * SAME_FILE ** len(others) * (self._pieces[number][form].worth - worth_before)
        return worth / max(self._cost(number, form) - tokens_before, LEAST_COST)

    def _take(self, number: int, form: int) -> None:
        candidate, piece = self._candidates[number], self._pieces[number][form]
        replaced = self._chosen.get(number)
        self._remaining_tokens -= self._costs[number, form] - (replaced.tokens if replaced is not None else 0)
        self._chosen[number] = Choice(candidate, piece, self._costs[number, form])
        numbers_of_file = self._of_file[candidate.file]
        if number not in numbers_of_file:
            numbers_of_file.append(number)
        if piece.form is Form.FULL:
            for other in [n for n in numbers_of_file if n != number and _contains_lines(piece, self._chosen[n].piece)]:
                self._remaining_tokens += self._chosen.pop(other).tokens
                numbers_of_file.remove(other)
        self._push_from(number, form + 1)

    def _is_shown(self, number: int) -> bool:
        """Whether another choice shows all of it already."""
        last_form = self._pieces[number][-1]
        chosen = (self._chosen[other].piece for other in self._of_file[self._candidates[number].file])
        return any(piece.form is Form.FULL and _contains_lines(piece, last_form) for piece in chosen)


def _contains_lines(outer: Piece, inner: Piece) -> bool:
    return outer.first_line <= inner.first_line and inner.last_line <= outer.last_line
