"""Builds the hits of one request. It reads each file once, and checks its text."""

from __future__ import annotations

from collections.abc import Callable

from semlens.core.cancel import CancelToken
from semlens.core.hit import SearchHit
from semlens.engine.query.current_texts import CurrentDocument, RequestDocuments
from semlens.engine.query.hit_builder import make_hit
from semlens.engine.query.masking import mask_hit
from semlens.index.snapshot import SegmentView
from semlens.search.query.query import Query, parse_query
from semlens.search.ranking.rank import RankedHit

_NO_QUERY = parse_query("")


class RequestHits:
    """A row whose file differs from what was indexed has no hit."""

    def __init__(self, documents: RequestDocuments, display_root: Callable[[str], str], cancel: CancelToken) -> None:
        """:param display_root: returns the path of a root as the user gave it."""
        self._documents = documents
        self._display_root = display_root
        self._cancel = cancel
        self._read: dict[tuple[int, int], CurrentDocument | None] = {}

    def document(self, view: SegmentView, file: int) -> CurrentDocument | None:
        """The current text of a file; None when it is not the indexed one.

        :raises Cancelled: when the token was cancelled.
        """
        self._cancel.check()
        key = (id(view), file)
        if key not in self._read:
            self._read[key] = self._documents.read(view, file)
        return self._read[key]

    def of_ranked(
        self, ranked: RankedHit, query: Query = _NO_QUERY, *, explain: bool = False, mask: bool = False
    ) -> SearchHit | None:
        """:param explain: with the features of the ranking. :param mask: without the secrets of its text."""
        document = self.document(ranked.view, ranked.file)
        if document is None:
            return None
        hit = make_hit(
            ranked,
            query,
            document.lines,
            display_root=self._display_root(ranked.view.root),
            uri=document.uri,
            dirty=document.dirty,
            explain=explain,
        )
        return mask_hit(hit, document.lines) if hit is not None and mask else hit

    def of_row(self, view: SegmentView, row: int, score: float = 1.0) -> SearchHit | None:
        """:param row: of a symbol, or of a file behind all symbols."""
        segment = view.segment
        n_symbols = len(segment.symbols)
        symbol, file = (row, int(segment.symbols.files[row])) if row < n_symbols else (-1, row - n_symbols)
        passage = int(segment.first_passages[row])
        if passage < 0:
            passage = int(segment.first_passages[n_symbols + file])
        return None if passage < 0 else self.of_ranked(RankedHit(view, file, symbol, (passage,), score, {}))
