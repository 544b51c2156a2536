"""The graph around a symbol, level by level: its callers, their callers and so on, or what it uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from semlens.graph.neighbours import Neighbour, Neighbours
from semlens.graph.segment_names import SymbolPlace

MAX_FOLLOWED = 250
"""Symbols whose own neighbours are looked for."""

LEAST_CONFIDENCE = 0.3
"""Of an edge behind the first level."""

_LEAST_PATH = 0.2  # product of the confidences along a path that is followed

T = TypeVar("T")


class Step(NamedTuple, Generic[T]):
    """One edge.

    :ivar shown: what the caller made of it. :ivar through: index of the step to the symbol at its near end, or -1 for
        the symbol that was asked for.
    """

    shown: T
    distance: int
    through: int


class Walk(NamedTuple, Generic[T]):
    """:ivar omitted: edges beyond the limit, for each distance. :ivar unseen: see `Neighbours`, for each distance."""

    steps: list[Step[T]]
    omitted: tuple[int, ...]
    unseen: tuple[int, ...]


def walk(
    start: SymbolPlace,
    find: Callable[[SymbolPlace], Neighbours],
    is_symbol: Callable[[Neighbour], bool],
    show: Callable[[SymbolPlace, Neighbour], T | None],
    *,
    depth: int,
    limit: int,
) -> Walk[T]:
    """Follow edges over at most ``depth`` levels. Each symbol is followed once, where it is nearest.

    :param show: gives None for an edge that is not to be shown. :param limit: of the edges of each level. Behind the
        first level, it is divided evenly among the symbols that are followed.
    """
    steps: list[Step[T]] = []
    omitted: list[int] = []
    unseen: list[int] = []
    followed = {start}
    level = [(-1, start, 1.0)]
    for distance in range(1, depth + 1):
        found: list[tuple[int, int, SymbolPlace, Neighbour, float]] = []
        unseen.append(0)
        for through, place, sure in level:
            neighbours = find(place)
            unseen[-1] += neighbours.n_unseen
            found += [
                (rank, through, place, one, sure * one.confidence)
                for rank, one in enumerate(neighbours.edges)
                if distance == 1 or one.confidence >= LEAST_CONFIDENCE
            ]
        found.sort(key=lambda one: one[:2])
        level, last = [], len(steps) + limit
        omitted.append(0)
        for _, through, place, one, sure in found:
            if len(steps) >= last:
                omitted[-1] += 1
                continue
            shown = show(place, one)
            if shown is None:
                continue
            steps.append(Step(shown, distance, through))
            key = SymbolPlace(one.view, one.row)
            if is_symbol(one) and key not in followed and sure >= _LEAST_PATH and len(followed) <= MAX_FOLLOWED:
                followed.add(key)
                level.append((len(steps) - 1, key, sure))
    return Walk(steps, tuple(omitted), tuple(unseen))
