from __future__ import annotations

import numpy as np
import pytest

from semlens.core.request import SearchRequest
from semlens.search.query.query import parse_query
from semlens.search.ranking.highlight import best_lines
from semlens.search.ranking.page import choose_page, sigmoid
from semlens.search.ranking.reasons import reasons_of

PATHS = ["a.py", "b.py", "c.py"]


def page(files, *, text="words", **request):
    order = list(range(len(files)))
    return choose_page(order, np.array(files), PATHS.__getitem__, SearchRequest(text, **request), parse_query(text))


@pytest.mark.parametrize(
    ("files", "per_file", "expected"),
    [
        ([0, 0, 0, 1], 2, [0, 1, 3, 2]),
        ([0, 0, 0, 1], 1, [0, 3, 1, 2]),
        ([0, 0, 0, 1], 0, [0, 1, 2, 3]),
        ([0, 1, 2], 1, [0, 1, 2]),
    ],
)
def test_hits_beyond_the_limit_per_file_come_later(files, per_file, expected):
    assert page(files, per_file=per_file) == expected


def test_a_query_that_names_the_file_is_not_limited():
    assert page([0, 0, 0, 1], per_file=1, text="all of a.py") == [0, 1, 2, 3]


def test_the_limit_per_file_holds_for_the_first_ten_only():
    files = [0] * 12 + [1] * 3
    assert page(files, per_file=2, limit=15)[:4] == [0, 1, 12, 13]
    assert sorted(page(files, per_file=2, limit=15)) == list(range(15))


def test_the_limit():
    assert page([0, 1, 2], limit=2) == [0, 1]
    assert page([], limit=2) == []


def test_scores_rise_with_sums_and_never_overflow():
    assert 0 <= sigmoid(-1e9) < sigmoid(0) < sigmoid(8) < sigmoid(20) <= sigmoid(1e9) <= 1


def test_the_best_lines_have_the_most_words_of_the_query():
    lines = [
        "def f():",
        "    opened = open(path)",
        "    # nothing",
        "    retry the delayed request",
        "    return opened",
    ]
    assert best_lines(lines, 10, parse_query("delay of a retried request")) == ((13, 13),)
    assert best_lines(lines, 10, parse_query("zebra")) == ()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("query", "rows = all_queries[1:]"),
        ("queries", "rows = QueryOf(table)"),
        ("validation", "self.validate(form)"),
        ("is running", "def run():"),
        ("http server", "class HTTPServer2:"),
        ("fetch_all", "limit = FETCH_ALL"),
        ("fetchAll", "limit = FETCHALL"),
        ("Größe", "self.größe = 1"),
        ("größe", "GRÖSSE, GRÖßE = 1, 2"),
    ],
)
def test_a_line_matches_by_any_form_of_a_word(text, line):
    assert best_lines(["pass", line, ""], 0, parse_query(text)) == ((1, 1),)


def test_a_word_of_one_letter_matches():
    assert best_lines(["x = 1", "for i in y:", "z = 2"], 0, parse_query("i_j")) == ((1, 1),)


def test_a_word_inside_another_does_not_match():
    lines = ["address = 1", "padding = 2", "total = add(1, 2)"]
    assert best_lines(lines, 0, parse_query("add")) == ((2, 2),)


@pytest.mark.parametrize(
    ("features", "text", "expected"),
    [
        ({"name": 1.0, "words": 0.9}, "send_all", ("name",)),
        ({"words": 0.9, "first": 0.5}, "how to send", ("words", "meaning")),
        ({"frame": 1.0, "name": 0.4}, "how to send", ("trace", "name")),
        ({"file.path": 1.0}, "net/a.py", ("path",)),
        ({"first": 0.1}, "how to send", ("meaning",)),
        ({"recent": 1.0}, "", ("recent",)),
        ({"shape": 0.9}, "", ()),
        ({"file.size": 1.0, "words": 0.0, "frame": 0.0}, "lang:go", ()),
        ({"first": -0.1}, "how to send", ()),
        ({}, "", ()),
    ],
)
def test_reasons(features, text, expected):
    assert reasons_of(features, parse_query(text)) == expected
