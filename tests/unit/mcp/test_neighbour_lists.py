"""Each list says how many places it leaves out, and only of its own distance."""

from __future__ import annotations

import pytest
from hit_cases import HIT

from semlens.core.graph import EdgeKind, GraphEdge, NeighboursResult
from semlens.core.span import Span
from semlens.embedding.token_counting import load_counter
from semlens.mcp.neighbour_lists import neighbour_lists
from semlens.service.codec import LineNumbers, neighbours_json
from semlens.service.decoding import neighbours_result

UNSEEN = 9000


@pytest.fixture
def used_by():
    """One sure user, and very many uses of it that were not looked at."""
    user = GraphEdge(HIT, EdgeKind.CALL, 0.95, (Span(1, 2, 1, 5),))
    return NeighboursResult(HIT, (user,), 0, UNSEEN, (), 0, 7, (0, 0), (0, UNSEEN))


def lines_of(used_by: NeighboursResult, depth: int = 2) -> list[str]:
    uses = used_by._replace(edges=(), omitted=0, unseen=0, unseen_at=())
    return neighbour_lists(used_by, uses, depth, 1000, load_counter(""))


def test_uses_of_a_user_are_not_counted_as_uses_of_the_symbol(used_by):
    near, *others = lines_of(used_by)
    assert near == "used by:"
    assert others[1] == "tests: none found"
    assert others[-1] == f"used by, 2 steps away: {UNSEEN} more not shown"
    assert lines_of(used_by._replace(edges=()))[0] == "used by: none found"


def test_uses_of_the_symbol_are_counted(used_by):
    assert f"  and {UNSEEN} more" in lines_of(used_by._replace(unseen_at=(UNSEEN,)), depth=1)


def test_the_counts_reach_another_process(used_by):
    assert neighbours_result(neighbours_json(used_by, LineNumbers())).unseen_at == (0, UNSEEN)
