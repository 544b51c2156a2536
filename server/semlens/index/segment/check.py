"""Checks that the tables of a segment from disk fit each other: types, shapes and row numbers.

The checksum of the file finds damage. These checks find wrong content with a valid checksum, written by another program
or by a bug. After them no search meets a row that does not exist.
"""

from __future__ import annotations

import numpy as np

from semlens.index.segment.columns import Array, ColumnFileError, StringColumn
from semlens.index.segment.name_table import HUMP_BYTES, KEY_BYTES, NameTable
from semlens.index.segment.postings import Postings
from semlens.index.segment.segment import Segment
from semlens.index.segment.vectors import VectorBlock


def check_segment(segment: Segment) -> None:
    """:raises ColumnFileError: when a column does not fit the others."""
    files, symbols, passages = segment.files, segment.symbols, segment.passages
    n_files, n_symbols, n_passages = (len(table) for table in (files, symbols, passages))
    for strings, count in (
        (files.paths, n_files), (files.language_names, None), (symbols.names, n_symbols),
        (symbols.qualified_names, n_symbols), (symbols.signatures, n_symbols),
    ):  # fmt: skip
        _check_strings(strings, count)
    for column, kind, shape in (
        (files.hashes, "u1", (n_files, 16)), (files.n_lines, "u4", (n_files,)), (files.roles, "u1", (n_files,)),
        (files.languages, "u2", (n_files,)), (symbols.files, "u4", (n_symbols,)), (symbols.kinds, "u1", (n_symbols,)),
        (symbols.spans, "u4", (n_symbols, 8)), (symbols.parents, "i4", (n_symbols,)),
        (passages.files, "u4", (n_passages,)), (passages.symbols, "i4", (n_passages,)),
        (passages.lines, "u4", (n_passages, 2)), (passages.hashes, "u1", (n_passages, 16)),
    ):  # fmt: skip
        _check_column(column, kind, shape)
    for rows, least, bound in (
        (files.languages, 0, len(files.language_names)), (symbols.files, 0, n_files), (symbols.parents, -1, n_symbols),
        (passages.files, 0, n_files), (passages.symbols, -1, n_symbols),
    ):  # fmt: skip
        _check_rows(rows, least, bound)
    _check_postings(segment.words, n_passages, weighted=True)
    references = segment.references
    _check_postings(
        Postings(references.terms, references.offsets, references.rows, references.codes),
        n_symbols + n_files,
        weighted=True,
    )
    _check_column(references.hints, "u4", (len(references.rows),))
    _check_names(segment.names, n_symbols + n_files)


def check_vectors(block: VectorBlock) -> None:
    """:raises ColumnFileError: when the block does not hold one vector of equal length for each row."""
    _check_column(block.rows, "u4", (len(block.rows),))
    if block.matrix.dtype != np.int8 or block.matrix.ndim != 2 or len(block.matrix) != len(block.rows):
        raise ColumnFileError("the number of vectors differs from the number of rows")
    if len(block.rows) and not block.matrix.shape[1]:
        raise ColumnFileError("the vectors are empty")
    if np.any(block.rows[1:] <= block.rows[:-1]):
        raise ColumnFileError("the rows of the vectors are not in ascending order")


def _check_column(column: Array, kind: str, shape: tuple[int, ...]) -> None:
    if column.dtype != np.dtype(kind) or column.shape != shape:
        raise ColumnFileError(f"a column has {column.dtype}{column.shape}, expected {kind}{shape}")


def _check_rows(rows: Array, least: int, bound: int) -> None:
    if len(rows) and (int(rows.min()) < least or int(rows.max()) >= bound):
        raise ColumnFileError("a column refers to a row that does not exist")


def _check_offsets(offsets: Array, n_bytes: int) -> None:
    _check_column(offsets, "u4", (len(offsets),))
    if not len(offsets) or int(offsets[0]) != 0 or int(offsets[-1]) != n_bytes or np.any(offsets[1:] < offsets[:-1]):
        raise ColumnFileError("offsets do not fit the data that they divide")


def _check_strings(column: StringColumn, count: int | None) -> None:
    _check_column(column.heap, "u1", (len(column.heap),))
    _check_offsets(column.offsets, len(column.heap))
    if count is not None and len(column) != count:
        raise ColumnFileError(f"a column has {len(column)} strings, expected {count}")


def _check_postings(postings: Postings, bound: int, *, weighted: bool = False) -> None:
    _check_column(postings.terms, "u8", (len(postings.offsets) - 1,))
    _check_offsets(postings.offsets, len(postings.rows))
    _check_column(postings.rows, "u4", (len(postings.rows),))
    _check_column(postings.codes, "u1", (len(postings.rows) if weighted else 0,))
    _check_rows(postings.rows, 0, bound)
    if np.any(postings.terms[1:] <= postings.terms[:-1]):
        raise ColumnFileError("terms are not in ascending order")


def _check_names(names: NameTable, n_rows: int) -> None:
    for keys, rows, width in ((names.keys, names.key_rows, KEY_BYTES), (names.humps, names.hump_rows, HUMP_BYTES)):
        _check_column(keys, f"S{width}", (n_rows,))
        _check_column(rows, "u4", (n_rows,))
        _check_rows(rows, 0, n_rows)
    _check_postings(names.trigrams, n_rows)
