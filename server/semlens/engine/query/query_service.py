"""Answers search, context, duplicate and outline requests.

Each request reads one snapshot and checks its hits against the current text. The indexer alone changes the index.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import lru_cache

from semlens.core.cancel import CancelToken
from semlens.core.context import ContextPack, ContextRequest, DuplicateSet, DuplicatesResult
from semlens.core.errors import UsageError
from semlens.core.hit import SearchHit, SearchResult, SearchStage
from semlens.core.paths import uri_to_path
from semlens.core.request import SearchFilter, SearchRequest
from semlens.core.status import TierRole
from semlens.core.symbol import Outline
from semlens.embedding.token_counting import load_counter
from semlens.engine.embedding.remote_tier import REMOTE_QUERY_WAIT_SECONDS
from semlens.engine.embedding.tiers import Tier
from semlens.engine.indexing.indexer import Indexer
from semlens.engine.overlays.document_places import locate, real_path
from semlens.engine.query.context_builder import ContextBuilder
from semlens.engine.query.current_texts import CurrentTexts
from semlens.engine.query.duplicate_finder import DuplicateFinder
from semlens.engine.query.file_text_cache import FileTextCache
from semlens.engine.query.query_vectors import QueryVectors
from semlens.engine.query.request_hits import RequestHits
from semlens.engine.query.workspace_map import build_workspace_map
from semlens.engine.sessions.index_session import IndexSession
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.search.query.filter_notes import empty_filter_notes
from semlens.search.query.query import Query, parse_query
from semlens.search.ranking.confidence_weights import NOTHING_FITS
from semlens.search.ranking.rank import RankedHit, rank, rank_answer
from semlens.search.ranking.recent import recent_hits
from semlens.search.signals.meaning import KeptScans
from semlens.search.signals.text_evidence import QueryVector
from semlens.search.similarity.similar import MAX_COMPARED, find_document, rerank_by_structure, similar, symbol_at
from semlens.syntax.fingerprint import CodeFingerprint, fingerprints_of

BUFFER_WAIT_SECONDS = 0.25
"""How long a request waits for edits that came before it."""

DISK_WAIT_SECONDS = 0.4
"""How long a request waits for files that changed on disk."""

MAX_SEED_HITS = 80
"""Maximum number of hits that a context pack is built from, two per file."""

_MAX_FINGERPRINTED_LINES = 300
"""Maximum lines of a symbol for its fingerprint. More lines do not improve the comparison."""


class QueryService:
    """The read side of the engine. Thread-safe. Every method blocks, so call it on a worker thread."""

    def __init__(
        self,
        indexer: Indexer,
        session: IndexSession,
        tiers: Sequence[Tier],
        file_texts: FileTextCache,
        *,
        remote_wait_s: float = 0.0,
    ) -> None:
        """:param remote_wait_s: least time that a search waits for the query vector of a service."""
        self._indexer = indexer
        self._session = session
        self._remote_wait_s = remote_wait_s
        self._buffers = session.buffers
        self._tiers = tiers
        self._duplicates = DuplicateFinder()
        self._documents = CurrentTexts(
            session.buffers, lambda: session.overlays.shown, session.display_root, file_texts
        )

    def search(
        self,
        request: SearchRequest,
        cancel: CancelToken,
        on_partial: Callable[[SearchResult, SearchStage], None] | None = None,
        *,
        explain: bool = False,
    ) -> SearchResult:
        """Return ranked hits that match the current text.

        :param on_partial: called with the hits of the first tier, if another tier has vectors. If a service has not
            answered yet, it is also called with the hits of all local models.
        :raises Cancelled: when the token was cancelled.
        """
        started = time.monotonic()
        self._wait_for_buffers(cancel)
        request = _with_real_folders(request)
        query = parse_query(request.query)
        query_vectors = self._query_vectors(query)
        scans = KeptScans()

        def answer(vectors: list[QueryVector]) -> SearchResult:
            return self._search_snapshot(request, query, vectors, scans, cancel, started, explain=explain)

        until = started + max(request.time_budget_ms / 1000.0, self._remote_wait_s)
        first = query_vectors.of_role(TierRole.FIRST, until)
        if on_partial is not None and query_vectors.are_refined:
            on_partial(answer(first), SearchStage.FIRST)
        refined = query_vectors.of_role(TierRole.REFINE, until)
        local = [*first, *refined]
        if on_partial is not None and refined and query_vectors.await_services:
            on_partial(answer(local), SearchStage.REFINED)
        return answer([*local, *query_vectors.of_services(until)])

    def similar(self, uri: str, line: int, limit: int, cancel: CancelToken) -> SearchResult:
        """Find code similar to the symbol at a line (0-based) of a document.

        :raises UsageError: when there is no code at the line. :raises NotReadyError: when it has no vector yet.
        """
        started = time.monotonic()
        shows_all = self._wait_for_buffers(cancel)
        snapshot = self._session.snapshot
        tiers = [(tier.fingerprint, tier.role) for tier in self._tiers]
        place = self._locate_document(snapshot, uri)
        ranked = similar(snapshot, place, line, max(limit, MAX_COMPARED), tiers, cancel)
        ranked = self._rerank_by_structure(ranked, place, line, cancel)[:limit]
        hits, _ = self._hits(ranked, parse_query(""), cancel, explain=True)
        return SearchResult(
            tuple(hits),
            snapshot.generation,
            snapshot.complete and shows_all,
            _elapsed_ms(started),
            confidence=hits[0].score if hits else 0.0,
            nothing_fits=not hits,
        )

    def _rerank_by_structure(
        self, ranked: list[RankedHit], place: tuple[SegmentView, int], line: int, cancel: CancelToken
    ) -> list[RankedHit]:
        documents = self._documents.for_request()

        def fingerprint(view: SegmentView, file: int, symbol: int) -> CodeFingerprint | None:
            cancel.check()
            document = documents.read(view, file) if symbol >= 0 else None
            if document is None:
                return None
            span = view.segment.symbols.span(symbol)
            return fingerprints_of(
                document.lines, [(span.start_line, min(span.last_line, span.start_line + _MAX_FINGERPRINTED_LINES))]
            )[0]

        own = fingerprint(*place, symbol_at(*place, line))
        if own is None:
            return ranked
        return rerank_by_structure(ranked[:MAX_COMPARED], own, lambda hit: fingerprint(hit.view, hit.file, hit.symbol))

    def duplicates(self, uri: str, limit: int, folders: Sequence[str], cancel: CancelToken) -> DuplicatesResult:
        """Return groups of near-identical symbols, largest saving first.

        :param uri: return only groups with code of this document, unless it is "".
        :param folders: only code below one of them counts; without any, all does.
        """
        self._wait_for_buffers(cancel)
        snapshot = self._session.snapshot
        place = self._locate_document(snapshot, uri) if uri else None
        real_folders = tuple(map(os.path.realpath, folders))
        documents = self._documents.for_request()
        found = []
        for group, ranked in self._duplicates.find(snapshot, place, limit, real_folders, documents, cancel):
            hits, _ = self._hits(ranked, parse_query(""), cancel, explain=False)
            if len(hits) > 1:
                found.append(DuplicateSet(tuple(hits), group.similarity, group.saved_lines))
        return DuplicatesResult(tuple(found), snapshot.generation)

    def context(self, request: ContextRequest, cancel: CancelToken) -> ContextPack:
        """Build a context pack for a prompt. It never exceeds the token budget.

        :raises UsageError: when the document is not indexed or the tokenizer is not readable.
        """
        counter = load_counter(request.tokenizer)
        request = request._replace(folders=tuple(map(os.path.realpath, request.folders)))
        self._wait_for_buffers(cancel)
        snapshot = self._session.snapshot
        if not request.query.strip() and request.lines[0] < 0:
            return build_workspace_map(snapshot, request, self._documents.for_request(), counter, cancel)
        query = parse_query(request.query)
        hits: list[RankedHit] = []
        if request.query.strip():
            query_vectors = self._query_vectors(query)
            until = time.monotonic() + REMOTE_QUERY_WAIT_SECONDS
            vectors = [vector for role in TierRole for vector in query_vectors.of_role(role, until)]
            vectors += query_vectors.of_services(until)
            seed_request = SearchRequest(
                request.query,
                limit=MAX_SEED_HITS,
                filter=SearchFilter(folders=request.folders),
                per_file=2,
                first_page=MAX_SEED_HITS,
            )
            hits = rank(snapshot, seed_request, query, vectors, cancel)
        place = None
        if request.uri and request.lines[0] >= 0:
            view, file = self._locate_document(snapshot, request.uri)
            place = (snapshot.views.index(view), file)
        builder = ContextBuilder(snapshot, request, query, self._documents.for_request().read, counter, cancel)
        return builder.pack(builder.candidates(place, hits))

    def _locate_document(self, snapshot: IndexSnapshot, uri: str) -> tuple[SegmentView, int]:
        path = uri_to_path(uri)
        root, relative = locate(uri, real_path(path), "", self._session.states) if path else ("", "")
        found = find_document(snapshot, root, relative, uri)
        if found is None:
            raise UsageError(f"{path or uri} is not in the index. Index its folder, or see `semlens status --skipped`.")
        return found

    def symbols(self, query: str, limit: int, cancel: CancelToken) -> SearchResult:
        """Answer `workspace/symbol`: a search, or without a query, symbols of open and recently found files."""
        if query.strip():
            return self.search(SearchRequest(query, limit=limit), cancel)
        started = time.monotonic()
        shows_all = self._wait_for_buffers(cancel)
        snapshot = self._session.snapshot
        open_paths = {(buffer.root, buffer.path) for buffer in self._buffers.all()}
        ranked = recent_hits(snapshot, open_paths, list(self._session.recent), limit)
        hits, _ = self._hits(ranked, parse_query(""), cancel, explain=False)
        return SearchResult(tuple(hits), snapshot.generation, snapshot.complete and shows_all, _elapsed_ms(started))

    def outline_of_buffer(self, uri: str, cancel: CancelToken) -> Outline | None:
        """Return the outline of an open document; None when it is not open or was not parsed in time."""
        deadline = time.monotonic() + 2.0
        self._skip_debounce()
        while time.monotonic() < deadline:
            cancel.check()
            buffer, overlay = self._buffers.get(uri), self._session.overlays.shown.get(uri)
            if buffer is None:
                return None
            if overlay is not None and overlay.revision == buffer.revision:
                return overlay.outline if not overlay.same_as_disk else self._parse_now(buffer.path, buffer.text)
            with self._session.published:
                self._session.published.wait(0.05)
        return None

    def _parse_now(self, path: str, text: str) -> Outline | None:
        return self._indexer.parser.parse_text(path, text)

    def _query_vectors(self, query: Query) -> QueryVectors:
        return QueryVectors(query, self._tiers, self._session, self._remote_wait_s)

    def _wait_for_buffers(self, cancel: CancelToken) -> bool:
        """Wait briefly for the overlays of recent edits.

        :returns: whether the snapshot shows all that the client sent before.
        """
        deadline = time.monotonic() + BUFFER_WAIT_SECONDS
        debounce_skipped = False
        while not self._buffers_are_shown() and time.monotonic() < deadline:
            cancel.check()
            if not debounce_skipped:
                self._skip_debounce()
                debounce_skipped = True
            with self._session.published:
                self._session.published.wait(0.01)
        return self._session.shows_all

    def _buffers_are_shown(self) -> bool:
        """Whether the snapshot has all recent edits. Older edits and slow documents are not waited for."""
        shown, is_slow, buffers = self._session.overlays.shown, self._session.overlays.is_slow, self._buffers.all()
        since = time.monotonic() - BUFFER_WAIT_SECONDS
        recent = (buffer for buffer in buffers if buffer.changed_at > since and not is_slow(buffer))
        return set(shown) <= {buffer.uri for buffer in buffers} and self._session.shows(recent)

    def _search_snapshot(
        self,
        request: SearchRequest,
        query: Query,
        vectors: list[QueryVector],
        scans: KeptScans,
        cancel: CancelToken,
        started: float,
        *,
        explain: bool,
    ) -> SearchResult:
        shows_all = self._session.shows_all
        snapshot = self._session.snapshot
        answer = rank_answer(snapshot, request, query, vectors, cancel, scans=scans)
        hits, stale = self._hits(answer.hits, query, cancel, explain=explain, mask=request.mask)
        if stale:
            self._indexer.post_change(lambda: self._indexer.files_changed(sorted(stale), urgent=True))
            snapshot = self._wait_for_disk(stale, cancel)
            answer = rank_answer(snapshot, request, query, vectors, cancel, scans=scans)
            hits, _ = self._hits(answer.hits, query, cancel, explain=explain, mask=request.mask)
        for hit in hits[:5]:
            self._session.recent.append((_real_path(hit.root) if hit.root else "", hit.path))
        notes = query.notes if hits else (*query.notes, *empty_filter_notes(snapshot, request.filter, query))
        confidence = answer.confidence if hits else 0.0
        return SearchResult(
            tuple(hits),
            snapshot.generation,
            snapshot.complete and shows_all,
            _elapsed_ms(started),
            notes,
            confidence,
            confidence < NOTHING_FITS,
        )

    def _wait_for_disk(self, stale: set[str], cancel: CancelToken) -> IndexSnapshot:
        deadline = time.monotonic() + DISK_WAIT_SECONDS
        while time.monotonic() < deadline and not self._session.is_reader:
            cancel.check()
            with self._session.published:
                self._session.published.wait(0.02)
            if not self._session.is_waiting_for(stale):
                break
        return self._session.snapshot

    def _hits(
        self, ranked: list[RankedHit], query: Query, cancel: CancelToken, *, explain: bool, mask: bool = False
    ) -> tuple[list[SearchHit], set[str]]:
        """Return hits that match the current texts, and the files whose indexed text is stale."""
        documents = self._documents.for_request()
        of_request = RequestHits(documents, self._session.display_root, cancel)
        hits: list[SearchHit] = []
        stale: set[str] = set()
        for item in ranked:
            hit = of_request.of_ranked(item, query, explain=explain, mask=mask)
            if hit is not None:
                hits.append(hit)
            elif not item.view.buffer_uri and not documents.is_being_parsed(item.view, item.path):
                stale.add(os.path.join(item.view.root, item.path))
        return hits, stale

    def _skip_debounce(self) -> None:
        """Do not wait for more keystrokes, because a request waits for the buffers."""
        self._indexer.post(self._session.overlays.skip_debounce)


def _with_real_folders(request: SearchRequest) -> SearchRequest:
    """The request with the links in its folders resolved, because roots are known by their real paths."""
    if not request.filter.folders:
        return request
    folders = tuple(map(os.path.realpath, request.filter.folders))
    return request._replace(filter=request.filter._replace(folders=folders))


@lru_cache(maxsize=64)
def _real_path(root: str) -> str:
    return os.path.realpath(root)


def _elapsed_ms(started: float) -> float:
    return round((time.monotonic() - started) * 1000.0, 3)
