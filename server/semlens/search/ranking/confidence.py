"""Estimates how probable it is that one of the first three hits is what was asked for.

A logistic regression over a few features of the query and of its first hits. `confidence_weights` has a table of
weights for each sort of query and each set of models; bench/learn_confidence.py learns them from questions with and
without an answer. The order of the hits does not depend on the confidence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from semlens.core.status import TierRole
from semlens.search.query.query import Query, QueryKind
from semlens.search.ranking.confidence_weights import MODELS, NOTHING_FITS, WEIGHTS
from semlens.search.ranking.weights import SCORE_WIDTH
from semlens.search.signals.text_evidence import QueryVector

FIRST_HITS = 3
"""The hits that the confidence is about."""

_FAR_HIT = 9
"""The margin of the first three is compared with that to the tenth hit, so that the scale of the sums cancels out."""

_ALL_NAMED = 0.95
"""From this share of the query's words in the name of a hit, something fits: `upload` finds `queueFileUpload`."""

_LARGE_FILE = 8.0
"""A feature of files is the logarithm of their lines. Hits in large files are right more often."""

_LESSER_FILES = ("file.test", "file.documentation", "file.example", "file.vendored", "file.generated", "file.old")
_MANY_WORDS = 12
_SORTS = {
    QueryKind.NAME: "name",
    QueryKind.PATH: "name",
    QueryKind.MESSAGE: "literal",
    QueryKind.CODE: "literal",
    QueryKind.TRACE: "name",
    QueryKind.REPORT: "report",
}

HitFeatures = Mapping[str, float]


class Evidence(NamedTuple):
    """What the confidence is computed from.

    :ivar table: key of the table of weights: the sort of the query, and the models that compared it with the code.
    :ivar features: by name, each about 0 to 1.
    """

    table: str
    features: Mapping[str, float]


def confidence_of(query: Query, evidence: Evidence | None) -> float:
    """The probability, 0 to 1. A query of filters alone is sure of its hits; without hits there is none.

    :param evidence: None when there are no hits.
    """
    if evidence is None:
        return 0.0
    if not query.terms and not query.paths:
        return 1.0 if query.has_filter else 0.0
    weights = WEIGHTS.get(evidence.table, {})  # a new table or feature counts nothing until it is learnt
    total = weights.get("bias", 0.0) + sum(weights.get(name, 0.0) * value for name, value in evidence.features.items())
    learnt = 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))
    # Many names with the same word make each of them improbable; that is no reason to say that nothing fits.
    return max(learnt, NOTHING_FITS) if evidence.features.get("named", 0.0) >= _ALL_NAMED else learnt


def gather_evidence(
    query: Query,
    hits: Sequence[HitFeatures],
    totals: Sequence[float],
    idf_weights: Mapping[int, float],
    n_passages: int,
    vectors: Iterable[QueryVector],
) -> Evidence | None:
    """The evidence of one answer; None when it has no hits.

    :param hits: the ranking's features of the first three hits. :param totals: the sums of the best hits, descending.
    :param idf_weights: weight times IDF of each query term that occurs in the index. :param n_passages: of the index.
    """
    if not hits:
        return None
    top = hits[:FIRST_HITS]

    def best(*names: str) -> float:
        return max(hit.get(name, 0.0) for hit in top for name in names)

    known = _known_share(query, idf_weights, n_passages)
    lead, spread = _lead_and_spread(totals)
    features = {
        "known": known,
        "covered": best("covered") * known,
        "named": best("named") * known,
        "name": best("name", "file.path", "frame"),
        "definition": best("file.definition"),
        "stem": best("file.stem"),
        "many_words": min(len(query.plain), _MANY_WORDS) / _MANY_WORDS,
        "has_name": float(bool(query.names)),
        "lesser": sum(any(hit.get(name, 0.0) for name in _LESSER_FILES) for hit in top) / len(top),
        "size": hits[0].get("file.size", 0.0) / _LARGE_FILE,
        "lead": lead,
        "spread": spread,
    }
    calibrated = {vector.role for vector in vectors if MODELS.get(vector.role) == vector.fingerprint}
    models = "words"
    for role in TierRole:
        if role not in calibrated or role not in hits[0]:
            break
        features[role] = best(role)
        models = role
    return Evidence(f"{_SORTS.get(query.kind, 'text')}.{models}", features)


def _lead_and_spread(totals: Sequence[float]) -> tuple[float, float]:
    """How far the best hit stands above the fourth, as a share of its margin to the tenth; and that margin.

    Both are 1 without a fourth.
    """
    if len(totals) <= FIRST_HITS:
        return 1.0, 1.0
    best, fourth, far = totals[0], totals[FIRST_HITS], totals[min(_FAR_HIT, len(totals) - 1)]
    return (best - fourth) / (best - far + SCORE_WIDTH / 2), min(2.0, (best - far) / (3 * SCORE_WIDTH))


def _known_share(query: Query, idf_weights: Mapping[int, float], n_passages: int) -> float:
    """Share of the query's words that occur in the index, weighted by IDF. An unknown word has the largest IDF."""
    largest = math.log1p((n_passages + 0.5) / 0.5)
    unknown = sum(weight * largest for term, weight in query.terms if term not in idf_weights)
    known = sum(idf_weights.values())
    return known / (known + unknown) if known else 0.0
