from __future__ import annotations

import pytest
from search_cases import snapshot_of, view_of

from semlens.core.cancel import CancelToken
from semlens.core.request import SearchRequest
from semlens.search.query.query import parse_query
from semlens.search.ranking.confidence_weights import NOTHING_FITS
from semlens.search.ranking.rank import rank_answer

FILES = {
    "net/retry.py": '''
        def fetch_with_retry(url, attempts=3):
            """Download a page again when the connection was lost."""
            for number in range(attempts):
                connect(url)
    ''',
    "net/client.py": "def load_page(url):\n    return fetch_with_retry(url)\n",
    "ui/window.py": "class Window:\n    def resize(self, width, height):\n        self.width = width\n",
}


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("fetch_with_retry", True),
        ("download a page again when the connection was lost", True),
        ("resize the window", True),
        ("lang:python", True),
        ("parse_quaternion", False),
        ("page of the quarterly invoice for wholesale customers", False),
        ("lang:rust", False),
        ("", False),
    ],
)
def test_an_answer_says_whether_it_fits(query, fits):
    snapshot = snapshot_of(view_of(FILES))
    confidences = {
        limit: rank_answer(
            snapshot, SearchRequest(query, limit=limit), parse_query(query), [], CancelToken()
        ).confidence
        for limit in (3, 10, 50)
    }
    assert len(set(confidences.values())) == 1, "it does not depend on the number of hits"
    assert 0.0 <= confidences[3] <= 1.0
    assert (confidences[3] >= NOTHING_FITS) is fits
