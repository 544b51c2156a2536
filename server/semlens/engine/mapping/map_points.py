"""Collects the symbols of a snapshot that have a vector, in an order that does not depend on how segments lie."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from semlens.core.symbol import SymbolKind
from semlens.index.arrays import Int8Matrix, Ints, Rows
from semlens.index.segment.vectors import join_blocks
from semlens.index.snapshot import IndexSnapshot, SegmentView

MAX_FOLDERS = 65_535
FOLDER_DEPTH = 2
"""Colours by folder mean folders down to this depth."""


@dataclass(frozen=True)
class MapPoints:
    """The points, ordered by root, path and line.

    :ivar views: of the snapshot; they keep its segments. :ivar view_of: row in ``views`` of each point.
    :ivar symbol_of: row in the segment's symbols. :ivar file_of: row in ``files``. :ivar name_lines: 0-based.
    :ivar files: root and path of every file that has points.
    :ivar vectors: shape (n, dimension). :ivar hashes: the first 8 bytes of the content hash of each.
    :ivar digest: the same for the same vectors in the same order.
    """

    views: tuple[SegmentView, ...]
    view_of: Ints
    symbol_of: Ints
    file_of: Ints
    name_lines: Ints
    files: tuple[tuple[str, str], ...]
    vectors: Int8Matrix
    hashes: npt.NDArray[np.uint64]
    digest: str

    def __len__(self) -> int:
        return len(self.symbol_of)

    def without_vectors(self) -> MapPoints:
        """What is needed after the map was computed."""
        return replace(self, vectors=self.vectors[:0], hashes=self.hashes[:0])

    def names(self) -> list[str]:
        columns = [view.segment.symbols.names.tolist() for view in self.views]
        return [columns[view][row] for view, row in zip(self.view_of.tolist(), self.symbol_of.tolist(), strict=True)]

    def kinds(self) -> tuple[list[str], npt.NDArray[np.uint8]]:
        """The names of all kinds, and the row of each point in them."""
        numbers = np.concatenate([view.segment.symbols.kinds for view in self.views])
        kinds = numbers[self._offsets("symbols")[self.view_of] + self.symbol_of]
        return ["", *(kind.label for kind in SymbolKind)], kinds.astype(np.uint8)

    def languages(self) -> tuple[list[str], npt.NDArray[np.uint16]]:
        rows = self._file_rows()
        per_view = [view.segment.files for view in self.views]
        names = sorted({name for files in per_view for name in files.language_names.tolist()})
        number = {name: row for row, name in enumerate(names)}
        maps = [np.array([number[name] for name in files.language_names.tolist()] or [0]) for files in per_view]
        codes = np.concatenate([known[files.languages] for known, files in zip(maps, per_view, strict=True)])
        return names, codes[self._offsets("files")[self.view_of] + rows].astype(np.uint16)

    def folders(self) -> tuple[list[str], npt.NDArray[np.uint16]]:
        """Folders down to `FOLDER_DEPTH`, with their root where there are several."""
        has_roots = len({root for root, _ in self.files}) > 1
        texts = []
        for root, path in self.files:
            inner = "/".join(path.split("/")[:-1][:FOLDER_DEPTH])
            texts.append(f"{root.rpartition('/')[2]}/{inner}".rstrip("/") if has_roots else inner)
        names = sorted(set(texts))[:MAX_FOLDERS]
        number = {name: row for row, name in enumerate(names)}
        of_file = np.array([number.get(text, 0) for text in texts] or [0], np.uint16)
        return names, of_file[self.file_of]

    @cached_property
    def _first_of_file(self) -> Ints:
        """The first point of each file, and the end. Shape (files + 1,)."""
        first: Ints = np.searchsorted(self.file_of, np.arange(len(self.files) + 1)).astype(np.int64)
        return first

    @cached_property
    def _file_numbers(self) -> Mapping[tuple[str, str], int]:
        return {file: row for row, file in enumerate(self.files)}

    def locate(self, root: str, path: str, name_line: int) -> int | None:
        """The point of a symbol. :param name_line: 0-based."""
        file = self._file_numbers.get((root, path))
        if file is None:
            return None
        start, end = int(self._first_of_file[file]), int(self._first_of_file[file + 1])
        found = start + int(np.searchsorted(self.name_lines[start:end], name_line))
        return found if found < end and self.name_lines[found] == name_line else None

    def _file_rows(self) -> Ints:
        files = np.concatenate([view.segment.symbols.files for view in self.views])
        rows: Ints = files[self._offsets("symbols")[self.view_of] + self.symbol_of].astype(np.int64)
        return rows

    def _offsets(self, table: str) -> Ints:
        sizes = [len(getattr(view.segment, table)) for view in self.views]
        return np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)


def collect_points(snapshot: IndexSnapshot, roots: Mapping[str, str], fingerprint: str) -> MapPoints | None:
    """The symbols of these roots that have a vector of a model; None when there is none.

    :param roots: the roots by real path, with the name to show.
    """
    views, parts = [], []
    for view in snapshot.views:
        blocks = view.blocks(fingerprint)
        if view.root in roots and not view.buffer_uri and blocks and len(view.segment.symbols):
            part = _points_of(view, join_blocks(blocks).rows, join_blocks(blocks).matrix)
            if len(part[0]):
                views.append(view)
                parts.append(part)
    if not parts:
        return None
    symbols, vectors, hashes = (np.concatenate([part[column] for part in parts]) for column in range(3))
    view_of = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
    files, file_of = _ordered_files(views, roots, view_of, symbols)
    name_lines = np.concatenate(
        [view.segment.symbols.spans[part[0], 4] for view, part in zip(views, parts, strict=True)]
    ).astype(np.int64)
    order = np.lexsort((symbols, name_lines, file_of))
    return MapPoints(
        tuple(views),
        view_of[order],
        symbols[order],
        file_of[order],
        name_lines[order],
        files,
        vectors[order],
        hashes[order],
        _digest(fingerprint, hashes[order]),
    )


def _digest(fingerprint: str, hashes: npt.NDArray[np.uint64]) -> str:
    return hashlib.sha256(fingerprint.encode() + hashes.tobytes()).hexdigest()[:32]


def _points_of(view: SegmentView, rows: Rows, matrix: Int8Matrix) -> tuple[Ints, Int8Matrix, npt.NDArray[np.uint64]]:
    """The living symbols of a view that have a vector: their rows, vectors and hashes."""
    segment = view.segment
    place = np.full(len(segment.passages), -1, np.int64)
    place[rows] = np.arange(len(rows))
    passages = segment.first_passages[: len(segment.symbols)]
    usable = passages >= 0
    usable[usable] = place[passages[usable]] >= 0
    if view.alive is not None:
        usable &= view.alive[segment.symbols.files]
    symbols = np.flatnonzero(usable)
    chosen = passages[symbols]
    hashes = np.ascontiguousarray(segment.passages.hashes[chosen, :8]).view(">u8").reshape(-1).astype(np.uint64)
    return symbols, matrix[place[chosen]], hashes


def _ordered_files(
    views: Sequence[SegmentView], roots: Mapping[str, str], view_of: Ints, symbols: Ints
) -> tuple[tuple[tuple[str, str], ...], Ints]:
    """Root and path of every file that has points, sorted, and the row of each point in them."""
    keys: dict[tuple[str, str], int] = {}
    codes = []
    for number, view in enumerate(views):
        rows = view.segment.symbols.files[symbols[view_of == number]]
        used = np.unique(rows)
        code = np.zeros(len(view.segment.files), np.int64)
        for row in used.tolist():
            code[row] = keys.setdefault((roots[view.root], view.segment.files.paths[row]), len(keys))
        codes.append(code[rows])
    files = sorted(keys)
    rank = np.zeros(len(keys), np.int64)
    rank[[keys[file] for file in files]] = np.arange(len(files))
    return tuple(files), rank[np.concatenate(codes)]
