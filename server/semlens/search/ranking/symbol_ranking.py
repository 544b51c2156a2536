"""Scores the symbols of the best files, relative to the best symbol of each file.

Scoring files belongs to `rank` and `search/signals/file_features`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from semlens.core.status import TierRole
from semlens.core.symbol import SymbolKind
from semlens.index.arrays import Floats, Ints, Mask
from semlens.index.segment.columns import best_first, ranges
from semlens.index.segment.segment import Segment
from semlens.index.snapshot import SegmentView
from semlens.search.signals.file_features import ViewEvidence, rows_of_files
from semlens.search.signals.file_table import CosineSums, FileTable, as_far_above
from semlens.search.signals.locations import FramePlace
from semlens.search.signals.name_match import NameEvidence
from semlens.search.signals.static_signals import StaticSignals, static_signals_of


def _is_one_of(*kinds: SymbolKind) -> Mask:
    """Mask over the values of `SymbolKind`, shape (256,)."""
    return np.isin(np.arange(256), [int(kind) for kind in kinds])


_IS_VALUE = _is_one_of(
    SymbolKind.VARIABLE, SymbolKind.CONSTANT, SymbolKind.FIELD, SymbolKind.PROPERTY, SymbolKind.ENUMMEMBER
)
_IS_CONTAINER = _is_one_of(
    SymbolKind.CLASS,
    SymbolKind.STRUCT,
    SymbolKind.INTERFACE,
    SymbolKind.ENUM,
    SymbolKind.MODULE,
    SymbolKind.NAMESPACE,
)
_FRAME = 100.0
_MAX_NAMED_PER_FILE = 30


@dataclass(frozen=True, slots=True)
class PassageGroups:
    """Rows of passages, grouped by symbol. Tuples are created on access, because few are read.

    :ivar rows: all rows. :ivar starts: where the rows of each symbol begin.
    """

    rows: Ints
    starts: Ints

    def __getitem__(self, place: int) -> tuple[int, ...]:
        end = int(self.starts[place + 1]) if place + 1 < len(self.starts) else len(self.rows)
        return tuple(self.rows[int(self.starts[place]) : end].tolist())


@dataclass(frozen=True, slots=True)
class SymbolScores:
    """Symbols, and code outside symbols, of the chosen files. All columns have shape (s,).

    :ivar files: positions in the file table. :ivar symbols: rows of symbols, or -1.
    :ivar passages: rows of the passages of each, best first.
    :ivar behind: difference between the sum of the best symbol of the file and the symbol's own, at least 0.
    :ivar columns: features by name.
    """

    files: Ints
    symbols: Ints
    passages: PassageGroups
    behind: Floats
    columns: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class SymbolPart:
    """Passages of one view and their features.

    :ivar files: positions in the file table.
    """

    files: Ints
    symbols: Ints
    passages: Ints
    columns: dict[str, Floats]


def score_symbols(
    views: Sequence[SegmentView],
    table: FileTable,
    best_files: Ints,
    frames: Sequence[FramePlace],
    weights: Mapping[str, float],
) -> SymbolScores:
    """:param best_files: positions in the file table, ascending. :param weights: of the features of symbols."""
    return join_parts(symbol_parts(enumerate(views), table, best_files, frames), weights)


def symbol_parts(
    views: Iterable[tuple[int, SegmentView]], table: FileTable, best_files: Ints, frames: Sequence[FramePlace]
) -> list[SymbolPart]:
    """:param views: each with its number. :param best_files: positions in the file table, ascending."""
    parts = []
    for number, view in views:
        files = best_files[table.views[best_files] == number]
        if len(files):
            of_frames = [frame for frame in frames if frame.view == number]
            parts.append(_part(view, table.evidence[number], table, files, of_frames))
    return parts


def join_parts(parts: Sequence[SymbolPart], weights: Mapping[str, float]) -> SymbolScores:
    """:param parts: in order of their views. :param weights: of the features of symbols."""
    if not parts:
        nothing = np.zeros(0, np.int64)
        return SymbolScores(nothing, nothing, PassageGroups(nothing, nothing), np.zeros(0, np.float32), {})
    columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns}
    totals = _totals(columns, weights)
    return _grouped(
        np.concatenate([part.files for part in parts]),
        np.concatenate([part.symbols for part in parts]),
        np.concatenate([part.passages for part in parts]),
        columns,
        totals,
    )


def _part(
    view: SegmentView, evidence: ViewEvidence, table: FileTable, files: Ints, frames: Sequence[FramePlace]
) -> SymbolPart:
    segment, mask, words, names = view.segment, evidence.mask, evidence.words, evidence.names
    n_symbols = len(segment.symbols)
    file_rows = table.rows[files]
    starts, lengths = rows_of_files(segment.passages.files, file_rows)
    rows, places = ranges(starts, lengths), np.repeat(files, lengths)
    if mask is not None:
        rows, places = rows[mask[rows]], places[mask[rows]]
    symbols = segment.passages.symbols[rows].astype(np.int64)
    extra = _without_passage(view, mask, names, file_rows, files, frames)
    rows = np.concatenate([rows, extra[1]])
    places = np.concatenate([places, extra[2]])
    symbols = np.concatenate([symbols, extra[0]])
    is_extra = np.arange(len(rows)) >= len(rows) - len(extra[0])

    has_symbol = symbols >= 0
    name_rows = np.where(has_symbol, symbols, n_symbols + table.rows[places])
    kinds = segment.symbols.kinds[np.maximum(symbols, 0)] if n_symbols else np.zeros(len(rows), np.uint8)
    of_frames = np.zeros(len(rows), np.float32)
    for frame in frames:
        if frame.symbol >= 0:
            of_frames[symbols == frame.symbol] = frame.worth
    half = np.where(is_extra, np.float32(0.5), np.float32(1.0))
    columns = {
        "words": words.passages[rows] / np.float32(table.word_scale) * half,
        "covered": words.covered[rows] * half,
        "named": words.named[rows] * (~is_extra),
        "name": names.symbols[name_rows],
        "no_symbol": (~has_symbol).astype(np.float32),
        "container": (has_symbol & _IS_CONTAINER[kinds]).astype(np.float32),
        "value": (has_symbol & _IS_VALUE[kinds]).astype(np.float32),
        "frame": of_frames,
    }
    return SymbolPart(places, symbols, rows, columns | _cosines(table, evidence, rows))


def _cosines(table: FileTable, evidence: ViewEvidence, rows: Ints) -> dict[str, Floats]:
    """The cosines of some passages by role, for each model that the index has. One without a vector gets a guess."""
    columns: dict[str, Floats] = {}
    sums: dict[str, CosineSums] = {}
    for role in TierRole:
        if any(role in one.cosines for one in table.evidence):
            cosines = evidence.cosines.get(role)
            column = np.full(len(rows), np.nan, np.float32) if cosines is None else cosines[rows]
            sums[role] = CosineSums.over(column)
            guess: Floats | float = sums[role].mean
            if role is TierRole.REFINE and TierRole.FIRST in columns:
                guess = as_far_above(columns[TierRole.FIRST], sums[TierRole.FIRST], sums[role])
            columns[role] = np.where(np.isnan(column), guess, column).astype(np.float32)
    return columns


def _without_passage(
    view: SegmentView,
    mask: Mask | None,
    names: NameEvidence,
    file_rows: Ints,
    files: Ints,
    frames: Sequence[FramePlace],
) -> tuple[Ints, Ints, Ints]:
    """Short symbols without a passage of their own that match by name or are in a stack trace.

    :returns: their rows, the passage around each, and the position of each file in the table.
    """
    segment = view.segment
    n_symbols = len(segment.symbols)
    nothing = np.zeros(0, np.int64)
    if not n_symbols:
        return nothing, nothing, nothing
    scores = names.symbols[:n_symbols]
    place_of = dict(zip(file_rows.tolist(), files.tolist(), strict=True))
    inside = ranges(*rows_of_files(segment.symbols.files, file_rows))
    named_rows = inside[(scores[inside] > 0) & (segment.first_passages[inside] < 0)]
    named_rows = named_rows[np.argsort(-scores[named_rows], kind="stable")]
    n_of_file: Counter[int] = Counter()
    candidate_rows = []
    for row, file in zip(named_rows.tolist(), segment.symbols.files[named_rows].tolist(), strict=True):
        n_of_file[file] += 1
        if n_of_file[file] <= _MAX_NAMED_PER_FILE:
            candidate_rows.append(row)
    candidate_rows += [
        f.symbol for f in frames if f.symbol >= 0 and segment.first_passages[f.symbol] < 0 and f.file in place_of
    ]
    static = static_signals_of(segment)
    kept: list[tuple[int, int, int]] = []
    for row in dict.fromkeys(candidate_rows):
        passage = _passage_around(segment, static, row)
        if passage >= 0 and (mask is None or mask[passage]):
            kept.append((row, passage, place_of[int(segment.symbols.files[row])]))
    if not kept:
        return nothing, nothing, nothing
    columns = np.array(kept, np.int64)
    return columns[:, 0], columns[:, 1], columns[:, 2]


def _passage_around(segment: Segment, static: StaticSignals, row: int) -> int:
    """The last passage around the first line of a symbol, or the nearest one; -1 in a file without passages."""
    file = int(segment.symbols.files[row])
    at = int(np.searchsorted(static.filled, file))
    if at == len(static.filled) or static.filled[at] != file:
        return -1
    start = int(static.starts[at])
    stop = int(static.starts[at + 1]) if at + 1 < len(static.starts) else len(segment.passages)
    line = int(segment.symbols.spans[row, 0])
    lines = segment.passages.lines[start:stop]
    around = np.flatnonzero((lines[:, 0] <= line) & (lines[:, 1] >= line))
    return start + int(around[-1] if len(around) else np.argmin(np.abs(lines[:, 0].astype(np.int64) - line)))


def _totals(columns: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    total = np.float32(_FRAME) * columns["frame"]
    for name, weight in weights.items():
        if name in columns:
            total = total + np.float32(weight) * columns[name]
    return total.astype(np.float32)


def _grouped(files: Ints, symbols: Ints, passages: Ints, columns: dict[str, Floats], totals: Floats) -> SymbolScores:
    """Group passages by symbol. A symbol takes the features of its best passage. Other code keeps one row a passage."""
    order = best_first(totals)
    keys = (files << 33) + np.where(symbols >= 0, symbols, (1 << 32) + passages)
    by_key = np.argsort(keys, kind="stable")  # the keys arrive nearly sorted
    is_new = np.diff(keys[by_key], prepend=-1) != 0
    groups = np.empty(len(keys), np.int64)
    groups[by_key] = np.cumsum(is_new) - 1
    n_groups = int(is_new.sum())
    groups = groups[order].astype(np.uint16 if n_groups < 1 << 16 else np.int64)  # NumPy sorts 16-bit integers by radix
    first = np.zeros(n_groups, np.int64)
    first[groups[::-1]] = np.arange(len(groups))[::-1]
    best = order[first]
    top = np.full(int(files.max(initial=-1)) + 1, -np.inf, np.float32)
    np.maximum.at(top, files[best], totals[best])
    by_group = np.argsort(groups, kind="stable")  # within a group the best passage comes first
    return SymbolScores(
        files=files[best],
        symbols=symbols[best],
        passages=PassageGroups(passages[order][by_group], np.searchsorted(groups[by_group], np.arange(n_groups + 1))),
        behind=top[files[best]] - totals[best],
        columns={name: column[best] for name, column in columns.items()},
    )
