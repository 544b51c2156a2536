from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semlens.core.request import TestFilter
from semlens.core.symbol import SymbolKind
from semlens.index.segment.terms import term_hash
from semlens.search.query.query import MAX_QUERY_CHARS, Name, QueryKind, parse_query


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("fetch_with_retry", QueryKind.NAME),
        ("Client.fetch", QueryKind.NAME),
        ("net::Retry", QueryKind.NAME),
        ("gin.Context.JSON", QueryKind.NAME),
        ("package.json", QueryKind.PATH),
        ("thread 'main' panicked at src/sync/mutex.rs:42:5", QueryKind.TRACE),
        ("net/retry.py:42:5", QueryKind.TRACE),
        ("net/retry.py", QueryKind.PATH),
        ("retry.py", QueryKind.PATH),
        ("src\\net\\retry", QueryKind.PATH),
        ("how are retries delayed", QueryKind.PROSE),
        ("what does fetch_with_retry do", QueryKind.PROSE),
        ("for item in items: total += item.price()", QueryKind.CODE),
        ("def fetch(url):\n    return get(url)", QueryKind.CODE),
        ("ValueError: the port must be positive", QueryKind.MESSAGE),
        ("No adapter was found for 'abc'", QueryKind.MESSAGE),
        ('File "a/b.py", line 3, in f', QueryKind.TRACE),
        ("", QueryKind.PROSE),
    ],
)
def test_the_kind_of_a_query(text, kind):
    assert parse_query(text).kind is kind


def test_a_dotted_name_is_split_into_name_and_container():
    assert parse_query("net.Client.fetch").names == (Name("fetch", ("net", "Client")),)


def test_only_identifiers_count_as_names_in_prose():
    query = parse_query("how does HTTPAdapter call send_request for a url")
    assert [name.text for name in query.names] == ["HTTPAdapter", "send_request"]


def test_stop_words_are_dropped_and_generic_words_weigh_little():
    weights = dict(parse_query("how is the cache file invalidated").terms)
    assert term_hash("the") not in weights
    assert 0 < weights[term_hash("file")] < weights[term_hash("cach")]
    assert weights[term_hash("cach")] == 1.0


def test_a_query_of_stop_words_only_keeps_them():
    assert parse_query("return").terms


def test_the_type_and_the_values_of_a_message_count_less_than_its_words():
    weights = dict(parse_query("KeyError: cannot resolve 'banana' twice").terms)
    assert weights[term_hash("banana")] < weights[term_hash("twic")]


@pytest.mark.parametrize(
    ("text", "asks", "wants"),
    [
        ("tests for the parser", True, True),
        ("unit test of retries", True, True),
        ("fake clock", True, False),
        ("retries in tests", True, True),
        ("a network inside one process, for unit tests", True, False),
        ("contest winner", False, False),
        ("how is the latest version found", False, False),
    ],
)
def test_a_query_about_tests_is_recognised(text, asks, wants):
    query = parse_query(text)
    assert (query.asks_for_tests, query.wants_tests) == (asks, wants)


def test_quoted_words_are_required_in_prose():
    assert parse_query('"exceeded" redirects').required == (term_hash("exceed"),)
    assert parse_query('x = call("exceeded"); y()').required == ()


def test_filters_are_removed_from_the_text():
    query = parse_query("retry kind:class lang:py path:src/** -path:legacy test:only in:Client policy")
    assert query.text == "retry policy"
    assert query.filter.kinds == {SymbolKind.CLASS}
    assert query.filter.languages == {"python"}
    assert query.filter.paths == ("src/**",)
    assert query.filter.exclude_paths == ("legacy",)
    assert query.filter.tests is TestFilter.ONLY
    assert query.container == "Client"
    assert query.notes == ()


@pytest.mark.parametrize(
    ("text", "named"),
    [("kind:banana retry", "kind:banana"), ("author:me retry", "author:me"), ("test:maybe x", "test:maybe")],
)
def test_an_unknown_filter_is_searched_as_words_and_noted(text, named):
    query = parse_query(text)
    assert query.text == text
    assert named in query.notes[0]


@pytest.mark.parametrize(
    "text", ["std::vector push", "http://example.org/a", "retry.py:40", "note: this is prose", "a:b"]
)
def test_colons_outside_filters_are_kept(text):
    query = parse_query(text)
    assert query.text == text
    assert query.filter.is_empty
    assert query.notes == ()


def test_pasted_lines_have_no_filters():
    assert parse_query("x = 1\npath:src y").filter.is_empty


def test_paths_within_prose():
    assert parse_query("what does net/retry.py do").paths == ("net/retry.py",)
    assert parse_query("either/or is no file").paths == ("either/or",)
    assert parse_query("see e.g. this").paths == ()


@given(st.text(max_size=300))
def test_any_text_is_a_valid_query(text):
    parse_query(text)


def test_a_long_query_is_truncated():
    assert len(parse_query("word " * 10_000).text) <= MAX_QUERY_CHARS


def test_neighbouring_words_are_joined_only_in_prose():
    joined = set(parse_query("how is a JSON array read").joined)
    assert {term_hash("jsonarray"), term_hash("json_array"), term_hash("arrayread")} <= joined
    assert parse_query("JsonArray").joined == ()
    assert parse_query("ValueError: no such array here").joined == ()


def test_short_forms_count_only_in_prose():
    assert {term_hash("config"), term_hash("cfg")} <= set(parse_query("where is the configuration read").forms)
    assert parse_query("Configuration").forms == ()
    assert parse_query("ValueError: no such configuration here").forms == ()


def test_quoted_words_weigh_fully_only_alone():
    weights = dict(parse_query('"netrc" lookup').terms)
    assert weights[term_hash("netrc")] < weights[term_hash("lookup")]
    assert dict(parse_query('the "netrc"').terms)[term_hash("netrc")] == 1.0
