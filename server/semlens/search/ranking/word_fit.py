"""Estimates whether a question is in the words of the code or in other words, which decides how much meaning counts.

A logistic function of the query and of what its words match. `weights` has its coefficients and both tables of weights
that it mixes.
"""

from __future__ import annotations

import math

import numpy as np

from semlens.core.status import TierRole
from semlens.search.query.query import Query
from semlens.search.ranking import weights as w
from semlens.search.signals.file_table import FileTable

_MATCHES = {"stem": "stem", "name": "cover.name", "definition": "definition"}
"""Coefficients of the best match of a file, with the column of each."""


def word_fit(table: FileTable, query: Query) -> float:
    """From 0, for a question in other words than those of the code, to 1, for one in its words.

    It is 1 where only words can rank: for a query without vectors, and for names, messages, code and reports.
    """
    has_vectors = any(f"{role}.best" in table.columns for role in TierRole)
    if not query.is_prose or not has_vectors or not query.terms or not table.eligible.any():
        return 1.0
    own = table.eligible & (table.columns["test"] == 0) & (table.columns["documentation"] == 0)
    rows = np.flatnonzero(own if own.any() else table.eligible)
    best = {name: float(table.columns[column][rows].max()) for name, column in _MATCHES.items()}
    best["cover"] = float(table.columns["cover.best"].max()) * (1.0 - _unknown_share(table, query))
    best["words"] = math.log1p(len(query.terms))
    total = w.WORD_FIT["bias"] + sum(w.WORD_FIT[name] * value for name, value in best.items())
    return 1.0 / (1.0 + math.exp(-total))


def _unknown_share(table: FileTable, query: Query) -> float:
    """Share of the query's weight that is on words which no passage contains. Each is as rare as a word can be."""
    idf_weights = table.evidence[0].words.idf_weights
    n_passages = sum(len(evidence.words.passages) for evidence in table.evidence)
    unknown = sum(weight for term, weight in query.terms if term not in idf_weights) * math.log1p(n_passages + 0.5)
    return unknown / max(1e-6, unknown + sum(idf_weights.values()))
