"""Estimates whether a question is in the words of the code or in other words, which decides how much meaning counts.

A logistic function of the query, of what its words match, and of how near the nearest file is in meaning.
`prose_weights` has its coefficients and the tables of weights that it mixes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
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

_ASKS_HOW = re.compile(
    r"\s*how\s+(?!to\b|(?:many|much|long|often|far|old|big|large|small|fast|deep|high|wide|few|soon|well|likely|close)\b"
    r"|(?:do|can|could|should|would|might|may)\s+(?:i|we|you|one)\b)\S+\s+\S",
    re.IGNORECASE,
)
"""A question such as "how routes are matched". Who asks it knows the parts of the program, and calls them by the names
that the code uses. "How do I" and "how many" say nothing of that kind."""

_MOSTLY = 0.5
"""The share of files with a vector of the second model, of those with one of the first, from which it counts."""


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
    matches = best_matches(table, query)
    files, within = (_logistic(PROSE[models][name], matches) for name in ("fit", "fit_within"))
    return WordFit(files, max(files, within) if query.names or query.required else within)


def _logistic(weights: Mapping[str, float], matches: Mapping[str, float]) -> float:
    total = sum(weights.get(name, 0.0) * value for name, value in matches.items())
    return 1.0 / (1.0 + math.exp(-total))


def best_matches(table: FileTable, query: Query) -> dict[str, float]:
    """What the fit is estimated from, by the names of its coefficients."""
    own = table.eligible & (table.columns["test"] == 0) & (table.columns["documentation"] == 0)
    rows = np.flatnonzero(own if own.any() else table.eligible)
    found = {"bias": 1.0}
    found |= {
        name: float(table.columns[column][rows].max()) for name, column in _MATCHES.items() if column in table.columns
    }
    found["cover"] = float(table.columns["cover.best"].max()) * (1.0 - _unknown_share(table, query))
    found["words"] = math.log1p(len(query.terms))
    found["how"] = float(_ASKS_HOW.match(query.text) is not None)
    found["written"] = float(bool(query.names or query.capitals or query.required))
    return found


def _unknown_share(table: FileTable, query: Query) -> float:
    """Share of the query's weight that is on words which no passage contains. Each is as rare as a word can be."""
    idf_weights = table.evidence[0].words.idf_weights
    n_passages = sum(len(evidence.words.passages) for evidence in table.evidence)
    unknown = sum(weight for term, weight in query.terms if term not in idf_weights) * math.log1p(n_passages + 0.5)
    return unknown / max(1e-6, unknown + sum(idf_weights.values()))
