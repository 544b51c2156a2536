"""Who uses a symbol and what it uses, as lists of places that share a budget. What does not fit is counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from semlens.core.graph import GraphEdge, NeighboursResult
from semlens.core.hit import short_name
from semlens.core.text.printable import printable
from semlens.core.text.secrets import mask_secrets
from semlens.embedding.token_counting import TokenCounter
from semlens.mcp.answers import place_of

LIMIT = 100
"""Edges of each distance."""

_SURE, _LEAST_LIKELY = 0.8, 0.12
"""Edges below the first have their confidence beside them, those below the second are only counted."""

_MAX_LINES = 8
"""Lines of use of one symbol that are named."""


@dataclass(frozen=True, slots=True)
class _List:
    """:ivar n_likely: further places, which it does not have. :ivar n_unlikely: those that are hardly meant."""

    title: str
    lines: tuple[str, ...]
    n_likely: int = 0
    n_unlikely: int = 0


def neighbour_lists(
    used_by: NeighboursResult, uses: NeighboursResult, depth: int, budget: int, counter: TokenCounter
) -> list[str]:
    """The lines of all lists. Each list gets its share of the budget; what short ones leave goes to the others.

    :param budget: in tokens. Headings, which say how much is left out, may exceed it.
    """
    lists = list(_lists(used_by, uses, depth))
    costs = [[counter.count(line) for line in one.lines] for one in lists]
    left = budget - sum(counter.count(line) for one in lists for line in _shown(one, 0))
    shares = _shares([sum(cost) for cost in costs], max(0, left))
    shown: list[str] = []
    for one, cost, share in zip(lists, costs, shares, strict=True):
        n_shown = next((n for n in range(len(cost)) if sum(cost[: n + 1]) > share), len(cost))
        shown += _shown(one, n_shown)
    return shown


def name_of(edge: GraphEdge) -> str:
    return printable(mask_secrets(short_name(edge.hit))[0])


def _lists(used_by: NeighboursResult, uses: NeighboursResult, depth: int) -> Iterator[_List]:
    users, used = ([edge for edge in result.edges if edge.distance == 1] for result in (used_by, uses))
    yield _near("used by", [edge for edge in users if not edge.is_test], _beyond(users, used_by), with_lines=True)
    yield _near("tests", [edge for edge in users if edge.is_test], with_lines=True)
    yield _near("uses", used, _beyond(used, uses))
    for distance in range(2, depth + 1):
        for title, result in (("used by", used_by), ("uses", uses)):
            edges = [edge for edge in result.edges if edge.distance == distance]
            n_beyond = _n_beyond(result, distance)
            if edges or n_beyond:
                lines = tuple(_line(edge, via=result.edges[edge.through]) for edge in edges)
                yield _List(f"{title}, {distance} steps away", lines, n_beyond)


def _near(
    title: str, edges: Sequence[GraphEdge], beyond: tuple[int, int] = (0, 0), *, with_lines: bool = False
) -> _List:
    """:param beyond: how many likely and unlikely edges there are besides."""
    lines = tuple(_line(edge, with_lines=with_lines) for edge in edges if edge.confidence >= _LEAST_LIKELY)
    return _List(title, lines, beyond[0], beyond[1] + len(edges) - len(lines))


def _beyond(near: Sequence[GraphEdge], result: NeighboursResult) -> tuple[int, int]:
    """How many edges of the symbol are not listed: likely ones, and unlikely ones. The surest are listed."""
    count = _n_beyond(result, 1)
    return (0, count) if near and near[-1].confidence < _LEAST_LIKELY else (count, 0)


def _n_beyond(result: NeighboursResult, distance: int) -> int:
    """What the result does not have: edges beyond the limit, and uses that were not looked at."""
    return sum(sum(counts[distance - 1 : distance]) for counts in (result.omitted_at, result.unseen_at))


def _line(edge: GraphEdge, *, with_lines: bool = False, via: GraphEdge | None = None) -> str:
    """:param with_lines: name the lines of use."""
    parts = [f"  {place_of(edge.hit)}  {name_of(edge)}"]
    numbers = list(dict.fromkeys(span.start_line + 1 for span in edge.spans)) if with_lines else []
    if numbers:
        more = " ..." if len(numbers) > _MAX_LINES else ""
        parts.append(f"{'line' if len(numbers) == 1 else 'lines'} {', '.join(map(str, numbers[:_MAX_LINES]))}{more}")
    if via is not None:
        parts.append(f"via {name_of(via)}{'  (test)' if edge.is_test else ''}")
    elif edge.confidence < _SURE:
        parts.append(f"{edge.confidence:.0%}")
    return "  ".join(parts)


def _shares(costs: Sequence[int], budget: int) -> list[int]:
    """What each may cost: the same for all, but no more than it needs."""
    shares = [0] * len(costs)
    for n_served, number in enumerate(sorted(range(len(costs)), key=costs.__getitem__)):
        shares[number] = min(costs[number], budget // (len(costs) - n_served))
        budget -= shares[number]
    return shares


def _shown(one: _List, n_shown: int) -> list[str]:
    n_likely = one.n_likely + len(one.lines) - n_shown
    counts = [f"{count} {what}" for count, what in ((n_likely, "more"), (one.n_unlikely, "unlikely")) if count]
    if not n_shown:
        return [f"{one.title}: {', '.join(counts) + ' not shown' if counts else 'none found'}"]
    return [f"{one.title}:", *one.lines[:n_shown], *([f"  and {', '.join(counts)}"] if counts else [])]
