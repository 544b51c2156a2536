from __future__ import annotations

import pytest
from search_cases import search, snapshot_of, view_of

from semlens.search.query.query import parse_query
from semlens.search.signals.spelling import with_known_words

FILES = {
    "net.py": "class ConnectionPool:\n    def health_check(self):\n        return self.ping()\n",
    "mail.py": "def send_parcel(address):\n    stamp(address)\n    return post(address)\n",
}


@pytest.mark.parametrize(
    ("query", "added"),
    [
        ("how is the conection opened", ("connection",)),
        ("the adress of a parcel", ()),  # no name has a word like it
        ("HEALTHCHECK interval", ("health", "check")),
        ("parcell", ("parcel",)),
        ("parcel sent", ()),
        ("barrels", ()),
        ("pcrale", ()),
        ("src/parcell.py", ()),
    ],
)
def test_words_that_the_index_does_not_know(query, added):
    parsed = parse_query(query)
    assert with_known_words([view_of(FILES)], parsed).plain == (*parsed.plain, *added)


@pytest.mark.parametrize(
    ("query", "first"),
    [("where is a conection made", "net.py"), ("parcell to somebody", "mail.py"), ("HEALTHCHECK", "net.py")],
)
def test_misspelt_questions_find_code(query, first):
    assert search(snapshot_of(view_of(FILES)), query)[0].path == first
