"""A segment: the immutable index of some files, in columns. Row numbers are local to the segment.

Which files still live is left to `SegmentView`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from semlens.core.span import Span
from semlens.index.arrays import Ints
from semlens.index.segment.columns import Array, ColumnFileError, StringColumn, read_column_file, write_column_file
from semlens.index.segment.name_table import NameTable
from semlens.index.segment.postings import Postings
from semlens.index.segment.reference_table import ReferenceTable, with_missing_columns


@dataclass(frozen=True, slots=True)
class FileTable:
    """One row for each file.

    :ivar hashes: content hashes, shape (n, 16). :ivar roles: bits of `Role`.
    :ivar languages: rows of `language_names`.
    """

    paths: StringColumn
    hashes: npt.NDArray[np.uint8]
    n_lines: npt.NDArray[np.uint32]
    roles: npt.NDArray[np.uint8]
    languages: npt.NDArray[np.uint16]
    language_names: StringColumn

    def __len__(self) -> int:
        return len(self.n_lines)

    def language(self, row: int) -> str:
        return self.language_names[int(self.languages[row])]


@dataclass(frozen=True, slots=True)
class SymbolTable:
    """One row for each symbol, in order of files.

    :ivar files: row of the file. :ivar kinds: values of `SymbolKind`.
    :ivar spans: (start_line, start_column, end_line, end_column) of the symbol, then of its name, shape (n, 8).
    :ivar parents: row of the containing symbol, or -1.
    """

    files: npt.NDArray[np.uint32]
    kinds: npt.NDArray[np.uint8]
    spans: npt.NDArray[np.uint32]
    parents: npt.NDArray[np.int32]
    names: StringColumn
    qualified_names: StringColumn
    signatures: StringColumn

    def __len__(self) -> int:
        return len(self.files)

    def span(self, row: int) -> Span:
        return Span(*(int(value) for value in self.spans[row, :4]))

    def name_span(self, row: int) -> Span:
        return Span(*(int(value) for value in self.spans[row, 4:]))

    def of_file(self, file: int) -> slice[int, int, None]:
        """The rows of the symbols of a file."""
        return _rows_of(self.files, file)

    def around(self, file: int, line: int) -> Ints:
        """The rows of the symbols of a file that contain a line (0-based), ascending."""
        rows = self.of_file(file)
        spans = self.spans[rows]
        return rows.start + np.flatnonzero((spans[:, 0] <= line) & (line <= spans[:, 2]))

    def innermost(self, rows: Ints) -> int:
        """The shortest of some symbols that contain the same line. :param rows: at least one."""
        lengths = self.spans[rows, 2].astype(np.int64) - self.spans[rows, 0]
        return int(rows[np.argmin(lengths)])


@dataclass(frozen=True, slots=True)
class PassageTable:
    """One row for each passage, in order of files.

    :ivar symbols: row of the symbol, or -1. :ivar lines: first and last line, inclusive, shape (n, 2).
    :ivar hashes: content hashes of the text to embed, shape (n, 16).
    """

    files: npt.NDArray[np.uint32]
    symbols: npt.NDArray[np.int32]
    lines: npt.NDArray[np.uint32]
    hashes: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.files)

    def of_file(self, file: int) -> slice[int, int, None]:
        """The rows of the passages of a file."""
        return _rows_of(self.files, file)


def _rows_of(files: npt.NDArray[np.uint32], file: int) -> slice[int, int, None]:
    bounds = np.array([file, file + 1], files.dtype)  # of another type, all of the column would be converted
    start, stop = np.searchsorted(files, bounds).tolist()
    return slice(start, stop)


@dataclass(frozen=True, eq=False)
class Segment:
    """The index of some files.

    :ivar id: unique name; the file on disk is named after it.
    :ivar words: passages by term, with BM25F weights. :ivar names: symbols, then files, by name.
    :ivar references: symbols, then files, by the hash of each name that they use.
    """

    id: str
    files: FileTable
    symbols: SymbolTable
    passages: PassageTable
    words: Postings
    names: NameTable
    references: ReferenceTable

    @cached_property
    def first_passages(self) -> npt.NDArray[np.int64]:
        """First passage of each symbol, then of each file, or -1. Shape (symbols + files,)."""
        n_symbols = len(self.symbols)
        first = np.full(n_symbols + len(self.files), -1, np.int64)
        rows = np.arange(len(self.passages))[::-1]
        symbols = self.passages.symbols[rows]
        first[symbols[symbols >= 0]] = rows[symbols >= 0]
        first[n_symbols + self.passages.files[rows].astype(np.int64)] = rows
        return first

    def write(self, folder: Path) -> int:
        """Write ``<id>.segment``; returns its size in bytes.

        :raises OSError: when the disk is full or the folder cannot be written.
        """
        return write_column_file(segment_path(folder, self.id), dict(_flatten("", self)), {"id": self.id})


def segment_path(folder: Path, segment_id: str) -> Path:
    return folder / f"{segment_id}.segment"


def read_segment(folder: Path, segment_id: str) -> Segment:
    """:raises ColumnFileError: when the file is missing, truncated, of another format or lacks a column."""
    path = segment_path(folder, segment_id)
    arrays, meta = read_column_file(path)
    if meta.get("id") != segment_id:
        raise ColumnFileError(f"{path} holds another segment")
    try:
        return segment_from_arrays(segment_id, with_missing_columns(arrays))
    except KeyError as error:
        raise ColumnFileError(f"{path} lacks the column {error}") from error


_TABLES: dict[str, type[Any]] = {
    "files": FileTable,
    "symbols": SymbolTable,
    "passages": PassageTable,
    "words": Postings,
    "names": NameTable,
    "references": ReferenceTable,
    "trigrams": Postings,
}


def segment_arrays(segment: Segment) -> dict[str, Array]:
    """All columns under dotted names. Parse workers send segments in this form."""
    return dict(_flatten("", segment))


def segment_from_arrays(segment_id: str, arrays: Mapping[str, Array]) -> Segment:
    tables = {name: _table(_TABLES[name], name, arrays) for name in _names(Segment) if name != "id"}
    return Segment(segment_id, **tables)


def _names(kind: type[Any]) -> list[str]:
    return [item.name for item in fields(kind)]


def _flatten(prefix: str, value: Any) -> list[tuple[str, Array]]:
    columns: list[tuple[str, Array]] = []
    for name in _names(type(value)):
        item = getattr(value, name)
        if isinstance(item, np.ndarray):
            columns.append((f"{prefix}{name}", item))
        elif not isinstance(item, str):
            columns.extend(_flatten(f"{prefix}{name}.", item))
    return columns


def _table(kind: type[Any], prefix: str, arrays: Mapping[str, Array]) -> Any:
    values: dict[str, Any] = {}
    for name in _names(kind):
        key = f"{prefix}.{name}"
        if key in arrays:
            values[name] = arrays[key]
        elif f"{key}.heap" in arrays:
            values[name] = StringColumn(arrays[f"{key}.offsets"], arrays[f"{key}.heap"])
        else:
            values[name] = _table(_TABLES[name], key, arrays)
    return kind(**values)
