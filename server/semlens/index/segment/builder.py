"""Builds a segment from the outlines of some files. Runs in parse workers.

Parsing belongs to `syntax`, merging to `merge`.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semlens.core.hashing import HASH_BYTES, ContentHash
from semlens.core.span import Span
from semlens.core.symbol import Outline
from semlens.core.text.identifiers import split_identifier
from semlens.index.segment.bm25f import weigh_passages
from semlens.index.segment.columns import StringColumn
from semlens.index.segment.name_table import NameTable
from semlens.index.segment.postings import Postings, encode_weights
from semlens.index.segment.reference_table import ReferenceTable
from semlens.index.segment.segment import FileTable, PassageTable, Segment, SymbolTable
from semlens.index.segment.terms import initials, weigh_path


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """One file that was read and parsed.

    :ivar path: relative to the root, with forward slashes.
    """

    path: str
    hash: ContentHash
    outline: Outline


def new_segment_id() -> str:
    return uuid.uuid4().hex


def _span_row(span: Span, name: Span) -> tuple[int, ...]:
    return (
        span.start_line, span.start_column, span.end_line, span.end_column,
        name.start_line, name.start_column, name.end_line, name.end_column,
    )  # fmt: skip


def build_segment(parsed_files: Sequence[ParsedFile]) -> Segment:
    """Index some files: passages by terms, symbols and files by name and by the names that they mention."""
    languages = sorted({file.outline.language for file in parsed_files})
    language_rows = {name: row for row, name in enumerate(languages)}
    symbols = [(i, symbol) for i, file in enumerate(parsed_files) for symbol in file.outline.symbols]
    first_symbol = np.cumsum([0] + [len(file.outline.symbols) for file in parsed_files]).tolist()
    passages = [(i, passage) for i, file in enumerate(parsed_files) for passage in file.outline.passages]

    names = [symbol.name for _, symbol in symbols]
    base_names = [file.path.rpartition("/")[2] for file in parsed_files]
    humps = [initials(name, split_identifier(name)) for name in names]
    humps += [initials(name, split_identifier(name.partition(".")[0])) for name in base_names]

    return Segment(
        id=new_segment_id(),
        files=FileTable(
            StringColumn.of(file.path for file in parsed_files),
            _hash_rows([file.hash for file in parsed_files]),
            np.array([file.outline.n_lines for file in parsed_files], np.uint32),
            np.array([int(file.outline.role) for file in parsed_files], np.uint8),
            np.array([language_rows[file.outline.language] for file in parsed_files], np.uint16),
            StringColumn.of(languages),
        ),
        symbols=SymbolTable(
            np.array([i for i, _ in symbols], np.uint32),
            np.array([int(symbol.kind) for _, symbol in symbols], np.uint8),
            np.array([_span_row(symbol.span, symbol.name_span) for _, symbol in symbols], np.uint32).reshape(-1, 8),
            np.array([s.parent + first_symbol[i] if s.parent >= 0 else -1 for i, s in symbols], np.int32),
            StringColumn.of(names),
            StringColumn.of(symbol.qualified_name for _, symbol in symbols),
            StringColumn.of(symbol.signature for _, symbol in symbols),
        ),
        passages=PassageTable(
            np.array([i for i, _ in passages], np.uint32),
            np.array([p.symbol + first_symbol[i] if p.symbol >= 0 else -1 for i, p in passages], np.int32),
            np.array([(p.start_line, p.end_line) for _, p in passages], np.uint32).reshape(-1, 2),
            _hash_rows([passage.content_hash for _, passage in passages]),
        ),
        words=_word_postings(parsed_files),
        names=NameTable.build(StringColumn.of(names + base_names), StringColumn.of(humps)),
        references=_reference_table(parsed_files, first_symbol, len(symbols)),
    )


def _hash_rows(hashes: list[ContentHash]) -> npt.NDArray[np.uint8]:
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, HASH_BYTES)


def _word_postings(parsed_files: Sequence[ParsedFile]) -> Postings:
    terms, rows, weights = weigh_passages((weigh_path(file.path), file.outline.passages) for file in parsed_files)
    return Postings.build(terms, rows, encode_weights(weights))


def _reference_table(parsed_files: Sequence[ParsedFile], first_symbol: list[int], n_symbols: int) -> ReferenceTable:
    return ReferenceTable.of(
        [
            (first_symbol[i] + reference.symbol if reference.symbol >= 0 else n_symbols + i, reference)
            for i, file in enumerate(parsed_files)
            for reference in file.outline.references
        ]
    )
