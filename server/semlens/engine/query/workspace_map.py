"""A map of the workspace for a prompt: its summary tree of folders, files and most used symbols, within a budget."""

from __future__ import annotations

from collections.abc import Sequence

from semlens.core.cancel import CancelToken
from semlens.core.context import ContextItem, ContextPack, ContextRequest
from semlens.core.text.secrets import is_environment_file, mask_secrets
from semlens.embedding.token_counting import TokenCounter
from semlens.engine.query.current_texts import CurrentDocument, DocumentLook
from semlens.index.snapshot import IndexSnapshot
from semlens.search.context.candidates import Wish, symbol_wish
from semlens.search.context.forms import Form, comment_above, head_of, is_container
from semlens.search.context.overview import overview
from semlens.search.context.render import MapEntry, render_map
from semlens.search.context.summaries import comment_summary, docstring_summary, file_summary

_MAX_ENTRIES = 2_000
_TOKENS_AN_ENTRY = 8
"""Fewer than any entry takes: bounds how many are looked at."""

_MAX_FILES_READ = 400
"""For what they say of themselves: the files that are used most."""

_SIGNATURE_CHARS = 120
_ENTRY_FILES = frozenset(
    ("__init__.py", "mod.rs", "lib.rs", "doc.go", "index.ts", "index.js", "package-info.java", "init.lua", "main.go")
)
"""Names of files whose documentation is that of their folder."""


class _Map:
    def __init__(self, snapshot: IndexSnapshot, documents: DocumentLook, cancel: CancelToken) -> None:
        self._snapshot = snapshot
        self._look = documents
        self._cancel = cancel
        self._documents: dict[tuple[int, int], CurrentDocument | None] = {}
        self._entries: dict[tuple[int, int], tuple[MapEntry, int]] = {}
        self.summaries: dict[str, str] = {}

    def document(self, wish: Wish) -> CurrentDocument | None:
        key = (wish.view, wish.file)
        if key not in self._documents:
            self._cancel.check()
            read = self._look.read(self._snapshot.views[wish.view], wish.file)
            self._documents[key] = read
            if read is not None:
                path = self._snapshot.views[wish.view].segment.files.paths[wish.file]
                self._summarise(path, mask_secrets(file_summary(read.lines), environment=is_environment_file(path))[0])
        return self._documents[key]

    def _summarise(self, path: str, summary: str) -> None:
        folder, _, name = path.rpartition("/")
        if name in _ENTRY_FILES and summary:
            self.summaries.setdefault(folder, summary)  # said once, at the folder
        elif summary:
            self.summaries[path] = summary

    def with_holders(self, wish: Wish) -> list[Wish]:
        """The symbol and all that it stands in."""
        view = self._snapshot.views[wish.view]
        found, parent = [wish], int(view.segment.symbols.parents[wish.symbol])
        while parent >= 0:
            found.append(symbol_wish(view, wish.view, parent, wish.value, "holds what is used", glimpse=True))
            parent = int(view.segment.symbols.parents[parent])
        return found

    def entry(self, wish: Wish) -> tuple[MapEntry, int]:
        """As shown, and how many secrets were masked in it."""
        key = (wish.view, wish.symbol)
        if key not in self._entries:
            view = self._snapshot.views[wish.view]
            symbols = view.segment.symbols
            path = view.segment.files.paths[wish.file]
            depth, parent = 0, int(symbols.parents[wish.symbol])
            while parent >= 0:
                depth, parent = depth + 1, int(symbols.parents[parent])
            signature = (symbols.signatures[wish.symbol] or symbols.names[wish.symbol])[:_SIGNATURE_CHARS]
            signature, n_signature = mask_secrets(signature, environment=is_environment_file(path))
            summary, n_summary = mask_secrets(self._summary(wish), environment=is_environment_file(path))
            line = int(symbols.spans[wish.symbol, 4])
            self._entries[key] = (MapEntry(path, line, depth, signature, summary), n_signature + n_summary)
        return self._entries[key]

    def _summary(self, wish: Wish) -> str:
        view = self._snapshot.views[wish.view]
        if not is_container(view, wish.symbol) or len(self._documents) >= _MAX_FILES_READ:
            return ""
        document = self.document(wish)
        if document is None or wish.stretch[1] >= len(document.lines):
            return ""
        first, last = wish.stretch
        above = comment_summary(document.lines, comment_above(document.lines, first), first)
        return above or docstring_summary(
            document.lines, head_of(view, wish.symbol, document.lines, first, last)[-1] + 1
        )


def make_map(
    snapshot: IndexSnapshot,
    request: ContextRequest,
    documents: DocumentLook,
    counter: TokenCounter,
    cancel: CancelToken,
) -> ContextPack:
    """As many of the most used symbols as fit, found by bisection over their number."""
    wishes = overview(snapshot.views, min(_MAX_ENTRIES, max(1, request.budget // _TOKENS_AN_ENTRY)))
    the_map = _Map(snapshot, documents, cancel)
    for wish in wishes[:_MAX_FILES_READ]:
        the_map.document(wish)

    def shown(count: int) -> list[Wish]:
        held = (holder for wish in wishes[:count] for holder in the_map.with_holders(wish))
        return list({(wish.view, wish.symbol): wish for wish in held}.values())

    def text_of(chosen: Sequence[Wish]) -> str:
        return render_map([the_map.entry(wish)[0] for wish in chosen], the_map.summaries)

    fitting, too_many = 0, len(wishes) + 1
    while too_many - fitting > 1:
        cancel.check()
        middle = (fitting + too_many) // 2
        if counter.count(text_of(shown(middle))) <= request.budget:
            fitting = middle
        else:
            too_many = middle
    chosen = shown(fitting)
    text = text_of(chosen)
    items = [item for wish in chosen if (item := _item(snapshot, wish, the_map, counter)) is not None]
    masked = sum(the_map.entry(wish)[1] for wish in chosen)
    return ContextPack(
        text,
        counter.count(text),
        counter.name,
        request.budget,
        tuple(items),
        len(wishes) - fitting,
        masked,
        snapshot.generation,
    )


def _item(snapshot: IndexSnapshot, wish: Wish, the_map: _Map, counter: TokenCounter) -> ContextItem | None:
    """None for a file that changed this moment: its signature stays on the map, which gives no ranges."""
    view = snapshot.views[wish.view]
    document = the_map.document(wish)
    if document is None:
        return None
    span = view.segment.symbols.span(wish.symbol)
    last = document.lines[span.end_line] if span.end_line < len(document.lines) else ""
    name = view.segment.symbols.qualified_names[wish.symbol]
    entry, _ = the_map.entry(wish)
    tokens = counter.count(entry.signature)
    form = Form.SIGNATURE.value
    return ContextItem(document.uri, entry.path, span, name, form, tokens, wish.why, document.dirty, last)
