"""A hit of a search, as the tests of what is shown take it."""

from __future__ import annotations

from semlens.core.hit import SearchHit
from semlens.core.span import Span
from semlens.core.symbol import SymbolKind

HIT = SearchHit(
    root="/work",
    path="src/net/retry.py",
    uri="file:///work/src/net/retry.py",
    name="fetch_with_retry",
    qualified_name="net.retry.fetch_with_retry",
    container_name="net.retry",
    kind=SymbolKind.FUNCTION,
    language="python",
    span=Span(39, 0, 71, 0),
    name_span=Span(40, 4, 40, 20),
    signature="def fetch_with_retry(url, attempts=3)",
    score=0.83456,
    snippet="    for attempt in range(attempts):\n        try:\n            return fetch(url)\n",
    snippet_span=Span(51, 0, 54, 0),
    highlights=((51, 52),),
    reasons=("name", "meaning"),
    dirty=False,
    features={"bm25.body": 0.214159},
)
