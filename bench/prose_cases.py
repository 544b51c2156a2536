"""Questions in prose as training data of the ranking: the features of the files and symbols that may answer each.

The questions are those of ``confidence_corpus``: a labelled set, and ``models/questions`` about packages that no model
was trained on; and sentences of documentation and names in words from both. `learn_prose` learns from them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from confidence_corpus import Asked, Repository, answers
from confidence_questions import from_code
from ranking_corpus import Tier
from semlens.core.cancel import CancelToken
from semlens.core.request import SearchRequest
from semlens.index.snapshot import IndexSnapshot
from semlens.search.query.query import parse_query
from semlens.search.ranking import weights as w
from semlens.search.ranking.query_weights import weights_of
from semlens.search.ranking.rank import file_scores
from semlens.search.ranking.symbol_ranking import SymbolScores, score_symbols
from semlens.search.ranking.word_fit import best_matches
from semlens.search.readers.reader import EVERYTHING, Question
from semlens.search.readers.view_reader import find_candidates
from semlens.search.signals.file_table import FileTable
from semlens.search.signals.spelling import with_known_words

Floats = npt.NDArray[np.float64]
Columns = Mapping[str, npt.NDArray[np.float32]]

FIT = ("bias", "cover", "stem", "name", "definition", "words", "how", "first", "refine")
FIT_WITHIN = (*FIT, "written")
FILES = (
    "words.best", "words.top3", "words.file", "words.rank", "cover.name", "cover.best", "definition", "stem",
    "folder", "first.rank", "first.best", "refine.best", "size", "inner",
)  # fmt: skip
SYMBOLS = ("words", "covered", "named", "first", "refine", "name", "no_symbol", "value", "container")

_FILES_BY_SUM = 30
_FILES_BY_FEATURE = 15
_SYMBOLS_BY_SUM = 50
_SYMBOLS_BY_FEATURE = 30


@dataclass(frozen=True, slots=True)
class Case:
    """A question and its candidates: f files, and s symbols that are sorted by file.

    :ivar fit: values of `FIT_WITHIN`. :ivar files: shape (f, features of `FILES`). :ivar fixed: weighted sum of what is
        set by hand, shape (f,). :ivar symbols: shape (s, features of `SYMBOLS`). :ivar named: weighted sum of what
        counts for written names alone, shape (s,). :ivar starts: first symbol of each file, shape (f,).
    :ivar right_files, right: masks of what answers. :ivar n_right: files that answer.
    """

    repository: str
    language: str
    asked: Asked
    fit: Floats
    files: Floats
    fixed: Floats
    symbols: Floats
    named: Floats
    starts: npt.NDArray[np.int64]
    right_files: npt.NDArray[np.bool_]
    right: npt.NDArray[np.bool_]
    n_right: int


def cases_of(repositories: Sequence[Repository], tiers: Sequence[Tier]) -> Iterator[Case]:
    """Questions in prose with a candidate that answers, about the repositories that have vectors of all tiers."""
    for one in repositories:
        if all(tier.fingerprint in one.vectors for tier in tiers):
            snapshot = one.snapshot()
            own = [asked for asked in from_code(one, n_names=48) if asked.kind in ("docs", "name")]
            cases = [case_of(asked, one, snapshot, tiers) for asked in (*one.asked, *own)]
            yield from (case for case in cases if case is not None and case.right.any())
            print(f"{one.name}: {len(cases)} questions", file=sys.stderr, flush=True)


def case_of(asked: Asked, about: Repository, snapshot: IndexSnapshot, tiers: Sequence[Tier]) -> Case | None:
    views = list(snapshot.views)
    segment = views[0].segment
    query = with_known_words(views, parse_query(asked.text))
    vectors = [vector for tier in tiers for vector in tier.ask(query.text)]
    if not query.is_prose or not query.terms or len(vectors) < len(tiers):
        return None
    request = SearchRequest(asked.text)
    table = find_candidates(views, Question(request, query, vectors, "", EVERYTHING, CancelToken()))
    weights = weights_of(table, query)
    paths = [segment.files.paths[row] for row in table.rows.tolist()]
    wanted = {one.path for one in asked.wanted}
    chosen = _chosen_files(table, file_scores(table, weights.files), np.array([path in wanted for path in paths]))
    scores = score_symbols(views, table, chosen, [], weights.symbols)
    if not len(scores.files):
        return None
    places = zip(scores.files.tolist(), scores.symbols.tolist(), strict=True)
    right = np.array(
        [answers(asked, segment, paths[file], row, scores.passages[at][0]) for at, (file, row) in enumerate(places)],
        bool,
    )
    kept = _kept_symbols(scores, file_scores(table, weights.files), right)
    kept = kept[np.argsort(scores.files[kept], kind="stable")]
    files, starts = np.unique(scores.files[kept], return_index=True)
    named = w.SYMBOL_NAMED_WEIGHTS if query.names or query.capitals else {}
    matches = best_matches(table, query)
    return Case(
        about.name,
        about.language,
        asked,
        np.array([matches.get(name, 0.0) for name in FIT_WITHIN]),
        np.stack([_column(table.columns, name, len(table.rows))[files] for name in FILES], axis=1),
        _weighted(table.columns, w.BY_HAND, len(table.rows))[files],
        np.stack([_column(scores.columns, name, len(scores.files))[kept] for name in SYMBOLS], axis=1),
        _weighted(scores.columns, named, len(scores.files))[kept],
        starts,
        np.array([paths[file] in wanted for file in files.tolist()]),
        right[kept],
        len(wanted),
    )


def _chosen_files(
    table: FileTable, sums: npt.NDArray[np.float32], right: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """The best by sum and by single features, and those that answer."""
    chosen = set(np.argsort(-sums, kind="stable")[:_FILES_BY_SUM].tolist()) | set(np.flatnonzero(right).tolist())
    for name in ("first.best", "refine.best", "words.best", "cover.best"):
        if name in table.columns:
            values = np.where(table.eligible, table.columns[name], -np.inf)
            chosen |= set(np.argsort(-values, kind="stable")[:_FILES_BY_FEATURE].tolist())
    return np.array(sorted(file for file in chosen if table.eligible[file]), np.int64)


def _kept_symbols(
    scores: SymbolScores, sums: npt.NDArray[np.float32], right: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """The best of each file, the best by sum and by single features, and those that answer."""
    kept = right | (scores.behind <= 1e-6)
    kept[np.argsort(scores.behind - sums[scores.files], kind="stable")[:_SYMBOLS_BY_SUM]] = True
    for name in ("words", "first", "refine"):
        if name in scores.columns:
            kept[np.argsort(-scores.columns[name], kind="stable")[:_SYMBOLS_BY_FEATURE]] = True
    return np.flatnonzero(kept)


def _column(columns: Columns, name: str, n: int) -> Floats:
    return np.asarray(columns[name], np.float64) if name in columns else np.zeros(n)


def _weighted(columns: Columns, weights: Mapping[str, float], n: int) -> Floats:
    total = np.zeros(n)
    for name, weight in weights.items():
        total += weight * _column(columns, name, n)
    return total
