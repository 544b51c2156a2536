"""Estimates whether a question is in the words of the code or in other words, which decides how much meaning counts.

A logistic function of the query, of what its words match, and of how near the nearest file is in meaning.
`prose_weights` has its coefficients and the tables of weights that it mixes.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from semlens.core.status import TierRole
from semlens.search.query.query import Query
from semlens.search.ranking.prose_weights import PROSE
from semlens.search.signals.file_table import FileTable

_MATCHES = {
    "stem": "stem",
    "name": "cover.name",
    "definition": "definition",
    "first": "first.best",
    "refine": "refine.best",
}
"""Coefficients of the best match of a file, with the column of each."""

_MOSTLY = 0.5
"""The share of files with a vector of the second model, of those with one of the first, from which it counts."""

TRUST_IN_WORDS = 1.6
"""Added to the bias for files. Questions about repositories lose little then, and other words still gain."""

TRUST_WITHIN_A_FILE = 0.8
"""Added to the bias for the symbols of a file, unless the question writes a name or quotes. Questions about
repositories ask for files, so they lose nothing; without any trust, sentences of documentation would lose."""


class WordFit(NamedTuple):
    """From 0, for a question in other words than those of the code, to 1, for one in its words.

    :ivar files: for the order of files. :ivar symbols: for the order of symbols within a file.
    """

    files: float
    symbols: float


def models_of(table: FileTable) -> TierRole | None:
    """The last model that has read most of what the first one has; None where no model has read anything."""
    n_first, n_refined = (table.n_compared.get(role, 0) for role in TierRole)
    if n_refined and n_refined >= _MOSTLY * n_first:
        return TierRole.REFINE
    return TierRole.FIRST if n_first else None


def word_fit(table: FileTable, query: Query) -> WordFit:
    """It is 1 where only words can rank: for a query without vectors, and for names, messages, code and reports."""
    models = models_of(table)
    if not query.is_prose or models is None or not query.terms or not table.eligible.any():
        return WordFit(1.0, 1.0)
    weights = PROSE[models]["fit"]
    total = weights["bias"] + sum(weights.get(name, 0.0) * value for name, value in best_matches(table, query).items())
    fit_of_files = _logistic(total + TRUST_IN_WORDS)
    is_written = bool(query.names or query.required)
    return WordFit(fit_of_files, fit_of_files if is_written else _logistic(total + TRUST_WITHIN_A_FILE))


def _logistic(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value))


def best_matches(table: FileTable, query: Query) -> dict[str, float]:
    """What the fit is estimated from, by the names of its coefficients."""
    own = table.eligible & (table.columns["test"] == 0) & (table.columns["documentation"] == 0)
    rows = np.flatnonzero(own if own.any() else table.eligible)
    found = {
        name: float(table.columns[column][rows].max()) for name, column in _MATCHES.items() if column in table.columns
    }
    found["cover"] = float(table.columns["cover.best"].max()) * (1.0 - _unknown_share(table, query))
    found["words"] = math.log1p(len(query.terms))
    return found


def _unknown_share(table: FileTable, query: Query) -> float:
    """Share of the query's weight that is on words which no passage contains. Each is as rare as a word can be."""
    idf_weights = table.evidence[0].words.idf_weights
    n_passages = sum(len(evidence.words.passages) for evidence in table.evidence)
    unknown = sum(weight for term, weight in query.terms if term not in idf_weights) * math.log1p(n_passages + 0.5)
    return unknown / max(1e-6, unknown + sum(idf_weights.values()))
