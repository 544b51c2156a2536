"""Selection and masking for contexts, as pure functions."""

from __future__ import annotations

import pytest

from semlens.core.context import ContextReason, Form, Relation
from semlens.search.context.forms import WORTH, Piece
from semlens.search.context.select import SizedCandidate, select


def piece(form: Form, first: int, last: int) -> Piece:
    shown = range(first, last + 1)
    return Piece(form, WORTH[form], first, last, tuple(shown), len(shown))


def candidate(file: int, value: float, *pieces: Piece, order: int = 0) -> SizedCandidate:
    return SizedCandidate((0, file), order, value, ContextReason(Relation.ANSWER, ""), lambda: pieces, order)


def cost(_: SizedCandidate, item: Piece) -> int:
    return {Form.SIGNATURE: 20, Form.OUTLINE: 60, Form.FULL: 200}[item.form]


def chosen(candidates: list[SizedCandidate], budget: int) -> list[tuple[int, str]]:
    return sorted((one.candidate.file[1], one.piece.form.value) for one in select(candidates, budget, cost)[0])


FORMS = (piece(Form.SIGNATURE, 0, 20), piece(Form.OUTLINE, 0, 20), piece(Form.FULL, 0, 20))


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (5, []),
        (20, [(0, "signature")]),
        (130, [(0, "outline"), (1, "outline")]),
        (270, [(0, "full"), (1, "outline")]),
        (1000, [(0, "full"), (1, "full")]),
    ],
)
def test_the_budget_decides_the_form(budget: int, expected: list[tuple[int, str]]) -> None:
    assert chosen([candidate(0, 1.0, *FORMS), candidate(1, 0.5, *FORMS)], budget) == expected


def test_a_second_candidate_of_a_file_is_worth_less() -> None:
    one = candidate(0, 1.0, piece(Form.FULL, 0, 20))
    same_file = candidate(0, 0.9, piece(Form.FULL, 30, 50), order=1)
    other_file = candidate(1, 0.6, piece(Form.FULL, 0, 20), order=2)
    assert chosen([one, same_file, other_file], 400) == [(0, "full"), (1, "full")]


def test_code_shown_in_full_is_not_repeated() -> None:
    inner = candidate(0, 3.0, piece(Form.FULL, 5, 8))
    outer = candidate(0, 2.9, piece(Form.FULL, 0, 20), order=1)
    assert [one.piece.first_line for one in select([inner, outer], 1000, cost)[0]] == [0]
