from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from semlens.core.text.identifiers import identifiers_in
from semlens.index.segment.terms import (
    STOP_WORDS,
    count_terms,
    hashes_of_identifier,
    initials,
    path_terms,
    term_hash,
)


def test_a_term_has_the_same_hash_everywhere():
    assert term_hash("retry") == term_hash("retry") != term_hash("retri")
    assert 0 <= term_hash("\udcff") < 2**64


def test_words_of_code_and_of_queries_give_the_same_terms():
    code = count_terms("fetchWithRetries(HTTPServer)")
    for word in ("fetch", "retry", "http", "servers"):
        assert hashes_of_identifier(word)[0] in code
    assert term_hash("fetchwithretries") in code


def test_stop_words_have_no_terms():
    assert not count_terms("the if return self")
    assert "the" in STOP_WORDS


@given(st.lists(st.sampled_from(["alpha", "beta", "gamma"])))
def test_terms_are_counted(words):
    counts = count_terms(" ".join(words))
    assert counts.total() == len(words)
    for word in set(words):
        assert counts[hashes_of_identifier(word)[0]] == words.count(word)


def test_a_path_gives_its_stem_and_its_folders():
    stem, folders = path_terms("net/http/retry_policy.test.py")
    assert term_hash("retri") in stem
    assert term_hash("py") not in stem
    assert {term_hash("net"), term_hash("http")} <= folders.keys()


def test_windows_paths_are_split_the_same_way():
    assert path_terms("net\\retry.py") == path_terms("net/retry.py")


def test_initials():
    assert initials("fetch_with_retry", ("fetch", "with", "retry")) == "fwr"
    assert initials("", ()) == ""


def test_an_identifier_of_any_script():
    assert identifiers_in("größe_mm") == ["größe_mm"]
    assert len(count_terms("größe")) == len(count_terms("größe größe")) >= 1
