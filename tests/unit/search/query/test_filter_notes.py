"""What a search that finds nothing says about its filters."""

from __future__ import annotations

import pytest
from search_cases import snapshot_of, view_of

from semlens.core.request import SearchFilter
from semlens.search.query.filter_notes import empty_filter_notes
from semlens.search.query.query import parse_query


@pytest.fixture(scope="module")
def snapshot():
    return snapshot_of(
        view_of({"src/net/retry.py": "def fetch_page():\n    pass\n", "web/cart.ts": "class Basket {}\n"})
    )


@pytest.mark.parametrize(
    ("query", "request_filter", "notes"),
    [
        ("x lang:pyhton", SearchFilter(), ("No file here is in the language 'pyhton'. Did you mean 'python'?",)),
        ("x", SearchFilter(languages=frozenset({"go"})), ("No file here is in the language 'go'.",)),
        ("x path:scr/**", SearchFilter(), ("No file here has a path like 'scr/**'. Did you mean 'src'?",)),
        ("x", SearchFilter(paths=("lib/**",)), ("No file here has a path like 'lib/**'.",)),
        ("x in:Baskit", SearchFilter(), ("Nothing here has the name 'Baskit'. Did you mean 'Basket'?",)),
        ("x in:Basket lang:typescript path:web", SearchFilter(), ()),
        ("x lang:py", SearchFilter(paths=("src/net/*.py",)), ()),
    ],
)
def test_each_filter_that_nothing_passes_is_named(snapshot, query, request_filter, notes):
    assert empty_filter_notes(snapshot, request_filter, parse_query(query)) == notes
