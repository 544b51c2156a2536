"""The index as the ranking sees it: all readers together, in this process or on other machines.

`LocalIndex` is that of one snapshot. A cluster has another one (`cluster/serve`), over the same steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from semlens.index.arrays import Ints
from semlens.index.snapshot import SegmentView
from semlens.search.query.query import Query
from semlens.search.ranking.symbol_ranking import SymbolScores, score_symbols
from semlens.search.readers.reader import Question
from semlens.search.readers.view_reader import compare_chosen, find_candidates
from semlens.search.signals.file_table import FileTable
from semlens.search.signals.locations import FramePlace, resolve_frames
from semlens.search.signals.meaning import KeptScans
from semlens.search.signals.spelling import with_known_words


class SearchedIndex(Protocol):
    """The steps of one search, in this order.

    :ivar n_passages: of all readers.
    """

    @property
    def n_passages(self) -> int: ...

    def known_words(self, query: Query) -> Query:
        """See `spelling.with_known_words`."""
        ...

    def candidates(self, question: Question) -> tuple[FileTable, Sequence[FramePlace]]:
        """The files that may be hits, and the places of the query's stack trace."""
        ...

    def symbols(
        self,
        table: FileTable,
        best: Ints,
        frames: Sequence[FramePlace],
        question: Question,
        weights: Mapping[str, float],
    ) -> SymbolScores:
        """See `symbol_ranking.score_symbols`. :param best: positions of the chosen files in the table, ascending."""
        ...

    def path(self, view: int, file: int) -> str:
        """Of one of the chosen files."""
        ...

    def kind(self, view: int, symbol: int) -> int:
        """Of a symbol of one of the chosen files."""
        ...


class LocalIndex:
    """See `SearchedIndex`."""

    def __init__(self, views: Sequence[SegmentView], scans: KeptScans | None = None) -> None:
        """:param views: of one snapshot, each with passages. :param scans: of the search."""
        self._views = views
        self._scans = scans
        self.n_passages = sum(len(view.segment.passages) for view in views)

    def known_words(self, query: Query) -> Query:
        return with_known_words(self._views, query)

    def candidates(self, question: Question) -> tuple[FileTable, Sequence[FramePlace]]:
        frames = resolve_frames(self._views, question.query.frames)
        return find_candidates(self._views, question, frames, self._scans), frames

    def symbols(
        self,
        table: FileTable,
        best: Ints,
        frames: Sequence[FramePlace],
        question: Question,
        weights: Mapping[str, float],
    ) -> SymbolScores:
        compare_chosen(self._views, table, best, question)
        return score_symbols(self._views, table, best, frames, weights)

    def path(self, view: int, file: int) -> str:
        return self._views[view].segment.files.paths[file]

    def kind(self, view: int, symbol: int) -> int:
        return int(self._views[view].segment.symbols.kinds[symbol])
