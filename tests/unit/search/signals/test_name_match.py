from __future__ import annotations

import pytest
from search_cases import view_of

from semlens.search.query.query import parse_query
from semlens.search.signals import name_match as names
from semlens.search.signals.fuzzy_names import name_of_row
from semlens.search.signals.name_match import NameSearch

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


def match_names(views, query):
    """The evidence of these views, which are all."""
    search = NameSearch(views, query)
    return search.evidence([search.counts()])


@pytest.fixture(scope="module")
def view():
    return view_of({"net/wire.py": SOURCE, "net/other.py": "def send(): pass\n"})


def scores(view, text):
    return scores_in([view], text)


def scores_in(views, text):
    found = {}
    for view, evidence in zip(views, match_names(views, parse_query(text)), strict=True):
        symbols = view.segment.symbols
        for row in range(len(evidence.symbols)):
            if evidence.symbols[row] > 0:
                name = symbols.qualified_names[row] if row < len(symbols) else name_of_row(view, row)
                found[name] = float(evidence.symbols[row])
    return found


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


def test_kinds_of_name_match_are_ordered(view):
    exact = scores(view, "fetch_with_retry")["net.wire.fetch_with_retry"]
    style = scores(view, "fetchWithRetry")["net.wire.fetch_with_retry"]
    prefix = scores(view, "fetch_wit")["net.wire.fetch_with_retry"]
    humps = scores(view, "fwr")["net.wire.fetch_with_retry"]
    assert 1.0 == exact > style > prefix > humps > 0


def test_a_longer_name_scores_less_than_the_exact_one(view):
    found = scores(view, "send")
    assert found["net.wire.Client.send"] == 1.0
    assert found["net.wire.Client.send_all"] < 0.9


def test_a_wrong_container_lowers_the_score(view):
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
def test_an_unrelated_name_matches_nothing(view, text):
    assert scores(view, text) == {}


def test_deleted_names_do_not_match():
    view = view_of({"a.py": "def send(): pass\n", "b.py": "def send(): pass\n"}, dead=["a.py"])
    assert set(scores(view, "send")) == {"b.send"}


MANY = {
    f"part{number}.py": "".join(f"def parse_config{'x' * number}_{letter}(): pass\n" for letter in "abcdefghij")
    for number in range(60)
}
"""More names than the limit of candidates, of many lengths."""


@pytest.mark.parametrize("text", ["parse_con", "prase_configxx_a", "pc", "configxx"])
@pytest.mark.parametrize("n_segments", [2, 7, 60])
def test_name_matches_do_not_depend_on_segments(text, n_segments):
    paths = list(MANY)
    parts = [paths[start::n_segments] for start in range(n_segments)]
    views = [view_of({path: MANY[path] for path in part}) for part in parts]
    expected = scores(view_of(MANY), text)
    assert expected
    assert scores_in(views, text) == expected


@pytest.mark.parametrize(("text", "better"), [("parse_con", "parse_conf"), ("prase_configxx_a", "prase_configxx_b")])
def test_deleted_names_do_not_use_up_the_limit(text, better):
    old = {f"old{number}.py": "".join(f"def {better}{n}(): pass\n" for n in range(10)) for number in range(60)}
    assert scores(view_of({**old, **MANY}, dead=tuple(old)), text) == scores(view_of(MANY), text)


def test_fuzzy_and_exact_matches_do_not_hide_each_other():
    bearers = {f"part{number}.py": "class Connection: pass\n" for number in range(90)}
    view = view_of({**bearers, "other.py": "class OldConnections: pass\n"})
    assert len([name for name in scores(view, "Conection") if name.endswith(".Connection")]) == len(bearers)
    assert "other.OldConnections" in scores(view, "Connection")


@pytest.mark.parametrize("n_segments", [1, 4])
def test_a_common_name_as_a_plain_word_is_no_evidence(monkeypatch, n_segments):
    monkeypatch.setattr(names, "MAX_COMMON", 3)
    files = {f"part{number}.py": "def send(): pass\n" for number in range(4)}
    paths = list(files)
    views = [view_of({path: files[path] for path in paths[start::n_segments]}) for start in range(n_segments)]
    assert not scores_in(views, "how are bytes send over")
    assert len(scores_in(views[:1], "send")) == len(paths) // n_segments  # but a query by name finds it
