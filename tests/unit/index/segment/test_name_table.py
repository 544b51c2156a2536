from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semlens.core.text.identifiers import split_identifier
from semlens.index.segment.columns import StringColumn
from semlens.index.segment.name_table import KEY_BYTES, NameTable, fold_text
from semlens.index.segment.terms import initials

NAMES = ["fetch_with_retry", "Fetch", "fetcher", "HTTPServer", "parseConfig", "fwr", "Äpfel", "", "x"]


def table(names: list[str]) -> NameTable:
    return NameTable.build(
        StringColumn.of(names), StringColumn.of(initials(name, split_identifier(name)) for name in names)
    )


def by_prefix(names: list[str], prefix: str) -> list[str]:
    return [names[row] for row in table(names).with_prefix(fold_text(prefix)).tolist()]


def test_prefix_search_ignores_case_and_is_ordered():
    assert by_prefix(NAMES, "FETCH") == ["Fetch", "fetch_with_retry", "fetcher"]
    assert by_prefix(NAMES, "fetch_") == ["fetch_with_retry"]
    assert by_prefix(NAMES, "Äp") == ["Äpfel"]
    assert by_prefix(NAMES, "y") == []
    assert by_prefix(NAMES, "") == []


def test_an_empty_name_table():
    nothing = table([])
    assert not len(nothing.with_prefix(b"a"))
    assert not len(nothing.with_humps(b"a"))
    assert not len(nothing.alike(b"abc")[0])


def test_long_names_are_found_by_their_stored_prefix():
    long = "a" * (KEY_BYTES + 5)
    names = [long, "a" * KEY_BYTES, "a" * (KEY_BYTES - 1)]
    assert set(by_prefix(names, long)) == {long, "a" * KEY_BYTES}


def test_camel_case_humps():
    found = table(NAMES).with_humps(b"fw")
    assert [NAMES[row] for row in found.tolist()] == ["fetch_with_retry"]
    assert [NAMES[row] for row in table(NAMES).with_humps(b"hs").tolist()] == ["HTTPServer"]


@pytest.mark.parametrize("typed", ["fetch_with_rety", "fetchwithretry", "fecth_with_retry"])
def test_a_mistyped_name_is_similar(typed):
    rows, shares = table(NAMES).alike(fold_text(typed))
    assert NAMES[rows[shares.argmax()]] == "fetch_with_retry"
    assert 0.4 <= shares.max() <= 1.0


def test_a_name_is_identical_to_itself():
    names = [f"load_part_{n}" for n in range(50)]
    rows, shares = table(names).alike(b"load_part_7")
    assert rows.tolist() == list(range(50))
    assert [names[row] for row in rows[shares == 1.0]] == ["load_part_7"]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)), st.data())
def test_prefix_search_equals_a_plain_scan(names, data):
    pool = [fold_text(name) for name in names] or [b"a"]
    word = data.draw(st.sampled_from(pool))
    prefix = word[: data.draw(st.integers(1, KEY_BYTES))]
    found = sorted(table(names).with_prefix(prefix).tolist())
    assert found == [row for row, name in enumerate(names) if prefix and fold_text(name).startswith(prefix)]


@given(st.lists(st.text("abC_", max_size=8), min_size=1, max_size=20))
def test_trigrams_never_cross_from_one_name_into_the_next(names):
    built = table(names)
    for row, name in enumerate(names):
        padded = b"\1" + fold_text(name) + b"\1"
        expected = {(padded[i] << 16) | (padded[i + 1] << 8) | padded[i + 2] for i in range(len(padded) - 2)}
        held = {
            term
            for term in built.trigrams.terms.tolist()
            if row in built.trigrams.rows[built.trigrams.find(term)].tolist()
        }
        assert held == expected


def test_capitals_beyond_ascii_keep_their_bytes():
    assert fold_text("ÄB") == "Äb".encode()
    assert np.array_equal(np.frombuffer(fold_text("İ"), np.uint8), np.frombuffer("İ".encode(), np.uint8))


def test_several_names_are_looked_up_at_once():
    names = ["fetch", "Fetch", "fetcher", "fetch.py", "fetch_all", "", "a" * (KEY_BYTES + 2)]
    found = table(names).beginning([b"fetch", b"nothing", b"a" * (KEY_BYTES + 2)])
    assert [sorted(names[row] for row in rows) for rows in found] == [
        ["Fetch", "fetch", "fetch.py"],
        [],
        ["a" * (KEY_BYTES + 2)],
    ]
    assert [len(rows) for rows in table([]).beginning([b"a"])] == [0]
