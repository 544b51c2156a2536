"""What lies behind the neighbours of a symbol: callers of callers, and what its callees use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from semlens.core.cancel import CancelToken
from semlens.core.errors import NotReadyError, UsageError
from semlens.core.graph import GraphEdge, NeighboursRequest, NeighboursResult
from semlens.core.text.printable import printable
from semlens.core.text.secrets import mask_secrets
from semlens.mcp.answers import place_of, token_counter
from semlens.mcp.places import Place
from semlens.service.code_service import CodeQueries
from semlens.service.codec import Json

_LIMIT = 40  # edges of each distance
_BUDGET_SHARE = 3
"""The places behind the neighbours take at most this part of the budget: 1/3."""

USED_BY, USES = "usedBy", "uses"
_TITLES = {USED_BY: "used by, {} steps away", USES: "uses, {} steps away"}


class FurtherSymbols:
    """The symbols two and more steps away.

    :ivar lines: their places, nearest first, as far as the budget goes.
    :ivar items: the same for ``structuredContent``, by the section that they belong to.
    """

    def __init__(self, budget: int) -> None:
        """:param budget: tokens of the whole answer."""
        self.lines: list[str] = []
        self.items: dict[str, list[Json]] = {USED_BY: [], USES: []}
        self._left = budget // _BUDGET_SHARE

    def find(
        self, service: CodeQueries, place: Place, depth: int, folders: Sequence[str], cancel: CancelToken
    ) -> FurtherSymbols:
        request = NeighboursRequest(place.uri, place.lines[0], limit=_LIMIT, folders=tuple(folders), depth=depth)
        try:
            found = {USED_BY: service.callers(request, cancel), USES: service.callees(request, cancel)}
        except (UsageError, NotReadyError):  # code outside of all symbols has no callers
            return self
        for distance in range(2, depth + 1):
            for section, result in found.items():
                self._add(section, distance, result)
        return self

    def _add(self, section: str, distance: int, result: NeighboursResult) -> None:
        edges = [edge for edge in result.edges if edge.distance == distance]
        if not edges:
            return
        omitted = result.omitted_at[distance - 1]
        heading = f"{_TITLES[section].format(distance)}:"
        shown = list(_fitting(edges, result, self._left - token_counter().count(heading)))
        omitted += len(edges) - len(shown)
        lines = [heading, *(line for line, _ in shown), *([f"  and {omitted} more"] if omitted else [])]
        if not shown:
            lines = [f"{heading} {omitted}, which the budget leaves out"]
        self.lines += lines
        self._left -= token_counter().count("\n".join(lines))
        self.items[section] += [item for _, item in shown]


def _fitting(edges: Sequence[GraphEdge], result: NeighboursResult, budget: int) -> Iterator[tuple[str, Json]]:
    for edge in edges:
        through = _name(result.edges[edge.through])
        name, hit = _name(edge), edge.hit
        line = f"  {place_of(hit)}  {name}  via {through}{'  (test)' if edge.is_test else ''}"
        budget -= token_counter().count(line)
        if budget < 0:
            return
        yield (
            line,
            {
                "path": printable(hit.path),
                "startLine": hit.span.start_line + 1,
                "endLine": hit.span.last_line + 1,
                "name": name,
                "form": "place",
                "why": f"via {through}",
                "distance": edge.distance,
            },
        )


def _name(edge: GraphEdge) -> str:
    return printable(mask_secrets(edge.hit.qualified_name or edge.hit.name)[0])
