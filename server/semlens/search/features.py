"""The table that ranking reads: candidate files and their passages, a column a feature.

Columns span all views of a snapshot, so that scores are comparable between an open buffer and the disk.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semlens.core.cancel import CancelToken
from semlens.core.symbol import Role
from semlens.core.words import split_identifier, stem
from semlens.index.columns import ranges
from semlens.index.snapshot import SegmentView
from semlens.search.evidence import QueryVector, cosines_of
from semlens.search.query import Query

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

_BEST_PASSAGES = 3


@dataclass(frozen=True, slots=True)
class CandidateTable:
    """Candidates by column.

    :ivar file_views: which view each file is in; ``file_rows`` its row there. Shape (f,).
    :ivar passage_files: which candidate file each passage belongs to, ascending; ``passage_rows`` its row in the view;
        ``passage_symbols`` its symbol's row, or -1. Shape (p,).
    :ivar files: feature columns of shape (f,). :ivar passages: feature columns of shape (p,).
    """

    file_views: Ints
    file_rows: Ints
    passage_files: Ints
    passage_rows: Ints
    passage_symbols: Ints
    files: dict[str, Floats]
    passages: dict[str, Floats]


def build_table(
    views: Sequence[SegmentView],
    candidates: Sequence[npt.NDArray[np.uint32]],
    masks: Sequence[npt.NDArray[np.bool_] | None],
    words: Sequence[Floats],
    names: Sequence[Floats],
    query: Query,
    query_vectors: Sequence[QueryVector],
    cancel: CancelToken,
) -> CandidateTable:
    """:param candidates: candidate file rows of each view. :param names: score of each row of names of each view."""
    file_views = np.concatenate([np.full(len(rows), i, np.int64) for i, rows in enumerate(candidates)])
    file_rows = np.concatenate([rows.astype(np.int64) for rows in candidates])
    passage_rows, passage_files = _passages_of(views, candidates, masks)
    passage_views = file_views[passage_files]

    passage_symbols = np.zeros(len(passage_rows), np.int64)
    of_words = np.zeros(len(passage_rows), np.float32)
    of_names = np.zeros(len(passage_rows), np.float32)
    cosines = {vector.role: np.full(len(passage_rows), np.nan, np.float32) for vector in query_vectors}
    for i, view in enumerate(views):
        cancel.check()
        here = passage_views == i
        rows = passage_rows[here]
        if not len(rows):
            continue
        symbols = view.segment.passages.symbols[rows].astype(np.int64)
        passage_symbols[here] = symbols
        of_words[here] = words[i][rows]
        file_names = len(view.segment.symbols) + file_rows[passage_files[here]]
        of_names[here] = names[i][np.where(symbols >= 0, symbols, file_names)]
        for vector in query_vectors:
            cosines[vector.role][here] = cosines_of(view, rows.astype(np.uint32), vector)

    n_files = len(file_rows)
    files: dict[str, Floats] = {"words.top3": _scaled(_top_sum(of_words, passage_files, n_files)[0])}
    passages: dict[str, Floats] = {
        "words": _scaled(of_words),
        "name": of_names,
        "no_symbol": (passage_symbols < 0).astype(np.float32),
    }
    for role, values in cosines.items():
        total, count = _top_sum(values, passage_files, n_files)
        mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        # a file or passage that the model has not seen yet competes as an average one
        average = float(np.nanmean(mean)) if (count > 0).any() else 0.0
        files[f"{role}.top3"] = np.where(np.isnan(mean), average, mean).astype(np.float32)
        passages[role] = np.where(np.isnan(values), files[f"{role}.top3"][passage_files], values)
    files |= _file_features(views, file_views, file_rows, names, query)
    return CandidateTable(file_views, file_rows, passage_files, passage_rows, passage_symbols, files, passages)


def _passages_of(
    views: Sequence[SegmentView],
    candidates: Sequence[npt.NDArray[np.uint32]],
    masks: Sequence[npt.NDArray[np.bool_] | None],
) -> tuple[Ints, Ints]:
    """Rows of all passages of the candidate files, and the number of the file of each."""
    all_rows, all_files = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    base = 0
    for view, files, mask in zip(views, candidates, masks, strict=True):
        of_passages = view.segment.passages.files  # ascending: a file's passages stand together
        starts = np.searchsorted(of_passages, files, "left").astype(np.int64)
        lengths = np.searchsorted(of_passages, files, "right") - starts
        rows = ranges(starts, lengths)
        numbers = np.repeat(np.arange(len(files), dtype=np.int64), lengths) + base
        if mask is not None:
            rows, numbers = rows[mask[rows]], numbers[mask[rows]]
        all_rows.append(rows)
        all_files.append(numbers)
        base += len(files)
    return np.concatenate(all_rows), np.concatenate(all_files)


def _top_sum(values: Floats, files: Ints, n_files: int) -> tuple[Floats, Ints]:
    """Sum and number of the three largest values of each file, NaN left out."""
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.lexsort((-values[known], files[known]))]
    grouped = files[order]
    starts = np.searchsorted(grouped, np.arange(n_files))
    best = np.arange(len(order)) - starts[grouped] < _BEST_PASSAGES
    total = np.bincount(grouped[best], values[order[best]], n_files).astype(np.float32)
    return total, np.bincount(grouped[best], minlength=n_files)


def _scaled(values: Floats) -> Floats:
    """Divided by the largest."""
    largest = float(values.max()) if len(values) else 0.0
    return values / largest if largest > 0 else values


def _file_features(
    views: Sequence[SegmentView], file_views: Ints, file_rows: Ints, names: Sequence[Floats], query: Query
) -> dict[str, Floats]:
    words = set(query.words)
    n_files = len(file_rows)
    columns = {
        name: np.zeros(n_files, np.float32)
        for name in ("stem", "test", "example", "vendored", "generated", "size", "open", "definition")
    }
    flags = {"example": Role.EXAMPLE, "vendored": Role.VENDORED, "generated": Role.GENERATED}
    for i in range(n_files):
        view, row = views[int(file_views[i])], int(file_rows[i])
        table = view.segment.files
        base = table.paths[row].rpartition("/")[2]
        stems = {stem(part) for part in split_identifier(base.partition(".")[0] or base)}
        columns["stem"][i] = len(stems & words) / len(stems) if stems else 0.0
        roles = int(table.roles[row])
        columns["test"][i] = bool(roles & Role.TEST) and not query.asks_for_tests
        for name, role in flags.items():
            columns[name][i] = bool(roles & role)
        columns["size"][i] = math.log(1 + int(table.n_lines[row]))
        columns["open"][i] = bool(view.buffer_uri)
    best_names = [_best_name_by_file(view, scores) for view, scores in zip(views, names, strict=True)]
    definition = np.array(
        [best_names[int(v)][int(r)] for v, r in zip(file_views, file_rows, strict=True)], np.float32
    )
    # a name that many files define says little about each: shared by the square root of their number
    _, inverse, sharers = np.unique(np.round(definition, 2), return_inverse=True, return_counts=True)
    columns["definition"] = definition / np.sqrt(sharers[inverse])
    return columns


def _best_name_by_file(view: SegmentView, scores: Floats) -> Floats:
    n_symbols = len(view.segment.symbols)
    best = scores[n_symbols:].copy()
    found = np.flatnonzero(scores[:n_symbols])
    np.maximum.at(best, view.segment.symbols.files[found], scores[found])
    return best
