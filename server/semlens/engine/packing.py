"""Code to a pack for a prompt: reads the texts, masks secrets, counts tokens, and never goes over the budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from semlens.core.cancel import CancelToken
from semlens.core.context import ContextItem, ContextPack, ContextRequest
from semlens.core.secrets import is_environment_file, mask_secrets
from semlens.core.span import Span
from semlens.embedding.token_counting import TokenCounter
from semlens.engine.documents import CurrentDocument
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.search.context.candidates import Wish, around, distinct, from_hits, from_place
from semlens.search.context.forms import Form, Piece, forms_of
from semlens.search.context.graph import SymbolPlace
from semlens.search.context.render import Block, render, render_block
from semlens.search.context.select import Candidate, select
from semlens.search.highlight import best_lines
from semlens.search.query import Query
from semlens.search.rank import RankedHit

MAX_WISHES = 150
_SEEDS_LOOKED_AROUND = 2
_AROUND_HITS = 0.15
_NUMBER_WIDTH = 6


ReadDocument = Callable[[SegmentView, int], CurrentDocument | None]


def wishes_for(
    snapshot: IndexSnapshot,
    request: ContextRequest,
    place: tuple[int, int] | None,
    hits: Sequence[RankedHit],
) -> list[Wish]:
    """All that the pack could hold, most valuable first.

    :param place: number of the view and row of the file that the request names.
    """
    views = snapshot.views
    wishes: list[Wish] = []
    if place is not None:
        wishes += from_place(views, *place, request.lines, tests=request.tests)
    seeds = from_hits(views, hits)
    wishes += seeds
    for seed in seeds[:_SEEDS_LOOKED_AROUND]:
        if seed.symbol >= 0:
            wishes += around(views, SymbolPlace(seed.view, seed.symbol), _AROUND_HITS, tests=request.tests)
    return distinct(wishes)[:MAX_WISHES]


def make_pack(
    snapshot: IndexSnapshot,
    request: ContextRequest,
    wishes: Sequence[Wish],
    query: Query,
    read: ReadDocument,
    counter: TokenCounter,
    cancel: CancelToken,
) -> ContextPack:
    """Choose forms, render, and drop the least until the whole is within the budget by the counter's own count."""
    documents: dict[tuple[int, int], CurrentDocument | None] = {}
    candidates: list[Candidate] = []
    n_masked: dict[tuple[int, int, int, int, Form], int] = {}

    def document_of(key: tuple[int, int]) -> CurrentDocument | None:
        if key not in documents:
            documents[key] = read(snapshot.views[key[0]], key[1])
        return documents[key]

    for order, wish in enumerate(wishes):
        cancel.check()
        document = document_of((wish.view, wish.file))
        if document is None or wish.stretch[0] >= len(document.lines):
            continue
        body = document.lines[wish.stretch[0] : wish.stretch[1] + 1]
        best = best_lines(body, wish.stretch[0], query) if request.query else ()
        pieces = forms_of(snapshot.views[wish.view], wish.symbol, wish.stretch, document.lines, best)
        if not wish.glimpse:
            pieces = tuple(piece for piece in pieces if piece.form is not Form.SIGNATURE) or pieces
        candidates.append(Candidate((wish.view, wish.file), wish.symbol, wish.value, wish.why, pieces, order))

    def block_of(candidate: Candidate, piece: Piece) -> Block:
        view = snapshot.views[candidate.file[0]]
        path = view.segment.files.paths[candidate.file[1]]
        text, count = mask_secrets(piece.text, environment=is_environment_file(path))
        n_masked[(*candidate.file, piece.first_line, piece.last_line, piece.form)] = count
        if request.line_numbers:
            text = _numbered(text, piece)
        return Block(path, view.segment.files.language(candidate.file[1]), piece, text)

    def tokens_of(candidate: Candidate, piece: Piece) -> int:
        return counter.count(render_block(block_of(candidate, piece)) + "\n")

    chosen = select(candidates, request.budget, tokens_of)
    while chosen:
        chosen = _in_order(chosen)
        text = render([block_of(candidate, piece) for candidate, piece, _ in chosen])
        total = counter.count(text)
        if total <= request.budget:
            break
        chosen.remove(min(chosen, key=lambda item: item[0].value))  # the parts counted less than the whole
    else:
        text, total = "", 0
    items = tuple(
        _item(snapshot, candidate, piece, tokens, document_of(candidate.file)) for candidate, piece, tokens in chosen
    )
    masked = sum(n_masked.get((*c.file, p.first_line, p.last_line, p.form), 0) for c, p, _ in chosen)
    return ContextPack(
        text, total, counter.name, request.budget, items, len(candidates) - len(chosen), masked, snapshot.generation
    )


def _numbered(text: str, piece: Piece) -> str:
    """Line numbers before each line; masked text keeps its number of lines."""
    numbers = [str(line + 1) if line >= 0 else "" for line, _ in piece.lines]
    lines = text.split("\n")
    return "\n".join(f"{number:>{_NUMBER_WIDTH}}  {line}" for number, line in zip(numbers, lines, strict=False))


def _in_order(chosen: list[tuple[Candidate, Piece, int]]) -> list[tuple[Candidate, Piece, int]]:
    """Files in order of their most valuable piece, pieces in order of the source."""
    worth: dict[tuple[int, int], float] = {}
    for candidate, _, _ in chosen:
        worth[candidate.file] = max(worth.get(candidate.file, 0.0), candidate.value)
    return sorted(chosen, key=lambda item: (-worth[item[0].file], item[0].file, item[1].first_line))


def _item(
    snapshot: IndexSnapshot, candidate: Candidate, piece: Piece, tokens: int, document: CurrentDocument | None
) -> ContextItem:
    view = snapshot.views[candidate.file[0]]
    path = view.segment.files.paths[candidate.file[1]]
    name = view.segment.symbols.qualified_names[candidate.symbol] if candidate.symbol >= 0 else path
    assert document is not None
    last = document.lines[piece.last_line] if piece.last_line < len(document.lines) else ""
    span = Span(piece.first_line, 0, piece.last_line, len(last.encode("utf-8", "surrogatepass")))
    return ContextItem(document.uri, path, span, name, piece.form.value, tokens, candidate.why, document.dirty, last)
