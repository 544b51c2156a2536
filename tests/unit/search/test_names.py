from __future__ import annotations

import pytest
from search_cases import view_of

from semlens.search.names import match_names, name_of_row
from semlens.search.query import parse_query

SOURCE = """
    class Client:
        def send(self): pass
        def send_all(self): pass

    class Server:
        def send(self): pass

    def fetch_with_retry(): pass
    def fetchAll(): pass
    def _hidden_state(): pass
    """


@pytest.fixture(scope="module")
def view():
    return view_of({"net/wire.py": SOURCE, "net/other.py": "def send(): pass\n"})


def scores(view, text):
    (found,) = match_names([view], parse_query(text))
    symbols = view.segment.symbols
    return {
        symbols.qualified_names[row] if row < len(symbols) else name_of_row(view, row): float(found.symbols[row])
        for row in range(len(found.symbols))
        if found.symbols[row] > 0
    }


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("fetch_with_retry", "net.wire.fetch_with_retry"),
        ("fetchWithRetry", "net.wire.fetch_with_retry"),
        ("fetch-with-retry", "net.wire.fetch_with_retry"),
        ("FETCH_ALL", "net.wire.fetchAll"),
        ("fetch_wit", "net.wire.fetch_with_retry"),
        ("fwr", "net.wire.fetch_with_retry"),
        ("fetch_wth_retry", "net.wire.fetch_with_retry"),
        ("hidden_state", "net.wire._hidden_state"),
        ("with_retry", "net.wire.fetch_with_retry"),
        ("Server.send", "net.wire.Server.send"),
        ("wire", "wire.py"),
    ],
)
def test_the_name_that_fits_best(view, text, best):
    found = scores(view, text)
    assert max(found, key=found.__getitem__) == best


def test_the_ways_of_matching_stand_in_order(view):
    exact = scores(view, "fetch_with_retry")["net.wire.fetch_with_retry"]
    style = scores(view, "fetchWithRetry")["net.wire.fetch_with_retry"]
    prefix = scores(view, "fetch_wit")["net.wire.fetch_with_retry"]
    humps = scores(view, "fwr")["net.wire.fetch_with_retry"]
    assert 1.0 == exact > style > prefix > humps > 0


def test_a_longer_name_is_worth_less_than_the_exact_one(view):
    found = scores(view, "send")
    assert found["net.wire.Client.send"] == 1.0
    assert found["net.wire.Client.send_all"] < 0.9


def test_a_container_that_does_not_fit_costs(view):
    found = scores(view, "Server.send")
    assert found["net.wire.Server.send"] == 1.0
    assert found["net.wire.Client.send"] < 0.9


def test_a_name_that_many_files_define_counts_less_for_each_in_prose(view):
    (shared,) = match_names([view], parse_query("how does wire.send work"))
    (alone,) = match_names([view], parse_query("how does wire.fetch_with_retry work"))
    assert max(shared.files) < max(alone.files)


def test_plain_words_count_less_than_written_names(view):
    assert 0 < scores(view, "who may send what")["net.wire.Client.send"] < 0.5


@pytest.mark.parametrize("text", ["zzzz", "quantum_zebra"])
def test_a_foreign_name_fits_nothing(view, text):
    assert scores(view, text) == {}


def test_dead_names_do_not_fit():
    view = view_of({"a.py": "def send(): pass\n", "b.py": "def send(): pass\n"}, dead=["a.py"])
    assert set(scores(view, "send")) == {"b.send"}
