"""Finds what the workspace says twice: shapes of all larger symbols, computed once a segment and kept with it."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from semlens.core.cancel import CancelToken
from semlens.core.symbol import SymbolKind
from semlens.engine.documents import DocumentLook
from semlens.index.segment import Segment
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.search.duplicates import LEAST_LINES, DuplicateGroup, ShapedSymbol, group_duplicates
from semlens.search.rank import RankedHit
from semlens.syntax.shapes import Shape, shape_of

_KINDS = [
    int(kind)
    for kind in (
        SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR, SymbolKind.CLASS, SymbolKind.STRUCT,
        SymbolKind.INTERFACE, SymbolKind.ENUM,
    )
]  # fmt: skip

_MAX_SYMBOL_LINES = 2_000


class DuplicateFinder:
    """Shapes by symbol row, for each segment that was asked about."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Segment, dict[int, Shape]] = WeakKeyDictionary()

    def find(
        self,
        snapshot: IndexSnapshot,
        place: tuple[SegmentView, int] | None,
        limit: int,
        documents: DocumentLook,
        cancel: CancelToken,
    ) -> list[tuple[DuplicateGroup, list[RankedHit]]]:
        """:param place: only groups that this file has a part in."""
        symbols: list[ShapedSymbol] = []
        places: list[tuple[SegmentView, int]] = []
        n_files = 0
        for view in snapshot.views:
            shapes = self._shapes(view, documents, cancel)
            table = view.segment.symbols
            for row, shape in shapes.items():
                file = int(table.files[row])
                if view.alive is not None and not view.alive[file]:
                    continue
                span = table.spans[row]
                symbols.append(
                    ShapedSymbol(
                        len(places),
                        n_files + file,
                        int(span[0]),
                        int(span[2]),
                        shape.n_tokens,
                        shape.exact,
                        shape.minima,
                    )
                )
                places.append((view, row))
            n_files += len(view.segment.files)
        groups = group_duplicates(symbols, limit if place is None else len(symbols), cancel)
        found = [(group, [_hit(*places[symbol.key], group) for symbol in group.symbols]) for group in groups]
        if place is not None:
            found = [item for item in found if any(hit.view is place[0] and hit.file == place[1] for hit in item[1])]
        return found[:limit]

    def _shapes(self, view: SegmentView, documents: DocumentLook, cancel: CancelToken) -> dict[int, Shape]:
        """Shapes of the larger symbols of a segment whose files are as they were; the rest is asked again next time."""
        known = self._kept.setdefault(view.segment, {})
        table = view.segment.symbols
        lengths = table.spans[:, 2].astype(np.int64) - table.spans[:, 0] + 1
        wanted = np.isin(table.kinds, _KINDS) & (lengths >= LEAST_LINES) & (lengths <= _MAX_SYMBOL_LINES)
        if view.alive is not None:
            wanted &= view.alive[table.files]
        rows = [row for row in np.flatnonzero(wanted).tolist() if row not in known]
        file, lines = -1, None
        for row in rows:
            if int(table.files[row]) != file:
                cancel.check()
                file = int(table.files[row])
                document = documents.read(view, file)
                lines = None if document is None else document.lines
            if lines is not None:
                first, last = int(table.spans[row, 0]), int(table.spans[row, 2])
                known[row] = shape_of("\n".join(lines[first : last + 1]))
        return known


def _hit(view: SegmentView, row: int, group: DuplicateGroup) -> RankedHit:
    passage = int(view.segment.first_passages[row])
    return RankedHit(
        view,
        int(view.segment.symbols.files[row]),
        row,
        (max(passage, 0),),
        group.similarity,
        {"shape": group.similarity},
    )
