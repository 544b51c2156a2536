"""What a walk over the graph leaves out is counted where it is."""

from __future__ import annotations

from semlens.core.reference import ReferenceKind
from semlens.graph.neighbours import Neighbour, Neighbours
from semlens.graph.segment_names import SymbolPlace
from semlens.graph.walk import walk

UNSEEN = {0: 3, 1: 9000, 2: 50}
EDGES = {0: (1, 2), 1: (3,)}


def test_uses_that_are_not_looked_at_are_counted_by_distance():
    found = walk(
        SymbolPlace(0, 0),
        lambda place: Neighbours(
            tuple(Neighbour(0, row, ReferenceKind.CALL, 0.9) for row in EDGES.get(place.symbol, ())),
            UNSEEN.get(place.symbol, 0),
        ),
        lambda _one: True,
        lambda _near, one: one.row,
        depth=3,
        limit=10,
    )
    assert [(step.shown, step.distance) for step in found.steps] == [(1, 1), (2, 1), (3, 2)]
    assert found.unseen == (3, 9050, 0)
