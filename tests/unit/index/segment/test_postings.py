from __future__ import annotations

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from semlens.index.segment.postings import WEIGHT_OF_CODE, Postings, encode_weights

Oracle = dict[int, dict[int, float]]
"""Weight by row by term."""

TERMS = st.integers(0, 12) | st.sampled_from([2**64 - 1, 2**63, 7_000_000_000])
WEIGHTS = st.floats(0.05, 80)
tables = st.dictionaries(TERMS, st.dictionaries(st.integers(0, 30), WEIGHTS, min_size=1, max_size=8), max_size=8)


def build(oracle: Oracle) -> Postings:
    entries = sorted((row, term, weight) for term, rows in oracle.items() for row, weight in rows.items())
    return Postings.build(
        np.array([term for _, term, _ in entries], np.uint64),
        np.array([row for row, _, _ in entries], np.uint32),
        encode_weights(np.array([weight for _, _, weight in entries], np.float32)),
    )


def read(postings: Postings) -> Oracle:
    found: Oracle = {}
    for term in postings.terms.tolist():
        where = postings.find(term)
        rows, weights = postings.rows[where].tolist(), WEIGHT_OF_CODE[postings.codes[where]].tolist()
        assert rows == sorted(rows)
        found[term] = dict(zip(rows, weights, strict=True))
    return found


def alike(found: Oracle, expected: Oracle) -> bool:
    """Weights are kept in steps of 3 %."""
    return found.keys() == expected.keys() and all(
        found[term].keys() == rows.keys()
        and all(abs(found[term][row] - weight) <= 0.02 * weight for row, weight in rows.items())
        for term, rows in expected.items()
    )


@given(tables)
def test_postings_are_found(oracle):
    postings = build(oracle)
    assert alike(read(postings), oracle)
    assert postings.terms.tolist() == sorted(oracle)


@given(tables, TERMS)
def test_an_unknown_term_has_no_rows(oracle, term):
    where = build({key: rows for key, rows in oracle.items() if key != term}).find(term)
    assert where == slice(0, 0)


@given(tables, st.lists(TERMS, unique=True))
def test_rows_of_several_terms_appear_once_per_term(oracle, terms):
    found = build(oracle).rows_of(np.array(terms, np.uint64))
    assert sorted(found.tolist()) == sorted(row for term in terms for row in oracle.get(term, {}))


@given(tables, st.sets(st.integers(0, 30)))
def test_dropped_rows_are_gone_and_the_others_renumbered(oracle, dropped):
    kept = [row for row in range(31) if row not in dropped]
    new_rows = np.full(31, -1, np.int64)
    new_rows[kept] = np.arange(len(kept))
    merged = Postings.merge([(build(oracle), new_rows)])
    expected: Oracle = {}
    for term, rows in oracle.items():
        left = {int(new_rows[row]): weight for row, weight in rows.items() if row not in dropped}
        if left:
            expected[term] = left
    assert alike(read(merged), expected)


@given(st.lists(tables, min_size=1, max_size=4))
def test_merged_postings_equal_those_built_at_once(parts):
    together: Oracle = defaultdict(dict)
    for number, oracle in enumerate(parts):
        for term, rows in oracle.items():
            together[term] |= {row + 31 * number: weight for row, weight in rows.items()}
    merged = Postings.merge(
        [(build(oracle), np.arange(31, dtype=np.int64) + 31 * number) for number, oracle in enumerate(parts)]
    )
    at_once = build(together)
    for name in ("terms", "offsets", "rows", "codes"):
        assert np.array_equal(getattr(merged, name), getattr(at_once, name)), name


def test_no_postings():
    empty = Postings.empty()
    assert empty.find(3) == slice(0, 0)
    assert not len(empty.rows_of(np.array([3], np.uint64)))
    assert not len(Postings.build(np.zeros(0, np.uint64), np.zeros(0, np.uint32), np.zeros(0, np.uint8)).terms)


def test_weights_out_of_range_are_clamped():
    weights = np.array([0.0, 1e9], np.float32)
    postings = Postings.build(np.array([1, 1], np.uint64), np.array([0, 1], np.uint32), encode_weights(weights))
    low, high = WEIGHT_OF_CODE[postings.codes[postings.find(1)]].tolist()
    assert 0 < low < 0.05
    assert 80 < high < 100


def test_looking_up_terms_together_equals_one_by_one():
    terms = np.array([3, 3, 7, 9], np.uint64)
    postings = Postings.build(terms, np.arange(4, dtype=np.uint32), np.zeros(0, np.uint8))
    asked = [1, 3, 7, 8, 9, 10]
    assert postings.find_all(np.array(asked, np.uint64)) == [postings.find(term) for term in asked]
    assert Postings.empty().find_all(np.array([1], np.uint64)) == [slice(0, 0)]
