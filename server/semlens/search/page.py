"""Ranked hits to a page: no more than a few of one file among the first ten, and scores between 0 and 1."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from semlens.core.request import SearchRequest
from semlens.search import weights as w
from semlens.search.query import Query

if TYPE_CHECKING:
    from semlens.search.rank import RankedHit

FIRST_PAGE = 10


def make_page(hits: list[RankedHit], request: SearchRequest, query: Query) -> list[RankedHit]:
    """:param hits: best first. What one file has too many of on the first page follows behind it, in order."""
    first: list[RankedHit] = []
    rest: list[RankedHit] = []
    taken: dict[tuple[str, int], int] = defaultdict(int)
    for hit in hits:
        key = (hit.view.segment.id, hit.file)
        full = request.per_file and taken[key] >= request.per_file and not _names_file(hit, query)
        if full or len(first) == FIRST_PAGE:
            rest.append(hit)
        else:
            taken[key] += 1
            first.append(hit)
    return [replace(hit, score=_squash(hit.score)) for hit in (first + rest)[: request.limit]]


def _squash(total: float) -> float:
    return 1.0 / (1.0 + math.exp(min(50.0, (w.SCORE_MIDDLE - total) / w.SCORE_WIDTH)))


def _names_file(hit: RankedHit, query: Query) -> bool:
    base = hit.path.rpartition("/")[2].lower()
    return "." in base and base in query.text.lower()
