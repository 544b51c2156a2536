from __future__ import annotations

import numpy as np
import pytest
from search_cases import snapshot_of, view_of

from semlens.core.cancel import CancelToken
from semlens.core.request import SearchRequest
from semlens.core.status import TierRole
from semlens.embedding.registry import find_model, load_embedder
from semlens.search.query.query import parse_query
from semlens.search.ranking.confidence import confidence_of, gather_evidence
from semlens.search.ranking.confidence_weights import MODELS, NOTHING_FITS, WEIGHTS
from semlens.search.ranking.rank import rank_answer
from semlens.search.signals.text_evidence import QueryVector

FILES = {
    "net/retry.py": '''
        def fetch_with_retry(url, attempts=3):
            """Download a page again when the connection was lost."""
            for number in range(attempts):
                connect(url)
    ''',
    "net/client.py": "def load_page(url):\n    return fetch_with_retry(url)\n",
    "ui/window.py": "class Window:\n    def resize(self, width, height):\n        self.width = width\n",
}
QUERIES = {
    "text": "download a page again when the connection was lost",
    "name": "fetch_with_retry",
    "literal": "ValueError: the connection was lost",
    "report": "The download stops\n\n" + "It stops when the connection is lost, and nothing is tried again.\n" * 5,
}


def answer(query, **request):
    snapshot = snapshot_of(view_of(FILES))
    return rank_answer(snapshot, SearchRequest(query, **request), parse_query(query), [], CancelToken())


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("fetch_with_retry", True),
        ("download a page again when the connection was lost", True),
        ("resize the window", True),
        ("net/client.py", True),
        ('Traceback:\n  File "/srv/net/retry.py", line 4, in fetch_with_retry\nOSError: lost', True),
        ("lang:python", True),
        ("parse_quaternion", False),
        ("page of the quarterly invoice for wholesale customers", False),
        ("lang:rust", False),
        ("???", False),
        ("", False),
    ],
)
def test_an_answer_says_whether_it_fits(query, fits):
    confidences = {limit: answer(query, limit=limit).confidence for limit in (1, 3, 50)}
    assert len(set(confidences.values())) == 1, "it does not depend on the number of hits"
    assert 0.0 <= confidences[3] <= 1.0
    assert (confidences[3] >= NOTHING_FITS) is fits


@pytest.mark.parametrize(
    ("query", "fits"), [("upload", True), ("uploads", True), ("parcel", False), ("upload parcel", False)]
)
def test_many_names_with_the_word_of_a_query_fit(query, fits):
    files = {
        f"{name}.py": f"def {name}_upload(item):\n    store(item)\n"
        for name in ("queue", "retry", "stop", "list", "show")
    }
    snapshot = snapshot_of(view_of(files))
    confidence = rank_answer(snapshot, SearchRequest(query), parse_query(query), [], CancelToken()).confidence
    assert (confidence >= NOTHING_FITS) is fits


def evidence_with(query, *vectors):
    hit = {role: 0.5 for role, *_ in vectors}
    query_vectors = [QueryVector(fingerprint, role, np.ones(1, np.float32)) for role, fingerprint in vectors]
    return gather_evidence(parse_query(query), [hit], [1.0], {}, 10, query_vectors)


MODEL_SETS = {
    "words": (),
    "first": ((TierRole.FIRST, MODELS["first"]),),
    "refine": ((TierRole.FIRST, MODELS["first"]), (TierRole.REFINE, MODELS["refine"])),
}


@pytest.mark.parametrize("sort", QUERIES)
@pytest.mark.parametrize("models", MODEL_SETS)
def test_each_sort_of_query_and_each_set_of_models_has_weights(sort, models):
    evidence = evidence_with(QUERIES[sort], *MODEL_SETS[models])
    assert evidence.table == f"{sort}.{models}"
    assert WEIGHTS[evidence.table].keys() == {"bias", *evidence.features}
    assert 0.0 < confidence_of(parse_query(QUERIES[sort]), evidence) < 1.0


def test_cosines_of_a_model_that_was_not_calibrated_are_left_out():
    others = (TierRole.FIRST, "another"), (TierRole.REFINE, MODELS["refine"])
    assert evidence_with("how to send mail", *others).table == "text.words"


def test_the_weights_belong_to_the_models_that_ship():
    for role, name in (("first", "semlens-static-v1"), ("refine", "semlens-minilm-v1")):
        assert load_embedder(find_model(name)).manifest.fingerprint == MODELS[role]
