from __future__ import annotations

import math
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from outlines import passage

from semlens.core.symbol import Passage, SymbolKind
from semlens.index.segment.bm25f import weigh_passages
from semlens.index.segment.terms import (
    BODY,
    DOCUMENTATION,
    NAME,
    NAME_MARK,
    QUALIFIER,
    count_terms,
    hashes_of_identifier,
    name_term_hash,
    weigh_path,
)

TEXTS = st.lists(st.sampled_from("fetch retry_all HTTPServer fetchRetry the x1 größe self _ ()".split())).map(" ".join)
PASSAGES = st.builds(
    lambda qualifier, name, signature, documentation, body: Passage(
        -1, 0, 0, SymbolKind.FUNCTION, qualifier, name, signature, documentation, body
    ),
    TEXTS, TEXTS, TEXTS, TEXTS, TEXTS,
)  # fmt: skip
PATHS = st.sampled_from(["net/retry.py", "fetch/all/server.py", "x", "größe/fetch.go"])


def weigh(one: Passage, of_path: dict[int, float] | None = None) -> dict[int, float]:
    terms, rows, weights = weigh_passages([(of_path or {}, (one,))])
    assert not rows.any()
    return dict(zip(terms.tolist(), weights.tolist(), strict=True))


def one_by_one(one: Passage, of_path: dict[int, float]) -> dict[int, float]:
    """The formula, computed word by word."""
    weights = dict(of_path)
    body = count_terms(one.body)
    body.update(count_terms(one.signature))
    for counts, field in (
        (count_terms(one.qualifier), QUALIFIER), (count_terms(one.name), NAME),
        (count_terms(one.documentation), DOCUMENTATION), (body, BODY),
    ):  # fmt: skip
        for term, n in counts.items():
            weights[term] = weights.get(term, 0.0) + n * field.factor(counts.total())
    for term in count_terms(one.name):
        weights[name_term_hash(term)] = NAME_MARK
    return {term: float(np.float32(weight)) for term, weight in weights.items()}


@given(st.lists(st.tuples(PATHS, st.lists(PASSAGES, max_size=4)), max_size=4))
def test_a_batch_has_the_weights_of_single_passages(files):
    weighed = weigh_passages((weigh_path(path), tuple(passages)) for path, passages in files)
    found: dict[int, dict[int, float]] = {}
    for term, row, weight in zip(*(column.tolist() for column in weighed), strict=True):
        assert term not in found.setdefault(row, {})
        found[row][term] = weight
    expected = [one_by_one(one, weigh_path(path)) for path, passages in files for one in passages]
    assert [found.get(row, {}) for row in range(len(expected))] == expected


@given(st.lists(PASSAGES, min_size=2, max_size=6))
def test_rows_ascend_within_a_term(passages):
    terms, rows, _ = weigh_passages([({}, tuple(passages))])
    last: Counter[int] = Counter()
    for term, row in zip(terms.tolist(), rows.tolist(), strict=True):
        assert last[term] <= row
        last[term] = row


def test_no_passages_have_no_terms():
    assert all(not len(column) for column in weigh_passages([]))
    assert all(not len(column) for column in weigh_passages([(weigh_path("net/retry.py"), ())]))


def test_weights_of_fields_are_summed():
    (term,) = hashes_of_identifier("alpha")

    def weight(name: str, body: str) -> float:
        return weigh(Passage(-1, 0, 0, SymbolKind.FILE, "", name, "", "", body))[term]

    of_name, of_body, both = weight("alpha", ""), weight("", "alpha"), weight("alpha", "alpha")
    assert math.isclose(both, of_name + of_body, rel_tol=1e-6)
    assert math.isclose(of_name, NAME.factor(1), rel_tol=1e-6)
    assert math.isclose(of_body, BODY.factor(1), rel_tol=1e-6)


def test_a_term_in_a_longer_text_weighs_less():
    (term,) = hashes_of_identifier("alpha")
    short, long = (weigh(passage("f", f"alpha {'beta ' * n}"))[term] for n in (1, 200))
    assert short > long > 0


def test_the_path_counts_for_each_passage():
    of_path = weigh_path("net/retry.py")
    assert weigh(passage("f"), of_path).items() >= {term: float(np.float32(w)) for term, w in of_path.items()}.items()
