"""Which weights a query uses: those of names, of messages and code, of reports, or of questions in prose.

Questions in prose mix two pairs of tables, one for the words of the code and one for other words. `word_fit` says how
much each counts. The second pair depends on the models that have read the index.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from semlens.search.query.query import Query
from semlens.search.ranking import weights as w
from semlens.search.ranking.prose_weights import PROSE
from semlens.search.ranking.word_fit import models_of, word_fit
from semlens.search.signals.file_table import FileTable

Weights = Mapping[str, float]


class QueryWeights(NamedTuple):
    """:ivar files, symbols: weights of the features of files and of symbols.

    :ivar behind: what a symbol loses for each point that it is behind the best one of its file.
    """

    files: Weights
    symbols: Weights
    behind: float = 1.0


def weights_of(table: FileTable, query: Query) -> QueryWeights:
    """The weights for a query, given what it matches."""
    if query.is_name:
        files = _sum((w.NAME_SHARE, w.FILE_WEIGHTS), (1.0, w.NAME_WEIGHTS))
        return QueryWeights(files, _sum((1.0, w.SYMBOL_WEIGHTS), (1.0, w.SYMBOL_NAME_WEIGHTS)), w.NAME_SHARE)
    named = w.SYMBOL_NAMED_WEIGHTS if query.names or query.capitals else {}
    if query.is_literal:
        return QueryWeights(w.LITERAL_WEIGHTS, _sum((1.0, w.SYMBOL_WEIGHTS), (1.0, w.SYMBOL_LITERAL_WEIGHTS)))
    models = models_of(table)
    if models is None or not query.is_prose:
        files = _of_report(query) if query.is_report else w.FILE_WEIGHTS
        return QueryWeights(files, _sum((1.0, w.SYMBOL_WEIGHTS), (1.0, named)))
    tables, fit = PROSE[models], word_fit(table, query)
    return QueryWeights(
        _sum((fit.files, w.FILE_WEIGHTS), (1.0 - fit.files, tables["files"]), (1.0 - fit.files, w.BY_HAND)),
        _sum((fit.symbols, w.SYMBOL_WEIGHTS), (fit.symbols, named), (1.0 - fit.symbols, tables["symbols"])),
        w.BEHIND_IN_PROSE,
    )


def _of_report(query: Query) -> Weights:
    """A report that names many files, as a list does, says little about each."""
    return {**w.REPORT_WEIGHTS, "path": w.REPORT_WEIGHTS["path"] * min(1.0, w.FEW_PATHS / max(1, len(query.paths)))}


def _sum(*tables: tuple[float, Weights]) -> Weights:
    total: dict[str, float] = {}
    for share, table in tables:
        for name, weight in table.items():
            total[name] = total.get(name, 0.0) + share * weight
    return total
