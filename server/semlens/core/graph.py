"""Requests to the code graph and their results."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from semlens.core.hit import SearchHit
from semlens.core.span import Span


class EdgeKind(enum.StrEnum):
    """How one symbol uses another. The values are the protocol's."""

    CALL = "call"
    USE = "use"
    BASE = "inherits"
    IMPORT = "imports"


class NeighboursRequest(NamedTuple):
    """A request for the callers or callees of a symbol: at a place, or with a name.

    :ivar line: counted from 0. :ivar name: with a place, of a symbol there, as a line may hold several.
    :ivar limit: of the edges of each distance. :ivar folders: absolute paths; only results below one of them. Without
        any, all roots. :ivar depth: how many edges are followed.
    """

    uri: str = ""
    line: int = -1
    name: str = ""
    limit: int = 50
    folders: tuple[str, ...] = ()
    depth: int = 1


class GraphEdge(NamedTuple):
    """An edge to another symbol, or to a file whose code outside symbols uses the symbol.

    :ivar spans: where the name is used: in the hit's document for callers, in the symbol's document for callees.
    :ivar line_texts: the lines of the spans. :ivar is_test: whether the hit is in a file of tests.
    :ivar distance: 1 for an edge to the symbol that was asked for, 2 for one behind it.
    :ivar through: index of the edge to the symbol in between, or -1.
    """

    hit: SearchHit
    kind: EdgeKind
    confidence: float
    spans: tuple[Span, ...]
    line_texts: Mapping[int, str] = MappingProxyType({})
    is_test: bool = False
    distance: int = 1
    through: int = -1


class NeighboursResult(NamedTuple):
    """Callers or callees.

    :ivar others: other symbols with the requested name, the first of ``n_others``.
    :ivar omitted: edges beyond the limit. :ivar unseen: references that were not looked at, because there are too many.
    :ivar omitted_at: edges beyond the limit by distance. :ivar unseen_at: the same for references.
    """

    symbol: SearchHit
    edges: tuple[GraphEdge, ...]
    omitted: int
    unseen: int
    others: tuple[SearchHit, ...]
    n_others: int
    generation: int
    omitted_at: tuple[int, ...] = (0,)
    unseen_at: tuple[int, ...] = ()


class ImpactRequest(NamedTuple):
    """What a change may affect: of a diff, or of the work tree against a commit.

    :ivar staged: the staged changes instead. :ivar diff: a unified diff instead of git's.
    """

    ref: str = "HEAD"
    staged: bool = False
    diff: str = ""
    limit: int = 50
    folders: tuple[str, ...] = ()


class AffectedSymbol(NamedTuple):
    """:ivar via: names from the changed symbol to the hit's neighbour. :ivar distance: number of edges."""

    hit: SearchHit
    via: tuple[str, ...]
    distance: int
    confidence: float


class ImpactResult(NamedTuple):
    """:ivar affected: nearest first, without tests. :ivar tests: the nearest of each file first, then the others.

    :ivar omitted: affected symbols beyond the limit. :ivar notes: sentences on what was left out.
    """

    changed: tuple[SearchHit, ...]
    affected: tuple[AffectedSymbol, ...]
    tests: tuple[AffectedSymbol, ...]
    omitted: int
    notes: tuple[str, ...]
    generation: int


class UnusedSymbol(NamedTuple):
    """:ivar assumption: what else could use it, or ""."""

    hit: SearchHit
    confidence: float
    assumption: str


class UnusedResult(NamedTuple):
    """Definitions that nothing seems to use.

    :ivar assumed: how many definitions were taken as used, by reason. :ivar omitted: symbols beyond the limit.
    """

    symbols: tuple[UnusedSymbol, ...]
    assumed: Mapping[str, int]
    omitted: int
    generation: int
