"""A map of the workspace for a prompt: the most used symbols, by folder and file, within a budget."""

from __future__ import annotations

from semlens.core.cancel import CancelToken
from semlens.core.context import ContextItem, ContextPack, ContextRequest
from semlens.embedding.token_counting import TokenCounter
from semlens.engine.documents import DocumentLook
from semlens.index.snapshot import IndexSnapshot
from semlens.search.context.forms import Form
from semlens.search.context.overview import overview
from semlens.search.context.render import MapEntry, render_map
from semlens.search.context.wishes import Wish

_MAX_ENTRIES = 2_000
_TOKENS_AN_ENTRY = 8
"""Fewer than any entry takes: bounds how many are looked at."""

_SIGNATURE_CHARS = 120


def make_map(
    snapshot: IndexSnapshot,
    request: ContextRequest,
    documents: DocumentLook,
    counter: TokenCounter,
    cancel: CancelToken,
) -> ContextPack:
    """As many of the most used symbols as fit, found by bisection over their number."""
    wishes = overview(snapshot.views, min(_MAX_ENTRIES, max(1, request.budget // _TOKENS_AN_ENTRY)))
    entries = [_entry(snapshot, wish) for wish in wishes]
    fitting, too_many = 0, len(entries) + 1
    while too_many - fitting > 1:
        cancel.check()
        middle = (fitting + too_many) // 2
        if counter.count(render_map(entries[:middle])) <= request.budget:
            fitting = middle
        else:
            too_many = middle
    items = []
    for wish, entry in zip(wishes[:fitting], entries[:fitting], strict=True):
        view = snapshot.views[wish.view]
        document = documents.read(view, wish.file)
        if document is None:
            continue  # changed this moment: its signature stays on the map, which gives no ranges
        span = view.segment.symbols.span(wish.symbol)
        last = document.lines[span.end_line] if span.end_line < len(document.lines) else ""
        name = view.segment.symbols.qualified_names[wish.symbol]
        items.append(
            ContextItem(
                document.uri,
                entry.path,
                span,
                name,
                Form.SIGNATURE.value,
                counter.count(entry.signature),
                wish.why,
                document.dirty,
                last,
            )
        )
    text = render_map(entries[:fitting])
    return ContextPack(
        text,
        counter.count(text),
        counter.name,
        request.budget,
        tuple(items),
        len(entries) - fitting,
        0,
        snapshot.generation,
    )


def _entry(snapshot: IndexSnapshot, wish: Wish) -> MapEntry:
    view = snapshot.views[wish.view]
    symbols = view.segment.symbols
    depth, parent = 0, int(symbols.parents[wish.symbol])
    while parent >= 0:
        depth, parent = depth + 1, int(symbols.parents[parent])
    signature = symbols.signatures[wish.symbol] or symbols.names[wish.symbol]
    return MapEntry(view.segment.files.paths[wish.file], wish.stretch[0], depth, signature[:_SIGNATURE_CHARS])
