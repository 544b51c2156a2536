"""How well the words of a question fit the code decides how much its meaning counts."""

from __future__ import annotations

import pytest
from search_cases import view_of

from semlens.core.cancel import CancelToken
from semlens.core.request import SearchRequest
from semlens.core.status import TierRole
from semlens.embedding.registry import find_model, load_embedder
from semlens.search.query.query import parse_query
from semlens.search.ranking.prose_weights import PROSE
from semlens.search.ranking.rank import DEFAULT_LIMIT
from semlens.search.ranking.word_fit import best_matches, word_fit
from semlens.search.readers.reader import Question
from semlens.search.readers.view_reader import find_candidates
from semlens.search.signals.text_evidence import QueryVector

FILES = {
    "mail/sender.py": 'def send_letter(address, stamp):\n    """Send a letter to an address."""\n    return post(address, stamp)\n',
    "mail/box.py": "class Mailbox:\n    def open(self):\n        return self.key.turn()\n",
}


@pytest.fixture(scope="module")
def embedder():
    return load_embedder(find_model("semlens-static-v1"))


def table_of(text, embedder, *, with_vector=True):
    query = parse_query(text)
    vector = QueryVector(embedder.manifest.fingerprint, TierRole.FIRST, embedder.embed_query(query.text))
    vectors = [vector] if with_vector else []
    question = Question(SearchRequest(text), query, vectors, "", DEFAULT_LIMIT, CancelToken())
    return query, find_candidates([view_of(FILES, embedder=embedder)], question)


def fit_of(text, embedder, *, with_vector=True):
    query, table = table_of(text, embedder, with_vector=with_vector)
    return word_fit(table, query)


def test_words_of_the_code_fit_better_than_other_words(embedder):
    texts = ("send to an address with a stamp", "send parcels abroad", "hand over correspondence to somebody abroad")
    fits = [fit_of(text, embedder) for text in texts]
    assert fits == sorted(fits, reverse=True)
    assert fits[0].files > 0.8
    assert fits[2].files < 0.4


def test_the_order_of_symbols_listens_more_to_meaning_than_that_of_files(embedder):
    fit = fit_of("send parcels abroad", embedder)
    assert 0.0 < fit.symbols < fit.files - 0.05


@pytest.mark.parametrize("text", ["send parcels to_nowhere abroad", 'parcels "address" abroad'])
def test_a_name_or_a_quotation_is_trusted_within_a_file(embedder, text):
    """The order of files asks only whether the code defines the name."""
    plain = text.replace("_", " ").replace('"', "")
    assert fit_of(text, embedder).symbols > 2 * fit_of(plain, embedder).symbols


def test_within_a_file_a_written_name_is_trusted_as_much_as_among_files(embedder):
    plain, written = (fit_of(text, embedder) for text in ("how letters reach nobody", "how letters reach no_body"))
    assert plain.symbols < plain.files
    assert written.symbols == written.files


@pytest.mark.parametrize(
    ("text", "explains"),
    [
        ("how letters reach their readers", True),
        ("How are letters carried to a reader?", True),
        ("how do senders carry letters", True),
        ("how to carry letters", False),
        ("how do I carry letters", False),
        ("how many letters a reader has", False),
        ("show letters and their readers", False),
        ("letters, and how they reach readers", False),
    ],
)
def test_who_asks_how_something_works_uses_the_words_of_the_code(embedder, text, explains):
    query, table = table_of(text, embedder)
    assert best_matches(table, query)["how"] == explains
    assert PROSE[TierRole.FIRST]["fit"]["how"] > 0
    assert PROSE[TierRole.REFINE]["fit"]["how"] > 0


@pytest.mark.parametrize("text", ["Mailbox", "ValueError: no such address 'x'", "a = open(key); b()"])
def test_only_questions_count_by_meaning(embedder, text):
    assert fit_of(text, embedder) == (1.0, 1.0)


def test_without_vectors_only_words_count(embedder):
    assert fit_of("hand over correspondence to somebody", embedder, with_vector=False) == (1.0, 1.0)
