"""Which candidates go into a pack, and in which form: most value per token first, less for more of one file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from semlens.search.context.forms import Form, Piece

FORM_WORTH = {Form.SIGNATURE: 0.3, Form.OUTLINE: 0.75, Form.FULL: 1.0}
SAME_FILE = 0.45
"""What a further piece of a file is worth against the one before it."""


LEAST_COST = 64
"""Tokens that the smallest piece is taken to cost: else one-line functions crowd out what ranks before them."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """:ivar file: equal for candidates of one document. :ivar value: of the whole, any scale. :ivar pieces: its forms,
    smallest first. :ivar order: place in the order that ties are settled by.
    """

    file: tuple[int, int]
    symbol: int
    value: float
    why: str
    pieces: tuple[Piece, ...]
    order: int


@dataclass(slots=True)
class _Choice:
    candidate: Candidate
    form: int
    tokens: int


def select(
    candidates: Sequence[Candidate], budget: int, count: Callable[[Candidate, Piece], int]
) -> list[tuple[Candidate, Piece, int]]:
    """Greedy by marginal value per token (a knapsack with diminishing returns; within 1 - 1/e of the best for a
    submodular value, Sviridenko 2004, when single items are small against the budget).

    :param count: tokens that a piece takes in the pack.
    """
    chosen: dict[int, _Choice] = {}
    costs: dict[tuple[int, int], int] = {}

    def cost(number: int, form: int) -> int:
        key = (number, form)
        if key not in costs:
            costs[key] = count(candidates[number], candidates[number].pieces[form])
        return costs[key]

    left = budget
    while True:
        best: tuple[float, int, int] | None = None
        n_of_file: dict[tuple[int, int], int] = defaultdict(int)
        for choice in chosen.values():
            n_of_file[choice.candidate.file] += 1
        for number, candidate in enumerate(candidates):
            now = chosen.get(number)
            if now is None and _covered(candidate, chosen):
                continue
            factor = 1.0 if now is not None else SAME_FILE ** n_of_file[candidate.file]
            had = FORM_WORTH[candidate.pieces[now.form].form] if now is not None else 0.0
            spent = now.tokens if now is not None else 0
            for form in range(now.form + 1 if now is not None else 0, len(candidate.pieces)):
                tokens = cost(number, form) - spent
                if tokens > left:
                    continue
                gain = (
                    candidate.value * factor * (FORM_WORTH[candidate.pieces[form].form] - had) / max(tokens, LEAST_COST)
                )
                if best is None or gain > best[0]:
                    best = (gain, number, form)
        if best is None:
            break
        _, number, form = best
        spent = chosen[number].tokens if number in chosen else 0
        left -= cost(number, form) - spent
        chosen[number] = _Choice(candidates[number], form, cost(number, form))
        for other in [n for n, choice in chosen.items() if n != number and _inside(choice, chosen[number])]:
            left += chosen.pop(other).tokens
    return [(choice.candidate, choice.candidate.pieces[choice.form], choice.tokens) for choice in chosen.values()]


def _covered(candidate: Candidate, chosen: dict[int, _Choice]) -> bool:
    """Another choice already shows all of it."""
    piece = candidate.pieces[-1]
    return any(
        choice.candidate.file == candidate.file
        and choice.candidate.pieces[choice.form].form is Form.FULL
        and choice.candidate.pieces[-1].first_line <= piece.first_line
        and piece.last_line <= choice.candidate.pieces[-1].last_line
        for choice in chosen.values()
    )


def _inside(choice: _Choice, outer: _Choice) -> bool:
    shown, whole = choice.candidate.pieces[choice.form], outer.candidate.pieces[outer.form]
    return (
        choice.candidate.file == outer.candidate.file
        and whole.form is Form.FULL
        and whole.first_line <= shown.first_line
        and shown.last_line <= whole.last_line
    )
