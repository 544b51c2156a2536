"""Builds a context pack: reads texts, masks secrets, counts tokens and keeps the budget.

``search/context`` ranks candidates, chooses among them and renders them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from semlens.core.cancel import CancelToken
from semlens.core.context import ContextItem, ContextPack, ContextRequest, Form
from semlens.core.span import Span
from semlens.core.text.secrets import MASK, mask_secrets
from semlens.embedding.token_counting import TokenCounter
from semlens.engine.query.current_texts import CurrentDocument
from semlens.engine.query.masking import changed_by_masks, mask_document
from semlens.graph.candidates import FileKey
from semlens.graph.resolver import Resolver
from semlens.graph.segment_names import SymbolPlace
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.search.context.candidates import ContextCandidate, distinct
from semlens.search.context.forms import Piece, forms_of, lines_piece
from semlens.search.context.related_code import around
from semlens.search.context.render import Block, blocks_of, render
from semlens.search.context.seeds import from_hits, from_place
from semlens.search.context.select import Choice, SizedCandidate, select
from semlens.search.query.filter_masks import is_below
from semlens.search.query.query import Query
from semlens.search.ranking.highlight import best_lines
from semlens.search.ranking.rank import RankedHit

MAX_CANDIDATES = 200
_EXPANDED_SEEDS = 2
_RELATED_TO_HIT_FACTOR = 0.15
_CURSOR_CONTEXT_LINES = 6
_MAX_BEST_STRETCHES = 2
"""Number of matching line ranges that an outline shows. Each has one line of context, which helps reading."""

ReadDocument = Callable[[SegmentView, int], CurrentDocument | None]


class ContextBuilder:
    """Builds the pack of one request: `candidates`, then `pack`."""

    def __init__(
        self,
        snapshot: IndexSnapshot,
        request: ContextRequest,
        query: Query,
        read: ReadDocument,
        counter: TokenCounter,
        cancel: CancelToken,
    ) -> None:
        self._snapshot = snapshot
        self._request = request
        self._query = query
        self._read = read
        self._counter = counter
        self._cancel = cancel
        self._documents: dict[FileKey, CurrentDocument | None] = {}
        self._fully_masked: set[FileKey] = set()

    def candidates(self, place: FileKey | None, hits: Sequence[RankedHit]) -> list[ContextCandidate]:
        """Return the candidates for the pack, most valuable first.

        :param place: the document that the request names, if any.
        :param hits: ranked hits of the request's query.
        """
        views = self._snapshot.views
        resolver = Resolver(views)
        tests = self._request.tests
        candidates: list[ContextCandidate] = []
        if place is not None and (document := self._document(place)) is not None:
            candidates += from_place(resolver, place, self._request.lines, document.lines, tests=tests)
        seeds = from_hits(views, hits, self._query, tests=tests)
        candidates += seeds
        for seed in seeds[:_EXPANDED_SEEDS]:
            if seed.symbol >= 0 and self._document((seed.view, seed.file)) is not None:
                candidates += around(resolver, SymbolPlace(seed.view, seed.symbol), _RELATED_TO_HIT_FACTOR, tests=tests)
        folders = self._request.folders
        shown = [one for one in candidates if is_below(views[one.view], one.file, folders)]
        return distinct(shown)[:MAX_CANDIDATES]

    def pack(self, candidates: Sequence[ContextCandidate]) -> ContextPack:
        """Choose forms and render them. Remove the least valuable until the whole text is within the budget."""
        sized_candidates = [
            SizedCandidate(
                (candidate.view, candidate.file),
                candidate.symbol,
                candidate.value,
                candidate.reason,
                partial(self._forms, candidate),
                n,
            )
            for n, candidate in enumerate(candidates)
        ]
        chosen, n_candidates = select(sized_candidates, self._request.budget, self._tokens)
        text, total, masked = "", 0, 0
        while chosen:
            text, masked = self._render(chosen)
            total = self._counter.count(text)
            if total <= self._request.budget:
                break
            # the whole may exceed the sum of its parts
            chosen.remove(min(chosen, key=lambda choice: choice.candidate.value))
        else:
            text, total, masked = "", 0, 0
        items = tuple(self._item(choice) for choice in _in_reading_order(chosen))
        return ContextPack(
            text,
            total,
            self._counter.name,
            self._request.budget,
            items,
            n_candidates - len(chosen),
            masked,
            self._snapshot.generation,
        )

    def _document(self, key: FileKey) -> CurrentDocument | None:
        if key not in self._documents:
            self._cancel.check()
            document = self._read(self._snapshot.views[key[0]], key[1])
            path = self._path(key)
            if document is not None:
                masked = mask_document(document.lines, path)
                if masked is not None:
                    document = replace(document, lines=masked)
                    self._fully_masked.add(key)
            self._documents[key] = document
        return self._documents[key]

    def _path(self, key: FileKey) -> str:
        return self._snapshot.views[key[0]].segment.files.paths[key[1]]

    def _forms(self, candidate: ContextCandidate) -> Sequence[Piece]:
        document = self._document((candidate.view, candidate.file))
        if document is None or candidate.stretch[0] >= len(document.lines):
            return ()
        if candidate.lines:
            return (lines_piece(candidate.lines, document.lines),)
        best = self._best_lines(candidate, document.lines)
        pieces = forms_of(
            self._snapshot.views[candidate.view], candidate.symbol, candidate.stretch, document.lines, best
        )
        if not candidate.glimpse:
            pieces = tuple(piece for piece in pieces if piece.form is not Form.SIGNATURE) or pieces
        return pieces

    def _best_lines(self, candidate: ContextCandidate, lines: Sequence[str]) -> Sequence[tuple[int, int]]:
        first, last = candidate.stretch
        if candidate.focus:
            whole_name = re.compile(rf"(?<!\w){re.escape(candidate.focus)}(?!\w)")
            return [(n, n + 1) for n in range(first + 1, min(last + 1, len(lines))) if whole_name.search(lines[n])][:2]
        if candidate.glimpse:
            return []
        near = self._request.lines
        best = [(near[0] - _CURSOR_CONTEXT_LINES, near[1] + _CURSOR_CONTEXT_LINES)] if near[0] >= 0 else []
        if self._request.query:
            body = lines[first : last + 1]
            best += [(start - 1, end + 1) for start, end in best_lines(body, first, self._query)[:_MAX_BEST_STRETCHES]]
        return best

    def _blocks(self, key: FileKey, pieces: Sequence[Piece]) -> list[Block]:
        document = self._document(key)
        assert document is not None
        language = self._snapshot.views[key[0]].segment.files.language(key[1])
        return blocks_of(self._path(key), language, pieces, document.lines)

    def _tokens(self, candidate: SizedCandidate, piece: Piece) -> int:
        """Count tokens before masking, which only shortens the text. The whole pack is counted after masking."""
        blocks = self._blocks(candidate.file, [piece])
        return self._counter.count(render(blocks, line_numbers=self._request.line_numbers) + "\n")

    def _render(self, chosen: Sequence[Choice]) -> tuple[str, int]:
        """Return the text and the number of masked secrets."""
        by_file: dict[FileKey, list[Piece]] = {}
        for choice in _in_reading_order(chosen):
            by_file.setdefault(choice.candidate.file, []).append(choice.piece)
        masked = [
            self._mask_block(key, block) for key, pieces in by_file.items() for block in self._blocks(key, pieces)
        ]
        text = render([block for block, _ in masked], line_numbers=self._request.line_numbers)
        return text, sum(count for _, count in masked)

    def _mask_block(self, key: FileKey, block: Block) -> tuple[Block, int]:
        if key in self._fully_masked:
            return block, block.code.count(MASK)
        document = self._document(key)
        assert document is not None
        changed = changed_by_masks(document.lines, [n for n, _ in block.lines if n >= 0])
        if not changed:
            return block, 0
        count = sum(line.count(MASK) for line in changed.values())
        return replace(block, lines=tuple((n, changed.get(n, line)) for n, line in block.lines)), count

    def _item(self, choice: Choice) -> ContextItem:
        candidate, piece = choice.candidate, choice.piece
        view, path = self._snapshot.views[candidate.file[0]], self._path(candidate.file)
        name = view.segment.symbols.qualified_names[candidate.symbol] if candidate.symbol >= 0 else path
        document = self._document(candidate.file)
        assert document is not None
        last = document.lines[piece.last_line] if piece.last_line < len(document.lines) else ""
        span = Span(piece.first_line, 0, piece.last_line, len(last.encode("utf-8", "surrogatepass")))
        name, reason = mask_secrets(name)[0], candidate.reason
        reason = reason._replace(text=mask_secrets(reason.text)[0])
        return ContextItem(document.uri, path, span, name, piece.form, choice.tokens, reason, document.dirty, last)


def _in_reading_order(chosen: Sequence[Choice]) -> list[Choice]:
    """Sort files by their most valuable piece, and pieces by their position."""
    file_values: dict[FileKey, float] = {}
    for choice in chosen:
        file = choice.candidate.file
        file_values[file] = max(file_values.get(file, 0.0), choice.candidate.value)
    return sorted(
        chosen, key=lambda choice: (-file_values[choice.candidate.file], choice.candidate.file, choice.piece.first_line)
    )
