"""Several segments to one, without the files that died. Array operations only: the interpreter stays free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semlens.index.builder import new_segment_id
from semlens.index.columns import StringColumn
from semlens.index.names import NameTable
from semlens.index.postings import Postings
from semlens.index.segment import FileTable, PassageTable, Segment, SymbolTable

RowMap = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MergedSegment:
    """:ivar file_maps: for each part, the new row of each of its files, or -1; `passage_maps` likewise."""

    segment: Segment
    file_maps: tuple[RowMap, ...]
    passage_maps: tuple[RowMap, ...]


def _renumber(keep: npt.NDArray[np.bool_], base: int) -> RowMap:
    numbers = np.cumsum(keep) - 1 + base
    return np.where(keep, numbers, -1).astype(np.int64)


def merge_segments(parts: Sequence[tuple[Segment, npt.NDArray[np.bool_]]]) -> MergedSegment:
    """:param parts: segments, each with the mask of its files that live."""
    file_maps: list[RowMap] = []
    symbol_maps: list[RowMap] = []
    passage_maps: list[RowMap] = []
    n_files = n_symbols = n_passages = 0
    for segment, alive in parts:
        file_maps.append(_renumber(alive, n_files))
        symbol_maps.append(_renumber(alive[segment.symbols.files], n_symbols))
        passage_maps.append(_renumber(alive[segment.passages.files], n_passages))
        n_files += int(alive.sum())
        n_symbols += int((symbol_maps[-1] >= 0).sum())
        n_passages += int((passage_maps[-1] >= 0).sum())

    segments = [segment for segment, _ in parts]
    kept_files = [np.flatnonzero(new >= 0) for new in file_maps]
    kept_symbols = [np.flatnonzero(new >= 0) for new in symbol_maps]
    kept_passages = [np.flatnonzero(new >= 0) for new in passage_maps]

    language_names = sorted({name for segment in segments for name in segment.files.language_names.tolist()})
    language_rows = {name: row for row, name in enumerate(language_names)}
    language_maps = [
        np.array([language_rows[name] for name in segment.files.language_names.tolist()], np.uint16)
        for segment in segments
    ]

    files = FileTable(
        _strings([segment.files.paths for segment in segments], kept_files),
        np.concatenate([s.files.hashes[kept] for s, kept in zip(segments, kept_files, strict=True)]),
        np.concatenate([s.files.n_lines[kept] for s, kept in zip(segments, kept_files, strict=True)]),
        np.concatenate([s.files.roles[kept] for s, kept in zip(segments, kept_files, strict=True)]),
        np.concatenate(
            [new[s.files.languages[kept]] for s, kept, new in zip(segments, kept_files, language_maps, strict=True)]
        ),
        StringColumn.of(language_names),
    )
    symbols = SymbolTable(
        np.concatenate(
            [new[s.symbols.files[kept]] for s, kept, new in zip(segments, kept_symbols, file_maps, strict=True)]
        ).astype(np.uint32),
        np.concatenate([s.symbols.kinds[kept] for s, kept in zip(segments, kept_symbols, strict=True)]),
        np.concatenate([s.symbols.spans[kept] for s, kept in zip(segments, kept_symbols, strict=True)]),
        np.concatenate(
            [
                _follow(s.symbols.parents[kept], new)
                for s, kept, new in zip(segments, kept_symbols, symbol_maps, strict=True)
            ]
        ),
        _strings([segment.symbols.names for segment in segments], kept_symbols),
        _strings([segment.symbols.qualified_names for segment in segments], kept_symbols),
        _strings([segment.symbols.signatures for segment in segments], kept_symbols),
    )
    passages = PassageTable(
        np.concatenate(
            [new[s.passages.files[kept]] for s, kept, new in zip(segments, kept_passages, file_maps, strict=True)]
        ).astype(np.uint32),
        np.concatenate(
            [
                _follow(s.passages.symbols[kept], new)
                for s, kept, new in zip(segments, kept_passages, symbol_maps, strict=True)
            ]
        ),
        np.concatenate([s.passages.lines[kept] for s, kept in zip(segments, kept_passages, strict=True)]),
        np.concatenate([s.passages.hashes[kept] for s, kept in zip(segments, kept_passages, strict=True)]),
    )
    # references and names number files behind the symbols of the whole segment
    reference_maps = [
        np.concatenate([symbol_map, np.where(file_map >= 0, file_map + n_symbols, -1)])
        for symbol_map, file_map in zip(symbol_maps, file_maps, strict=True)
    ]
    merged = Segment(
        new_segment_id(),
        files,
        symbols,
        passages,
        Postings.merge([(s.words, new) for s, new in zip(segments, passage_maps, strict=True)]),
        _merge_names(segments, reference_maps),
        _sorted_merge(segments, reference_maps),
    )
    return MergedSegment(merged, tuple(file_maps), tuple(passage_maps))


def _strings(columns: list[StringColumn], kept: list[npt.NDArray[np.int64]]) -> StringColumn:
    return StringColumn.concatenate([column.take(rows) for column, rows in zip(columns, kept, strict=True)])


def _follow(rows: npt.NDArray[np.int32], new_rows: RowMap) -> npt.NDArray[np.int32]:
    """Renumber references to rows, -1 staying -1."""
    return np.where(rows >= 0, new_rows[np.maximum(rows, 0)] if len(new_rows) else -1, -1).astype(np.int32)


def _sorted_merge(segments: list[Segment], maps: list[RowMap]) -> Postings:
    """Merge references; rows of symbols and of files interleave, so sort by row before the stable sort by term."""
    flat = [segment.references.remap(new) for segment, new in zip(segments, maps, strict=True)]
    terms = np.concatenate([part[0] for part in flat])
    rows = np.concatenate([part[1] for part in flat])
    order = np.argsort(rows, kind="stable")
    return Postings.build(terms[order], rows[order], np.zeros(0, np.uint8))


def _merge_names(segments: list[Segment], maps: list[RowMap]) -> NameTable:
    """Keys keep their bytes, rows change: sorted anew, but nothing is computed from strings again."""
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
