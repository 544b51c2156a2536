"""Estimates how probable it is that one of the first three hits is what was asked for.

A logistic regression over a few features of the query and its first hits. `confidence_weights` has the weights, which
`bench/learn_confidence.py` learns from questions with and without an answer. The order of the hits does not depend on
the confidence, and the confidence depends on no weight of the ranking except through the order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from semlens.core.status import TierRole
from semlens.search.query.query import Query
from semlens.search.ranking.confidence_weights import WEIGHTS

FIRST_HITS = 3
"""The hits that the confidence is about."""

Features = Mapping[str, float]


def confidence_of(query: Query, hits: Sequence[Features], idf_weights: Mapping[int, float], n_passages: int) -> float:
    """The probability, 0 to 1. Without hits it is 0. A query of filters only is sure of its hits.

    :param hits: the ranking's features of each hit, best first.
    :param idf_weights: weight times IDF of each query term that occurs in the index. :param n_passages: of the index.
    """
    if not hits:
        return 0.0
    if not query.terms and not query.paths and not query.frames:
        return 1.0
    weights = WEIGHTS[tiers_of(hits[0])]
    features = confidence_features(query, hits, idf_weights, n_passages)
    total = weights["bias"] + sum(weights.get(name, 0.0) * value for name, value in features.items())
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


def tiers_of(hit: Features) -> str:
    """Which models have compared the hits with the query: the key of a table of weights."""
    return "refined" if TierRole.REFINE in hit else "first" if TierRole.FIRST in hit else "words"


def confidence_features(
    query: Query, hits: Sequence[Features], idf_weights: Mapping[int, float], n_passages: int
) -> dict[str, float]:
    """The features by name, each about 0 to 1."""
    top = hits[:FIRST_HITS]

    def best(name: str) -> float:
        return max(hit.get(name, 0.0) for hit in top)

    known = _known_share(query, idf_weights, n_passages)
    features = {
        "known": known,
        "covered": best("covered") * known,
        "named": best("named") * known,
        "name": max(best("name"), best("file.path"), best("frame")),
        "many_words": min(len(query.plain), 12) / 12,
    }
    for role in TierRole:
        if role in hits[0]:
            features[role] = best(role)
    return features


def _known_share(query: Query, idf_weights: Mapping[int, float], n_passages: int) -> float:
    """Share of the query's words that occur in the index, weighted by IDF. An unknown word has the largest IDF."""
    largest = math.log1p((n_passages + 0.5) / 0.5)
    unknown = sum(weight * largest for term, weight in query.terms if term not in idf_weights)
    known = sum(idf_weights.values())
    return known / (known + unknown) if known else 0.0
