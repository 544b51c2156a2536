"""Builds the workspace map for a prompt: folders, files and their most used symbols, within a token budget."""

from __future__ import annotations

from collections.abc import Sequence

from semlens.core.cancel import CancelToken
from semlens.core.context import ContextItem, ContextPack, ContextReason, ContextRequest, Form, Relation
from semlens.core.text.secrets import is_environment_file, mask_secrets
from semlens.embedding.token_counting import TokenCounter
from semlens.engine.query.current_texts import CurrentDocument, RequestDocuments
from semlens.index.snapshot import IndexSnapshot
from semlens.search.context.candidates import ContextCandidate, symbol_candidate
from semlens.search.context.forms import comment_above, head_of, is_container
from semlens.search.context.overview import overview
from semlens.search.context.render import MapEntry, render_map
from semlens.search.context.summaries import comment_summary, docstring_summary, file_summary
from semlens.search.query.filter_masks import is_below

_MAX_ENTRIES = 2_000
_MIN_ENTRY_TOKENS = 8
"""Every entry takes at least this many tokens, which limits the number of candidates."""

_MAX_FILES_READ = 400
"""Limit of files that are read for their summaries; the most used come first."""

_HOLDS_REASON = ContextReason(Relation.OVERVIEW, "holds what is used")
_SIGNATURE_CHARS = 120
_FOLDER_DOCUMENTATION_FILES = frozenset(
    ("__init__.py", "mod.rs", "lib.rs", "doc.go", "index.ts", "index.js", "package-info.java", "init.lua", "main.go")
)
"""Files whose documentation describes their folder."""


class _WorkspaceMap:
    def __init__(self, snapshot: IndexSnapshot, documents: RequestDocuments, cancel: CancelToken) -> None:
        self._snapshot = snapshot
        self._request_documents = documents
        self._cancel = cancel
        self._documents: dict[tuple[int, int], CurrentDocument | None] = {}
        self._entries: dict[tuple[int, int], tuple[MapEntry, int]] = {}
        self.summaries: dict[str, str] = {}

    def document(self, candidate: ContextCandidate) -> CurrentDocument | None:
        key = (candidate.view, candidate.file)
        if key not in self._documents:
            self._cancel.check()
            read = self._request_documents.read(self._snapshot.views[candidate.view], candidate.file)
            self._documents[key] = read
            if read is not None:
                path = self._snapshot.views[candidate.view].segment.files.paths[candidate.file]
                self._summarise(path, mask_secrets(file_summary(read.lines), environment=is_environment_file(path))[0])
        return self._documents[key]

    def _summarise(self, path: str, summary: str) -> None:
        folder, _, name = path.rpartition("/")
        if name in _FOLDER_DOCUMENTATION_FILES and summary:
            self.summaries.setdefault(folder, summary)  # shown only at the folder
        elif summary:
            self.summaries[path] = summary

    def with_containers(self, candidate: ContextCandidate) -> list[ContextCandidate]:
        """Return the symbol and all symbols that contain it."""
        view = self._snapshot.views[candidate.view]
        chain, parent = [candidate], int(view.segment.symbols.parents[candidate.symbol])
        while parent >= 0:
            chain.append(symbol_candidate(view, candidate.view, parent, candidate.value, _HOLDS_REASON, glimpse=True))
            parent = int(view.segment.symbols.parents[parent])
        return chain

    def entry(self, candidate: ContextCandidate) -> tuple[MapEntry, int]:
        """Return the entry and the number of secrets masked in it."""
        key = (candidate.view, candidate.symbol)
        if key not in self._entries:
            view = self._snapshot.views[candidate.view]
            symbols = view.segment.symbols
            path = view.segment.files.paths[candidate.file]
            depth, parent = 0, int(symbols.parents[candidate.symbol])
            while parent >= 0:
                depth, parent = depth + 1, int(symbols.parents[parent])
            signature = symbols.signatures[candidate.symbol] or symbols.names[candidate.symbol]
            signature, n_signature = mask_secrets(signature, environment=is_environment_file(path))
            summary, n_summary = mask_secrets(self._summary(candidate), environment=is_environment_file(path))
            line = int(symbols.spans[candidate.symbol, 4])
            self._entries[key] = (
                MapEntry(path, line, depth, signature[:_SIGNATURE_CHARS], summary),
                n_signature + n_summary,
            )
        return self._entries[key]

    def _summary(self, candidate: ContextCandidate) -> str:
        view = self._snapshot.views[candidate.view]
        if not is_container(view, candidate.symbol) or len(self._documents) >= _MAX_FILES_READ:
            return ""
        document = self.document(candidate)
        if document is None or candidate.stretch[1] >= len(document.lines):
            return ""
        first, last = candidate.stretch
        above = comment_summary(document.lines, comment_above(document.lines, first), first)
        return above or docstring_summary(
            document.lines, head_of(view, candidate.symbol, document.lines, first, last)[-1] + 1
        )


def build_workspace_map(
    snapshot: IndexSnapshot,
    request: ContextRequest,
    documents: RequestDocuments,
    counter: TokenCounter,
    cancel: CancelToken,
) -> ContextPack:
    """Show as many of the most used symbols as fit the budget, found by bisection over their number."""
    candidates = [
        candidate
        for candidate in overview(snapshot.views, min(_MAX_ENTRIES, max(1, request.budget // _MIN_ENTRY_TOKENS)))
        if is_below(snapshot.views[candidate.view], candidate.file, request.folders)
    ]
    workspace_map = _WorkspaceMap(snapshot, documents, cancel)
    for candidate in candidates[:_MAX_FILES_READ]:
        workspace_map.document(candidate)

    def shown(count: int) -> list[ContextCandidate]:
        held = (holder for candidate in candidates[:count] for holder in workspace_map.with_containers(candidate))
        return list({(candidate.view, candidate.symbol): candidate for candidate in held}.values())

    def text_of(chosen: Sequence[ContextCandidate]) -> str:
        return render_map([workspace_map.entry(candidate)[0] for candidate in chosen], workspace_map.summaries)

    fitting, too_many = 0, len(candidates) + 1
    while too_many - fitting > 1:
        cancel.check()
        middle = (fitting + too_many) // 2
        if counter.count(text_of(shown(middle))) <= request.budget:
            fitting = middle
        else:
            too_many = middle
    chosen = shown(fitting)
    text = text_of(chosen)
    items = [item for candidate in chosen if (item := _item(snapshot, candidate, workspace_map, counter)) is not None]
    masked = sum(workspace_map.entry(candidate)[1] for candidate in chosen)
    return ContextPack(
        text,
        counter.count(text),
        counter.name,
        request.budget,
        tuple(items),
        len(candidates) - fitting,
        masked,
        snapshot.generation,
    )


def _item(
    snapshot: IndexSnapshot, candidate: ContextCandidate, workspace_map: _WorkspaceMap, counter: TokenCounter
) -> ContextItem | None:
    """None for a file that has just changed. Its signature stays on the map, which shows no ranges."""
    view = snapshot.views[candidate.view]
    document = workspace_map.document(candidate)
    if document is None:
        return None
    span = view.segment.symbols.span(candidate.symbol)
    last = document.lines[span.end_line] if span.end_line < len(document.lines) else ""
    name, _ = mask_secrets(view.segment.symbols.qualified_names[candidate.symbol])
    entry, _ = workspace_map.entry(candidate)
    tokens = counter.count(entry.signature)
    return ContextItem(
        document.uri, entry.path, span, name, Form.SIGNATURE, tokens, candidate.reason, document.dirty, last
    )
