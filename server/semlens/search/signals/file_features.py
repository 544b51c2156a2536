"""Features of files: a row for each file, a column for each feature, as they are in one reader.

Most columns are final. Those that compare files with all others (shares of the largest value, ranks) are made final by
`file_table`, over the files of all readers. Which files are looked at belongs to `search/readers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from semlens.core.status import TierRole
from semlens.index.arrays import Floats, Ints, Mask, Rows
from semlens.index.segment.columns import ranges
from semlens.index.snapshot import SegmentView
from semlens.search.query.query import Query
from semlens.search.signals.file_status import FileStatus
from semlens.search.signals.locations import match_paths, nearness
from semlens.search.signals.name_match import NameEvidence
from semlens.search.signals.path_roles import PATH_ROLES
from semlens.search.signals.static_signals import Words, static_signals_of
from semlens.search.signals.text_evidence import WordEvidence

_BEST = 3
"""Number of best passages whose scores are summed for a file."""


@dataclass(frozen=True, slots=True)
class FileRows:
    """Some files of one view, and the passages of these files.

    :ivar files: rows of the files, ascending, shape (f,). :ivar passages: rows of their passages, ascending, or None
        when these are all passages of the view.
    :ivar filled: positions in ``files`` of those that have passages. :ivar starts: where the passages of each begin.
    """

    files: Ints
    passages: Ints | None
    filled: Ints
    starts: Ints

    def of(self, values: Floats) -> Floats:
        """The values of these passages, of a column over all passages of the view."""
        return values if self.passages is None else values[self.passages]


def every_file(view: SegmentView) -> FileRows:
    static = static_signals_of(view.segment)
    files = np.arange(len(view.segment.files), dtype=np.int64)
    return FileRows(files, None, static.filled, static.starts)


def some_files(view: SegmentView, files: Ints) -> FileRows:
    """:param files: rows, ascending."""
    starts, lengths = rows_of_files(view.segment.passages.files, files)
    filled = np.flatnonzero(lengths)
    ends = np.cumsum(lengths[filled])
    return FileRows(files, ranges(starts, lengths), filled, ends - lengths[filled])


def rows_of_files(owners: Rows, files: Ints) -> tuple[Ints, Ints]:
    """Where the rows of each file begin, and how many there are.

    :param owners: the file of each row, ascending. :param files: ascending.
    """
    wanted = files.astype(owners.dtype)  # else NumPy would convert the whole column
    starts = np.searchsorted(owners, wanted, "left").astype(np.int64)
    return starts, np.searchsorted(owners, wanted, "right") - starts


@dataclass(frozen=True, slots=True)
class ViewEvidence:
    """What is known of one view for one query.

    :ivar mask: the passages that may be hits, or None for all. :ivar status: of the files, relative to all readers.
    :ivar cosines: of its passages, by role of the model. NaN where there is no vector, and for passages that were not
        compared.
    :ivar file_cosines: best cosine of each file by role, NaN without; only where all vectors were compared.
    :ivar floors: for models whose nearest passages a graph found, a cosine that no other passage reaches.
    :ivar stems: share of the words of each file's own name that the query contains, shape (f,).
    """

    mask: Mask | None
    words: WordEvidence
    names: NameEvidence
    status: FileStatus
    cosines: Mapping[TierRole, Floats]
    file_cosines: Mapping[TierRole, Floats]
    floors: Mapping[TierRole, float]
    stems: Floats


def file_features(
    view: SegmentView, files: Ints, evidence: ViewEvidence, query: Query, roles: Sequence[TierRole], near: str
) -> dict[str, Floats]:
    """The features of some files of one view.

    :param files: their rows, ascending. :param roles: of the models that the query has a vector of.
    :param near: path of the user's document, or "".
    """
    static = static_signals_of(view.segment)
    words, holding = evidence.words, evidence.words.holding.among(files)

    def of_files(values: Floats) -> Floats:
        """The values of the given files. :param values: of the files that hold a word; others have 0."""
        column = np.zeros(len(static.tests), np.float32)
        column[holding.files] = values
        return column[files]

    columns = {
        "words.best": of_files(holding.best(words.passages)),
        "words.top3": of_files(holding.sums_of_best(words.passages, _BEST)),
        "words.file": words.files[files],
        "cover.name": of_files(holding.best(words.named)),
        "definition": evidence.names.files[files],
    }
    if query.is_literal or query.is_prose:
        columns["cover.best"] = of_files(holding.best(words.covered))
    columns["stem"] = evidence.stems[files]
    columns["folder"] = path_cover(static.folders, len(static.tests), words.idf_weights)[files]
    for role in roles:
        if role in evidence.file_cosines:
            best = evidence.file_cosines[role][files]
        else:
            rows = some_files(view, files)
            best = best_cosines(evidence.cosines.get(role), rows)
            if role in evidence.floors:
                best[rows.filled] = np.fmax(best[rows.filled], np.float32(evidence.floors[role]))
        columns[f"{role}.best"] = best
    columns |= {name: column[files] for name, column in static.constant.items()}
    columns["header"] = evidence.status.header[files]
    for name, column, is_asked_for in (
        ("test", static.tests, query.asks_for_tests),
        ("old", evidence.status.old, query.asks_for_old),
        ("documentation", static.documentation, query.asks_for_documentation),
    ):
        columns[name] = column[files] * np.float32(0.0 if is_asked_for else 1.0)
    if query.asks_for_project_files:
        columns |= dict.fromkeys(PATH_ROLES, np.zeros(len(files), np.float32))
    columns["wanted_test"] = static.tests[files] * np.float32(query.wants_tests)
    columns["unsaved"] = np.full(len(files), view.dirty, np.float32)
    if near:
        columns["near"] = nearness(view, near)[files]
    matches = match_paths(view, query)
    columns["path"] = np.zeros(len(files), np.float32) if matches is None else matches[files]
    return columns


def best_cosines(cosines: Floats | None, rows: FileRows) -> Floats:
    """Best cosine of each file, NaN for a file without a vector."""
    best = np.full(len(rows.files), np.nan, np.float32)
    if cosines is not None and len(rows.filled):
        values = rows.of(cosines)
        larger = np.fmax if np.isnan(values).any() else np.maximum  # maximum takes a third less time
        best[rows.filled] = larger.reduceat(values, rows.starts)
    return best


def path_cover(words: Words, n_files: int, terms: Iterable[int]) -> Floats:
    """Share of the words of each path that are among some terms."""
    wanted = np.array(list(dict.fromkeys(terms)), np.uint64)
    starts = np.searchsorted(words.terms, wanted, "left")
    held = np.bincount(
        words.files[ranges(starts, np.searchsorted(words.terms, wanted, "right") - starts)], minlength=n_files
    )
    return (held / np.maximum(words.counts, 1.0)).astype(np.float32)


def passing_files(view: SegmentView, mask: Mask | None) -> Mask:
    """Mask of the living files that have a passage which passes the filters, shape (files,)."""
    lives = np.ones(len(view.segment.files), bool) if view.alive is None else view.alive.copy()
    rows = every_file(view)
    if mask is not None and len(rows.filled):
        passing = np.zeros(len(lives), bool)
        passing[rows.filled] = np.logical_or.reduceat(mask, rows.starts)  # it stops at the first of each file
        lives &= passing
    return lives
