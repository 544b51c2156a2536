"""Merges several segments into one without their deleted files.

Only array operations are used, so that the interpreter lock stays free. When to merge is left to `engine/indexing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from semlens.index.arrays import Ints, Mask
from semlens.index.segment.builder import new_segment_id
from semlens.index.segment.columns import StringColumn
from semlens.index.segment.name_table import NameTable
from semlens.index.segment.postings import Postings
from semlens.index.segment.reference_table import ReferenceTable
from semlens.index.segment.segment import FileTable, PassageTable, Segment, SymbolTable

RowMap = Ints

Part = tuple[Segment, Mask]
"""A segment, and the mask of its files that are kept, shape (files,)."""


@dataclass(frozen=True, slots=True)
class MergedSegment:
    """The result of a merge.

    :ivar file_maps: for each part, the new row of each file, or -1 for a deleted file.
    :ivar passage_maps: the same for passages.
    """

    segment: Segment
    file_maps: tuple[RowMap, ...]
    passage_maps: tuple[RowMap, ...]


def _renumber(keep: Mask, base: int) -> RowMap:
    numbers = np.cumsum(keep) - 1 + base
    return np.where(keep, numbers, -1).astype(np.int64)


class _RowMaps:
    """New row numbers of one table.

    :ivar new_rows: for each part, the new row of each row, or -1.
    :ivar kept_rows: for each part, the rows that are kept.
    """

    def __init__(self, masks: Sequence[Mask]) -> None:
        self.new_rows: list[RowMap] = []
        self.n_rows = 0
        for keep in masks:
            self.new_rows.append(_renumber(keep, self.n_rows))
            self.n_rows += int(keep.sum())
        self.kept_rows = [np.flatnonzero(keep) for keep in masks]

    def join(self, columns: Iterable[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """The kept rows of a column, of all parts."""
        return np.concatenate([column[rows] for column, rows in zip(columns, self.kept_rows, strict=True)])

    def join_strings(self, columns: Iterable[StringColumn]) -> StringColumn:
        return StringColumn.concatenate(
            [column.take(rows) for column, rows in zip(columns, self.kept_rows, strict=True)]
        )


def merge_segments(parts: Sequence[Part]) -> MergedSegment:
    """The kept files of all parts, with their symbols, passages, names and references, as one segment."""
    segments = [segment for segment, _ in parts]
    files = _RowMaps([alive for _, alive in parts])
    symbols = _RowMaps([alive[segment.symbols.files] for segment, alive in parts])
    passages = _RowMaps([alive[segment.passages.files] for segment, alive in parts])
    # in references and names, the rows of files follow those of all symbols of the segment
    reference_maps = [
        np.concatenate([symbol_map, np.where(file_map >= 0, file_map + symbols.n_rows, -1)])
        for symbol_map, file_map in zip(symbols.new_rows, files.new_rows, strict=True)
    ]
    merged = Segment(
        new_segment_id(),
        _merge_files(segments, files),
        _merge_symbols(segments, symbols, files),
        _merge_passages(segments, passages, symbols, files),
        Postings.merge([(s.words, new) for s, new in zip(segments, passages.new_rows, strict=True)]),
        _merge_names(segments, reference_maps),
        ReferenceTable.merge([(s.references, new) for s, new in zip(segments, reference_maps, strict=True)]),
    )
    return MergedSegment(merged, tuple(files.new_rows), tuple(passages.new_rows))


def _merge_files(segments: list[Segment], files: _RowMaps) -> FileTable:
    language_names = sorted({name for segment in segments for name in segment.files.language_names.tolist()})
    language_rows = {name: row for row, name in enumerate(language_names)}
    languages = [
        np.array([language_rows[name] for name in s.files.language_names.tolist()], np.uint16)[s.files.languages]
        for s in segments
    ]
    return FileTable(
        files.join_strings([s.files.paths for s in segments]),
        files.join([s.files.hashes for s in segments]),
        files.join([s.files.n_lines for s in segments]),
        files.join([s.files.roles for s in segments]),
        files.join(languages),
        StringColumn.of(language_names),
    )


def _merge_symbols(segments: list[Segment], symbols: _RowMaps, files: _RowMaps) -> SymbolTable:
    return SymbolTable(
        symbols.join(_renumbered([s.symbols.files for s in segments], files)).astype(np.uint32),
        symbols.join([s.symbols.kinds for s in segments]),
        symbols.join([s.symbols.spans for s in segments]),
        symbols.join(_renumbered([s.symbols.parents for s in segments], symbols)).astype(np.int32),
        symbols.join_strings([s.symbols.names for s in segments]),
        symbols.join_strings([s.symbols.qualified_names for s in segments]),
        symbols.join_strings([s.symbols.signatures for s in segments]),
    )


def _merge_passages(segments: list[Segment], passages: _RowMaps, symbols: _RowMaps, files: _RowMaps) -> PassageTable:
    return PassageTable(
        passages.join(_renumbered([s.passages.files for s in segments], files)).astype(np.uint32),
        passages.join(_renumbered([s.passages.symbols for s in segments], symbols)).astype(np.int32),
        passages.join([s.passages.lines for s in segments]),
        passages.join([s.passages.hashes for s in segments]),
    )


def _renumbered(columns: Iterable[npt.NDArray[Any]], maps: _RowMaps) -> list[RowMap]:
    """Columns that hold row numbers, renumbered for the merged segment. -1 stays -1."""
    return [
        np.where(rows >= 0, new_rows[np.maximum(rows, 0)] if len(new_rows) else -1, -1)
        for rows, new_rows in zip(columns, maps.new_rows, strict=True)
    ]


def _merge_names(segments: list[Segment], maps: list[RowMap]) -> NameTable:
    """Keys keep their bytes and rows change, so the tables are only sorted again."""
    keys, key_rows, humps, hump_rows = [], [], [], []
    for segment, new in zip(segments, maps, strict=True):
        rows = new[segment.names.key_rows]
        keys.append(segment.names.keys[rows >= 0])
        key_rows.append(rows[rows >= 0])
        rows = new[segment.names.hump_rows]
        humps.append(segment.names.humps[rows >= 0])
        hump_rows.append(rows[rows >= 0])
    all_keys, all_humps = np.concatenate(keys), np.concatenate(humps)
    key_order = np.argsort(all_keys, kind="stable")
    hump_order = np.argsort(all_humps, kind="stable")
    flat = [segment.names.trigrams.remap(new) for segment, new in zip(segments, maps, strict=True)]
    trigram_rows = np.concatenate([part[1] for part in flat])
    order = np.argsort(trigram_rows, kind="stable")
    return NameTable(
        all_keys[key_order],
        np.concatenate(key_rows)[key_order].astype(np.uint32),
        all_humps[hump_order],
        np.concatenate(hump_rows)[hump_order].astype(np.uint32),
        Postings.build(np.concatenate([part[0] for part in flat])[order], trigram_rows[order], np.zeros(0, np.uint8)),
    )
