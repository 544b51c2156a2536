"""Answers the requests to the code graph: callers, callees, impact of a change, unused definitions."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import islice
from operator import attrgetter
from pathlib import Path

from semlens.core.cancel import CancelToken
from semlens.core.errors import NotReadyError, WorkspaceError
from semlens.core.graph import (
    EdgeKind,
    GraphEdge,
    ImpactRequest,
    ImpactResult,
    NeighboursRequest,
    NeighboursResult,
    UnusedResult,
    UnusedSymbol,
)
from semlens.core.reference import ReferenceKind
from semlens.core.symbol import SymbolKind
from semlens.engine.embedding.tiers import Tier
from semlens.engine.graph.diff_files import DiffFiles
from semlens.engine.graph.impact_answer import ImpactAnswer
from semlens.engine.graph.reference_places import places_in
from semlens.engine.graph.symbol_lookup import FoundSymbol, symbol_at_line, symbols_named
from semlens.engine.graph.text_mentions import is_mentioned
from semlens.engine.indexing.indexer import Indexer
from semlens.engine.query.file_text_cache import FileTextCache
from semlens.engine.query.query_service import QueryService
from semlens.engine.query.request_hits import RequestHits
from semlens.engine.sessions.index_session import IndexSession
from semlens.graph.impact import impact_of, is_test
from semlens.graph.neighbours import Neighbour, Neighbours, callees, callers
from semlens.graph.resolver import Resolver
from semlens.graph.segment_names import TYPE_KINDS, SymbolPlace
from semlens.graph.unused import IS_DECORATED, Unused, as_written, hides_exports, unused_definitions
from semlens.graph.walk import walk
from semlens.index.snapshot import IndexSnapshot
from semlens.search.query.filter_masks import is_below
from semlens.syntax.references.code_text import PLAIN_STRINGS

MAX_OTHERS = 5
MAX_CHECKED = 3_000
"""Definitions that seem unused and whose names are looked for in all text."""

_IN_TEXT = "names that stand in other text"
_KINDS = {
    ReferenceKind.CALL: EdgeKind.CALL,
    ReferenceKind.USE: EdgeKind.USE,
    ReferenceKind.BASE: EdgeKind.BASE,
    ReferenceKind.IMPORT: EdgeKind.IMPORT,
}


class GraphQueryService(QueryService):
    """The read side of the engine with the code graph."""

    def __init__(
        self,
        indexer: Indexer,
        session: IndexSession,
        tiers: Sequence[Tier],
        file_texts: FileTextCache,
        *,
        remote_wait_s: float = 0.0,
    ) -> None:
        """See `QueryService`."""
        super().__init__(indexer, session, tiers, file_texts, remote_wait_s=remote_wait_s)
        self._graph_lock = threading.Lock()
        self._resolvers: dict[str, tuple[int, Resolver]] = {}

    def callers(self, request: NeighboursRequest, cancel: CancelToken) -> NeighboursResult:
        """Find who uses a symbol.

        :raises UsageError: when there is no symbol at the place or of the name.
        """
        return self._neighbours(request, callers, cancel)

    def callees(self, request: NeighboursRequest, cancel: CancelToken) -> NeighboursResult:
        """Find what a symbol uses. See `callers`."""
        return self._neighbours(request, callees, cancel)

    def _neighbours(
        self, request: NeighboursRequest, find: Callable[[Resolver, SymbolPlace], Neighbours], cancel: CancelToken
    ) -> NeighboursResult:
        self._wait_for_buffers(cancel)
        snapshot = self._session.snapshot
        folders = tuple(map(os.path.realpath, request.folders))
        with cancel.hold(self._graph_lock):
            found = self._symbols_meant(snapshot, request, folders)
        resolver, place = found[0]
        hits = RequestHits(self._documents.for_request(), self._session.display_root, cancel)
        symbol = hits.of_row(resolver.views[place.view], place.symbol)
        if symbol is None:
            raise NotReadyError("The file has changed and is being indexed again. Ask once more.")

        def edges_of(near: SymbolPlace) -> Neighbours:
            cancel.check()
            with cancel.hold(self._graph_lock):
                all_edges, n_unseen = find(resolver, near)
            inside = [one for one in all_edges if _is_inside(resolver, one.view, one.row, folders)]
            return Neighbours(tuple(inside), n_unseen)

        found_edges = walk(
            place,
            edges_of,
            lambda one: one.row < len(resolver.views[one.view].segment.symbols),
            lambda near, one: _edge(resolver, near, one, hits, is_used=find is callees),
            depth=request.depth,
            limit=request.limit,
        )
        others = [hits.of_row(r.views[p.view], p.symbol) for r, p in found[1 : MAX_OTHERS + 1]]
        return NeighboursResult(
            symbol,
            tuple(step.shown._replace(distance=step.distance, through=step.through) for step in found_edges.steps),
            sum(found_edges.omitted),
            sum(found_edges.unseen),
            tuple(hit for hit in others if hit is not None),
            len(found) - 1,
            snapshot.generation,
            found_edges.omitted,
            found_edges.unseen,
        )

    def impact(self, request: ImpactRequest, cancel: CancelToken) -> ImpactResult:
        """Find what a change may affect, and the tests that reach it.

        :raises UsageError: when the diff does not fit the files.
        :raises WorkspaceError: when git knows the changes of no root.
        """
        self._wait_for_buffers(cancel)
        snapshot = self._session.snapshot
        folders = tuple(map(os.path.realpath, request.folders))
        roots = [root for root in self._session.states if _concerns(root, folders)]
        if not roots:
            raise WorkspaceError("No folder is open, so there is no change to look at. Name a folder.")
        documents = self._documents.for_request()
        answer = ImpactAnswer(request, folders, RequestHits(documents, self._session.display_root, cancel))
        for root in roots:
            with cancel.hold(self._graph_lock):
                resolver = self._resolver(snapshot, root)
            diffs = DiffFiles(resolver, root, documents, self._buffers.all(), cancel)
            try:
                places, files = diffs.changed(request)  # without the lock, as git may take long
            except WorkspaceError as error:
                answer.unknown.append(error)
                continue
            with cancel.hold(self._graph_lock):
                impact = impact_of(resolver, places, files)
            answer.add(resolver, diffs, places, impact)
        if len(answer.unknown) == len(roots):
            raise answer.unknown[0]
        return answer.result(snapshot.generation)

    def unused(self, limit: int, folders: Sequence[str], cancel: CancelToken) -> UnusedResult:
        """Find definitions that nothing seems to use, surest first."""
        self._wait_for_buffers(cancel)
        snapshot = self._session.snapshot
        real_folders = tuple(map(os.path.realpath, folders))
        hits = RequestHits(self._documents.for_request(), self._session.display_root, cancel)
        shown: list[UnusedSymbol] = []
        assumed: Counter[str] = Counter()
        omitted = 0
        for root in (root for root in self._session.states if _concerns(root, real_folders)):
            with cancel.hold(self._graph_lock):
                resolver = self._resolver(snapshot, root)
                found, counts = unused_definitions(resolver)
            assumed.update(counts)
            inside = islice((one for one in found if _is_inside(resolver, *one.place, real_folders)), MAX_CHECKED)
            written = partial(as_written, resolver, head_of=partial(_head, resolver, hits))
            for one in _private_first(resolver, inside, written):
                if len(shown) >= limit:
                    omitted += 1
                elif written(one) is None:
                    assumed[IS_DECORATED] += 1
                elif is_mentioned(resolver, one.place, hits):
                    assumed[_IN_TEXT] += 1
                elif (hit := hits.of_row(resolver.views[one.place.view], one.place.symbol)) is not None:
                    shown.append(UnusedSymbol(hit, one.confidence, one.assumption))
        return UnusedResult(tuple(shown), assumed, omitted, snapshot.generation)

    def _resolver(self, snapshot: IndexSnapshot, root: str) -> Resolver:
        """The graph of one root. It is kept until the snapshot changes."""
        generation, resolver = self._resolvers.get(root, (-1, None))
        if resolver is None or generation != snapshot.generation:
            resolver = Resolver([view for view in snapshot.views if view.root == root])
            self._resolvers = {key: kept for key, kept in self._resolvers.items() if kept[0] == snapshot.generation}
            self._resolvers[root] = snapshot.generation, resolver
        return resolver

    def _symbols_meant(
        self, snapshot: IndexSnapshot, request: NeighboursRequest, folders: tuple[str, ...]
    ) -> list[FoundSymbol]:
        """:raises UsageError: when there is none."""
        if not request.uri:
            return symbols_named(request.name, snapshot.views, lambda root: self._resolver(snapshot, root), folders)
        view, file = self._locate_document(snapshot, request.uri)
        return [symbol_at_line(self._resolver(snapshot, view.root), view, file, request.line, request.name)]


def _private_first(
    resolver: Resolver, found: Iterable[Unused], written: Callable[[Unused], Unused | None]
) -> list[Unused]:
    """Those that nothing outside can use come first. Only where signatures do not tell it is the text read."""
    known = [(written(one) or one) if hides_exports(resolver, one) else one for one in found]
    return sorted(known, key=attrgetter("is_public"))


def _edge(
    resolver: Resolver, near: SymbolPlace, one: Neighbour, hits: RequestHits, *, is_used: bool
) -> GraphEdge | None:
    """:param is_used: whether the neighbour is what the near symbol uses, not who uses it."""
    far = SymbolPlace(one.view, one.row)
    user, used = (near, far) if is_used else (far, near)
    hit = hits.of_row(resolver.views[one.view], one.row, one.confidence)
    user_view = resolver.views[user.view]
    document = hits.document(user_view, resolver.file_of(*user))
    if hit is None or document is None:
        return None
    spans = places_in(user_view, user.symbol, document.lines, _names_used(resolver, used), one.kind, nested=is_used)
    may_be_elsewhere = one.kind is ReferenceKind.BASE or (is_used and resolver.kind_of(user) in TYPE_KINDS)
    language = user_view.segment.files.language(resolver.file_of(*user))
    if not spans and language in PLAIN_STRINGS and not may_be_elsewhere:
        return None  # it stands in a string
    texts = {line: document.lines[line] for span in spans for line in (span.start_line, span.end_line)}
    confidence = round(one.confidence, 3)
    return GraphEdge(hit, _KINDS[one.kind], confidence, spans, texts, is_test=is_test(resolver, one.view, one.row))


def _head(resolver: Resolver, hits: RequestHits, place: SymbolPlace) -> str:
    """The text of a definition before its name, or "" where the file has changed."""
    view = resolver.views[place.view]
    document = hits.document(view, resolver.file_of(*place))
    span, name = view.segment.symbols.span(place.symbol), view.segment.symbols.name_span(place.symbol)
    if document is None:
        return ""
    lines = [line.encode("utf-8", "surrogatepass") for line in document.lines[span.start_line : name.start_line + 1]]
    lines[-1] = lines[-1][: name.start_column]
    lines[0] = lines[0][span.start_column :]
    return b"\n".join(lines).decode("utf-8", "replace")


def _names_used(resolver: Resolver, place: SymbolPlace) -> set[str]:
    """The names by which a symbol is used: a constructor also by the name of its type."""
    symbols = resolver.views[place.view].segment.symbols
    names = {symbols.names[place.symbol]}
    parent = int(symbols.parents[place.symbol])
    if resolver.kind_of(place) is SymbolKind.CONSTRUCTOR and parent >= 0:
        names.add(symbols.names[parent])
    return names


def _is_inside(resolver: Resolver, view: int, row: int, folders: Sequence[str]) -> bool:
    """:param row: of a symbol, or of a file behind all symbols."""
    return is_below(resolver.views[view], resolver.file_of(view, row), folders)


def _concerns(root: str, folders: Sequence[str]) -> bool:
    """Whether a root has something of the folders."""
    base = Path(root)
    return not folders or any(base.is_relative_to(folder) or Path(folder).is_relative_to(base) for folder in folders)
