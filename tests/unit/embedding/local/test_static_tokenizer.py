from __future__ import annotations

import pytest
from model_cases import passage

from semlens.embedding.local.static_tokenizer import FIELD_LIMITS, QUERY_LIMIT, WordTable

WORDS = ["", "fetch", "retry", "retries", "url", "get", "pre", "fetcher", "s", "http", "server", "2", "the"]
IDS = {word: index for index, word in enumerate(WORDS)}


@pytest.fixture
def table():
    return WordTable(WORDS)


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("fetchRetries", ["fetch", "retries"]),
        ("HTTPServer2", ["http", "server", "2"]),
        ("fetch_fetch", ["fetch"]),
        ("prefetcher", ["pre", "fetcher"]),
        ("prefetchers", ["pre", "fetcher"]),
        ("fetchurl", ["fetch", "url"]),
        ("qqqqqqqq", []),
        ("x", []),
        ("1234567", []),
        ("url" + "z" * 9, []),
        ("z" * 81, []),
    ],
)
def test_identifiers_are_split_into_known_words_and_pieces(table, identifier, expected):
    assert table.ids_of_identifier(identifier) == tuple(IDS[word] for word in expected)


def test_padding_is_ignored(table):
    assert 0 not in table.ids(("fetch", "", "_ __ 0"), 10)


def test_words_are_distinct_and_in_order(table):
    assert table.ids(("retry fetch", "fetchRetry url"), 10) == [IDS["retry"], IDS["fetch"], IDS["url"]]


def test_each_part_of_a_passage_is_a_field(table):
    fields = table.passage(
        passage("fetch", "retries(2)", qualifier="HttpServer", signature="get(url)", documentation="The url.")
    )
    expected = (["http", "server", "fetch"], ["get", "url"], ["the", "url"], ["retries"])
    assert fields == tuple([IDS[word] for word in words] for words in expected)


def test_long_text_is_truncated():
    words = ["", *(f"{a}{b}word" for a in "abcdefghijklmnopqrstuvwxyz" for b in "abcdefghijklmnopqrstuvwxyz")]
    table = WordTable(words)
    text = " ".join(words[1:])
    fields = table.passage(passage(text, text, signature=text, documentation=text))
    assert tuple(map(len, fields)) == FIELD_LIMITS
    assert len(table.query(text * 3)) == QUERY_LIMIT


def test_the_cache_of_identifiers_is_bounded(table, monkeypatch):
    monkeypatch.setattr("semlens.embedding.local.static_tokenizer._MAX_CACHED_IDENTIFIERS", 3)
    for letter in "abcdefghij":
        assert table.ids_of_identifier(f"fetch_{letter}") == (IDS["fetch"],)
    assert len(table._ids_by_identifier) <= 3


@pytest.mark.parametrize("text", ["", "()", "\x00\ud800", "C++ !!", "日本語", "9" * 100_000, "_" * 5_000])
def test_any_text_is_tokenized(table, text):
    assert table.passage(passage(text, text)) == ([], [], [], [])
    assert table.query(text) == []
