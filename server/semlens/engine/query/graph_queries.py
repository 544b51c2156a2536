"""Answers the requests to the code graph: callers, callees, impact of a change, unused definitions."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from rapidfuzz import fuzz, process

from semlens.core.cancel import CancelToken
from semlens.core.errors import NotReadyError, UsageError, WorkspaceError
from semlens.core.graph import (
    AffectedSymbol,
    EdgeKind,
    GraphEdge,
    ImpactRequest,
    ImpactResult,
    NeighboursRequest,
    NeighboursResult,
    UnusedResult,
    UnusedSymbol,
)
from semlens.core.hit import SearchHit
from semlens.core.reference import ReferenceKind
from semlens.core.symbol import SymbolKind
from semlens.core.text.printable import printable
from semlens.engine.query.current_texts import CurrentDocument, RequestDocuments
from semlens.engine.query.diff_files import DiffFiles
from semlens.engine.query.hit_builder import make_hit
from semlens.engine.query.query_service import QueryService
from semlens.engine.query.reference_places import places_in
from semlens.graph.impact import NEARBY_CONFIDENCE, Reached, impact_of, is_test
from semlens.graph.neighbours import Neighbour, Neighbours, callees, callers
from semlens.graph.resolver import Resolver
from semlens.graph.segment_names import SymbolPlace, names_of
from semlens.graph.unused import Unused, unused_definitions
from semlens.graph.walk import walk
from semlens.index.segment.terms import hashes_of_identifier, term_hash
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.search.query.filter_masks import is_below
from semlens.search.query.query import parse_query
from semlens.search.ranking.rank import RankedHit

MAX_OTHERS = 5
MAX_CHECKED = 3_000
"""Definitions that seem unused and whose names are looked for in all text."""

_MAX_NAMES = 2_000  # names that a mistyped one is compared with
_LEAST_SIMILARITY = 70
_SEPARATORS = re.compile(r"::|->|[.#/]")
_NO_QUERY = parse_query("")
_KINDS = {
    ReferenceKind.CALL: EdgeKind.CALL,
    ReferenceKind.USE: EdgeKind.USE,
    ReferenceKind.BASE: EdgeKind.BASE,
    ReferenceKind.IMPORT: EdgeKind.IMPORT,
}


class GraphQueryService(QueryService):
    """The read side of the engine with the code graph."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """See `QueryService`."""
        super().__init__(*arguments, **options)
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
        hits = _HitMaker(self._documents.for_request(), self._session.display_root, cancel)
        symbol = hits.of_row(resolver.views[place.view], place.symbol)
        if symbol is None:
            raise NotReadyError("The file has changed and is being indexed again. Ask once more.")

        def edges_of(near: SymbolPlace) -> Neighbours:
            cancel.check()
            with cancel.hold(self._graph_lock):
                all_edges, n_unseen = find(resolver, near)
            inside = [one for one in all_edges if is_below(*_file(resolver, one), folders)]
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
            found_edges.n_unseen,
            tuple(hit for hit in others if hit is not None),
            len(found) - 1,
            snapshot.generation,
            found_edges.omitted,
        )

    def impact(self, request: ImpactRequest, cancel: CancelToken) -> ImpactResult:
        """Find what a change may affect, and the tests that reach it.

        :raises UsageError: when the diff does not fit the files.
        :raises WorkspaceError: when git knows the changes of no root.
        """
        self._wait_for_buffers(cancel)
        snapshot = self._session.snapshot
        folders = tuple(map(os.path.realpath, request.folders))
        documents = self._documents.for_request()
        hits = _HitMaker(documents, self._session.display_root, cancel)
        roots = [root for root in self._session.states if _concerns(root, folders)]
        if not roots:
            raise WorkspaceError("No folder is open, so there is no change to look at. Name a folder.")
        changed: list[SearchHit] = []
        affected: list[AffectedSymbol] = []
        tests: list[AffectedSymbol] = []
        notes: list[str] = []
        unknown: list[WorkspaceError] = []
        omitted, n_files = 0, 0
        for root in roots:
            with cancel.hold(self._graph_lock):
                resolver = self._resolver(snapshot, root)
            diffs = DiffFiles(resolver, root, documents, self._buffers.all(), cancel)
            try:
                places, files = diffs.changed(request)  # without the lock, as git may take long
            except WorkspaceError as error:
                unknown.append(error)
                continue
            with cancel.hold(self._graph_lock):
                impact = impact_of(resolver, places, files)
            notes += diffs.notes
            n_files += diffs.n_found
            changed += hits.of_places(resolver, places)
            wanted = [one for one in impact.affected if _is_inside(resolver, (one.view, one.row), folders)]
            shown = _affected(resolver, wanted[: request.limit], hits)
            omitted += len(wanted) - len(shown)
            affected += shown
            tests += _affected(resolver, impact.tests[: request.limit], hits)
            if impact.tests and impact.tests[-1].confidence == NEARBY_CONFIDENCE:
                notes.append("No path leads to the tests of 10%. They share words with the change, or lie near it.")
            if impact.cut:
                notes.append("The change reaches very much code. Only the nearest was looked at.")
        if len(unknown) == len(roots):
            raise unknown[0]
        notes += map(str, unknown)
        if request.diff and not n_files:
            raise UsageError("The diff changes no file of this workspace. Check its paths, or name another folder.")
        return ImpactResult(
            tuple(changed), tuple(affected), tuple(tests), omitted, tuple(dict.fromkeys(notes)), snapshot.generation
        )

    def unused(self, limit: int, folders: Sequence[str], cancel: CancelToken) -> UnusedResult:
        """Find definitions that nothing seems to use, surest first."""
        self._wait_for_buffers(cancel)
        snapshot = self._session.snapshot
        real_folders = tuple(map(os.path.realpath, folders))
        hits = _HitMaker(self._documents.for_request(), self._session.display_root, cancel)
        shown: list[UnusedSymbol] = []
        assumed: dict[str, int] = {}
        omitted = 0
        for root in (root for root in self._session.states if _concerns(root, real_folders)):
            with cancel.hold(self._graph_lock):
                resolver = self._resolver(snapshot, root)
                found, counts = unused_definitions(resolver)
            for reason, count in counts.items():
                assumed[reason] = assumed.get(reason, 0) + count
            inside = (one for one in found if _is_inside(resolver, one.place, real_folders))
            for one in islice(inside, MAX_CHECKED):
                view = resolver.views[one.place.view]
                if len(shown) >= limit:
                    omitted += 1
                elif _is_named_elsewhere(resolver, one, hits):
                    assumed[_IN_TEXT] = assumed.get(_IN_TEXT, 0) + 1
                elif (hit := hits.of_row(view, one.place.symbol)) is not None:
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
    ) -> list[tuple[Resolver, SymbolPlace]]:
        """:raises UsageError: when there is none."""
        if request.name:
            return self._symbols_named(snapshot, request.name, folders)
        view, file = self._locate_document(snapshot, request.uri)
        resolver = self._resolver(snapshot, view.root)
        symbols = view.segment.symbols
        rows = np.flatnonzero(symbols.files == file)
        spans = symbols.spans[rows]
        around = rows[(spans[:, 0] <= request.line) & (request.line <= spans[:, 2])]
        if not len(around):
            raise UsageError("There is no symbol at this place. Name a line of a function, a method or a type.")
        lengths = symbols.spans[around, 2].astype(np.int64) - symbols.spans[around, 0]
        return [(resolver, SymbolPlace(resolver.views.index(view), int(around[np.argmin(lengths)])))]

    def _symbols_named(
        self, snapshot: IndexSnapshot, name: str, folders: tuple[str, ...]
    ) -> list[tuple[Resolver, SymbolPlace]]:
        """Symbols whose qualified name ends with a name; code before tests, whole names before their ends."""
        parts = name_parts(name)
        found = []
        for root in dict.fromkeys(view.root for view in snapshot.views):
            resolver = self._resolver(snapshot, root)
            term = np.uint64(term_hash(parts[-1]) if parts else 0)
            for number, view in enumerate(resolver.views):
                names = names_of(view.segment)
                start, end = (int(np.searchsorted(names.hashes, term, side)) for side in ("left", "right"))
                for row in names.rows[start:end].tolist():
                    file = int(view.segment.symbols.files[row])
                    is_alive = view.alive is None or bool(view.alive[file])
                    qualified = name_parts(view.segment.symbols.qualified_names[row])
                    if is_alive and qualified[-len(parts) :] == parts and is_below(view, file, folders):
                        role = int(view.segment.files.roles[file])
                        found.append((role != 0, len(qualified), _rank(view, row), number, row, resolver))
        if not found:
            raise UsageError(self._unknown_name(snapshot, parts[-1] if parts else name))
        found.sort(key=lambda one: one[:5])
        return [(one[5], SymbolPlace(one[3], one[4])) for one in found]

    def _unknown_name(self, snapshot: IndexSnapshot, name: str) -> str:
        names: set[str] = set()
        for view in snapshot.views:
            rows, shares = view.segment.names.alike(name.encode("utf-8", "replace"))
            symbols = view.segment.symbols
            best = np.argsort(-shares, kind="stable")[:_MAX_NAMES]
            names.update(symbols.names[row] for row in rows[best].tolist() if row < len(symbols))
        near = process.extract(name, sorted(names), scorer=fuzz.ratio, limit=3, score_cutoff=_LEAST_SIMILARITY)
        hint = f"Do you mean {', '.join(printable(one[0]) for one in near)}?" if near else "Give PATH:LINE instead."
        return f"No symbol is named {printable(name)[:200]}. {hint}"


_IN_TEXT = "names that stand in other text"


class _HitMaker:
    """Builds hits of rows. Rows whose file is not as it was indexed have none."""

    def __init__(self, documents: RequestDocuments, display_root: Callable[[str], str], cancel: CancelToken) -> None:
        self._documents = documents
        self._display_root = display_root
        self._cancel = cancel
        self._read: dict[tuple[int, int], CurrentDocument | None] = {}

    def document(self, view: SegmentView, file: int) -> CurrentDocument | None:
        key = (id(view), file)
        if key not in self._read:
            self._cancel.check()
            self._read[key] = self._documents.read(view, file)
        return self._read[key]

    def of_row(self, view: SegmentView, row: int, score: float = 1.0) -> SearchHit | None:
        """:param row: of a symbol, or of a file behind all symbols."""
        segment = view.segment
        n_symbols = len(segment.symbols)
        symbol, file = (row, int(segment.symbols.files[row])) if row < n_symbols else (-1, row - n_symbols)
        document = self.document(view, file)
        passage = int(segment.first_passages[row])
        if passage < 0:
            passage = int(segment.first_passages[n_symbols + file])
        if document is None or passage < 0:
            return None
        return make_hit(
            RankedHit(view, file, symbol, (passage,), score, {}),
            _NO_QUERY,
            document.lines,
            display_root=self._display_root(view.root),
            uri=document.uri,
            dirty=document.dirty,
            explain=False,
        )

    def of_places(self, resolver: Resolver, places: Iterable[SymbolPlace]) -> list[SearchHit]:
        hits = (self.of_row(resolver.views[place.view], place.symbol) for place in places)
        return [hit for hit in hits if hit is not None]


def _edge(resolver: Resolver, near: SymbolPlace, one: Neighbour, hits: _HitMaker, *, is_used: bool) -> GraphEdge | None:
    """:param is_used: whether the neighbour is what the near symbol uses, not who uses it."""
    far = SymbolPlace(one.view, one.row)
    user, used = (near, far) if is_used else (far, near)
    hit = hits.of_row(resolver.views[one.view], one.row, one.confidence)
    user_view = resolver.views[user.view]
    document = hits.document(user_view, resolver.file_of(*user))
    if hit is None or document is None:
        return None
    spans = places_in(user_view, user.symbol, document.lines, _names_used(resolver, used), one.kind, nested=is_used)
    if not spans and one.kind is ReferenceKind.CALL and not is_used:
        return None  # it stands in a string
    texts = {line: document.lines[line] for span in spans for line in (span.start_line, span.end_line)}
    confidence = round(one.confidence, 3)
    return GraphEdge(hit, _KINDS[one.kind], confidence, spans, texts, is_test=is_test(resolver, one.view, one.row))


def _file(resolver: Resolver, one: Neighbour) -> tuple[SegmentView, int]:
    return resolver.views[one.view], resolver.file_of(one.view, one.row)


def _names_used(resolver: Resolver, place: SymbolPlace) -> set[str]:
    """The names by which a symbol is used: a constructor also by the name of its type."""
    symbols = resolver.views[place.view].segment.symbols
    names = {symbols.names[place.symbol]}
    parent = int(symbols.parents[place.symbol])
    if resolver.kind_of(place) is SymbolKind.CONSTRUCTOR and parent >= 0:
        names.add(symbols.names[parent])
    return names


def _affected(resolver: Resolver, found: Iterable[Reached], hits: _HitMaker) -> list[AffectedSymbol]:
    shown = []
    for one in found:
        hit = hits.of_row(resolver.views[one.view], one.row, one.confidence)
        if hit is not None:
            shown.append(AffectedSymbol(hit, one.via, one.distance, round(one.confidence, 3)))
    return shown


def _is_named_elsewhere(resolver: Resolver, one: Unused, hits: _HitMaker) -> bool:
    """Whether the name stands anywhere outside of its definition: in strings, configuration or documentation."""
    own_view = resolver.views[one.place.view]
    name = own_view.segment.symbols.names[one.place.symbol]
    span = own_view.segment.symbols.span(one.place.symbol)
    whole = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    terms = np.array(sorted(set(hashes_of_identifier(name))), np.uint64)
    if not len(terms):
        return True
    for view in resolver.views:
        rows = view.segment.words.rows_of(terms)
        counts = np.bincount(rows, minlength=len(view.segment.passages))
        files = set(view.segment.passages.files[np.flatnonzero(counts >= len(terms))].tolist())
        for file in sorted(files):
            if view.alive is not None and not view.alive[file]:
                continue
            document = hits.document(view, file)
            if document is None:
                return True
            is_own = view is own_view and file == resolver.file_of(*one.place)
            for number, line in enumerate(document.lines):
                if name in line and whole.search(line) and not (is_own and span.contains(number)):
                    return True
    return False


def _rank(view: SegmentView, row: int) -> int:
    """Types and functions before fields and variables."""
    kind = SymbolKind(int(view.segment.symbols.kinds[row]))
    callable_or_type = (
        SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CLASS, SymbolKind.STRUCT, SymbolKind.INTERFACE,
    )  # fmt: skip
    return 0 if kind in callable_or_type else 1


def name_parts(name: str) -> list[str]:
    """What a qualified name is joined of."""
    return [part for part in _SEPARATORS.split(name.strip().removesuffix("()")) if part]


def _is_inside(resolver: Resolver, place: tuple[int, int], folders: Sequence[str]) -> bool:
    """:param place: numbers of a view and of a symbol there."""
    return is_below(resolver.views[place[0]], resolver.file_of(*place), folders)


def _concerns(root: str, folders: Sequence[str]) -> bool:
    """Whether a root has something of the folders."""
    base = Path(root)
    return not folders or any(base.is_relative_to(folder) or Path(folder).is_relative_to(base) for folder in folders)
