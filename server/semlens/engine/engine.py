"""The engine: what the language server and the command line stand on.

A facade: it owns the indexer, answers questions from its snapshots, and checks every answer against the texts.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from semlens.core.cancel import CancelToken
from semlens.core.context import ContextPack, ContextRequest, DuplicateSet, DuplicatesResult
from semlens.core.errors import CacheError, UsageError
from semlens.core.hit import SearchHit, SearchResult
from semlens.core.paths import uri_to_path
from semlens.core.request import SearchRequest
from semlens.core.status import EngineStatus
from semlens.core.symbol import Outline
from semlens.embedding.token_counting import load_counter
from semlens.engine.buffers import Buffers
from semlens.engine.discovery import check_root
from semlens.engine.documents import Documents
from semlens.engine.duplicate_finder import DuplicateFinder
from semlens.engine.hits import make_hit
from semlens.engine.indexer import Indexer
from semlens.engine.mapping import make_map
from semlens.engine.overlay_indexer import locate
from semlens.engine.packing import make_pack, wishes_for
from semlens.engine.report import build_status
from semlens.engine.settings import Settings
from semlens.engine.tiers import choose_tiers
from semlens.index.database import make_private_folder
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.index.vector_cache import VectorCache
from semlens.search.evidence import QueryVector
from semlens.search.query import Query, parse_query
from semlens.search.rank import RankedHit, rank
from semlens.search.recent import recent_hits
from semlens.search.similar import find_place, similar

BUFFER_WAIT_SECONDS = 0.25
"""How long a question waits for text that was typed before it was asked."""

DISK_WAIT_SECONDS = 0.4
"""How long it waits for files that turn out to have changed on disk."""

SEEDS = 60
"""Hits that a pack is made from."""

STATUS_SECONDS = 0.1


class Engine:
    """Thread-safe. Questions block, and belong on a thread; everything else only enqueues."""

    def __init__(
        self,
        settings: Settings,
        *,
        cache_folder: Path,
        on_status: Callable[[EngineStatus], None] | None = None,
        on_change: Callable[[int], None] | None = None,
        read_only: bool = False,
        one_shot: bool = False,
    ) -> None:
        """:param on_status: called on the indexer thread, at most ten times a second.

        :param on_change: likewise, with every published generation.
        :param read_only: never write the index: answer from what is committed.
        :param one_shot: for a command that ends: no watching, no following, no idle work.
        :raises CacheError: when the cache folder cannot be used.
        """
        self._cache_problem = ""
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        try:
            make_private_folder(cache_folder)
        except CacheError:
            if not cache_folder.is_dir() or not os.access(cache_folder, os.R_OK | os.X_OK):
                raise
            self._cache_problem = (
                f"The cache folder {cache_folder} is read-only, so the index is made anew each time: "
                "make it writable or set SEMLENS_CACHE_DIR."
            )
            self._scratch = tempfile.TemporaryDirectory(prefix="semlens-")  # as private as the cache
            cache_folder = Path(self._scratch.name)
        self._settings = settings
        self._cache_folder = cache_folder
        self._on_status = on_status
        self._on_change = on_change
        self._buffers = Buffers()
        try:
            self._cache: VectorCache | None = VectorCache(cache_folder, settings.index.max_cache_mb << 20)
        except CacheError as error:
            self._cache = None
            self._cache_problem = str(error)
        self._tiers, errors = choose_tiers(
            settings.models.first, settings.models.refine, settings.models.folders, self._cache
        )
        self._model_errors = [str(error) for error in errors]
        self._duplicates = DuplicateFinder()
        self._indexer = Indexer(
            settings, cache_folder, self._buffers, self._tiers, self._published, one_shot=one_shot, read_only=read_only
        )
        self._documents = Documents(self._buffers, lambda: self._indexer.overlays.shown, self._given)
        self._status_lock = threading.Lock()
        self._last_status = 0.0
        self._closed = False

    # --- life ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._indexer.start()

    def close(self) -> None:
        """Commit, end threads and workers; at most about two seconds."""
        if self._closed:
            return
        self._closed = True
        self._indexer.close()
        if self._cache is not None:
            self._cache.close()
        if self._scratch is not None:
            self._scratch.cleanup()

    def _published(self, snapshot: IndexSnapshot) -> None:
        if self._on_change is not None:
            self._on_change(snapshot.generation)
        now = time.monotonic()
        if self._on_status is not None and (now - self._last_status >= STATUS_SECONDS or snapshot.complete):
            self._last_status = now
            self._on_status(self.status())

    # --- workspace -------------------------------------------------------------------------------------------------

    def add_root(self, path: Path, *, asked: bool = True, watching: str = "none") -> None:
        """Index a folder.

        :param asked: the user named this folder, so that even a home folder is taken.
        :param watching: ``client`` when the editor reports changes, ``native`` to watch, ``none``.
        :raises WorkspaceError: when it is missing, a file, or not to be taken unasked.
        """
        real = check_root(path, asked)
        given = Path(os.path.abspath(path))
        self._indexer.post_change(lambda: self._indexer.add_root(given, real, watching=watching))

    def remove_root(self, path: Path) -> None:
        real = os.path.realpath(path)
        self._indexer.post_change(lambda: self._indexer.remove_root(real))

    def files_changed(self, paths: Iterable[Path]) -> None:
        """Files or folders were created, changed or deleted."""
        real = [os.path.join(os.path.realpath(path.parent), path.name) for path in paths]
        self._indexer.post_change(lambda: self._indexer.files_changed(real))

    def rescan(self, root: Path | None = None, *, full: bool = False) -> None:
        """Compare everything with the disk again; ``full`` parses it again too."""
        real = os.path.realpath(root) if root is not None else None
        self._indexer.post_change(lambda: self._indexer.rescan(real, full=full))

    def pause(self) -> None:
        self._indexer.post(lambda: self._indexer.set_paused(True))

    def resume(self) -> None:
        self._indexer.post(lambda: self._indexer.set_paused(False))

    def apply_settings(self, settings: Settings) -> None:
        """Use other settings from now on; models and the cache folder keep until the next start."""
        self._settings = settings
        self._indexer.post_change(lambda: self._indexer.apply_settings(settings))

    # --- overlays --------------------------------------------------------------------------------------------------

    def open_buffer(self, uri: str, language_id: str, version: int, text: str) -> None:  # noqa: ARG002 - versions are the protocol's
        path = uri_to_path(uri)
        if path is None:
            self._buffers.put(uri, "", uri.partition(":")[2].lstrip("/") or "untitled", language_id, text)
        else:
            root, relative = locate(uri, _real_path(path), "", dict(self._indexer.states))
            self._buffers.put(uri, root, relative, language_id, text)
        self._indexer.buffers_changed()

    def change_buffer(self, uri: str, version: int, text: str) -> None:  # noqa: ARG002
        if self._buffers.change(uri, text) is not None:
            self._indexer.buffers_changed()

    def save_buffer(self, uri: str) -> None:
        path = uri_to_path(uri)
        if path is not None:
            self.files_changed([Path(path)])

    def close_buffer(self, uri: str) -> None:
        self._buffers.close(uri)
        self._indexer.buffers_changed()
        self.save_buffer(uri)

    # --- questions -------------------------------------------------------------------------------------------------

    def search(
        self,
        request: SearchRequest,
        cancel: CancelToken,
        on_partial: Callable[[SearchResult, str], None] | None = None,
        *,
        explain: bool = False,
    ) -> SearchResult:
        """Ranked hits, each right for the text as it is now.

        :param on_partial: gets the answer of the first tier before the refined one.
        :raises Cancelled: when the token was cancelled.
        """
        started = time.monotonic()
        self._wait_for_buffers(cancel)
        query = parse_query(request.query)
        first = self._query_vectors(query, "first")
        if on_partial is not None:
            on_partial(self._answer(request, query, first, cancel, started, explain=explain), "first")
        vectors = [*first, *self._query_vectors(query, "refine")]
        return self._answer(request, query, vectors, cancel, started, explain=explain)

    def similar(self, uri: str, line: int, limit: int, cancel: CancelToken) -> SearchResult:
        """Code like the symbol at a line (from 0) of a document, open or not.

        :raises UsageError: when there is no code there, or it has no vector yet.
        """
        started = time.monotonic()
        self._wait_for_buffers(cancel)
        snapshot = self._indexer.snapshot
        tiers = [(tier.fingerprint, tier.role) for tier in self._tiers]
        ranked = similar(snapshot, self._place(snapshot, uri), line, limit, tiers, cancel)
        hits, _ = self._hits(ranked, parse_query(""), cancel, explain=True)
        return SearchResult(tuple(hits), snapshot.generation, snapshot.complete, _since_ms(started))

    def duplicates(self, uri: str, limit: int, cancel: CancelToken) -> DuplicatesResult:
        """Groups of near-identical symbols, largest saving first; with a document, those that it has a part in."""
        self._wait_for_buffers(cancel)
        snapshot = self._indexer.snapshot
        place = self._place(snapshot, uri) if uri else None
        found = []
        for group, ranked in self._duplicates.find(snapshot, place, limit, self._documents.look(), cancel):
            hits, _ = self._hits(ranked, parse_query(""), cancel, explain=False)
            if len(hits) > 1:
                found.append(DuplicateSet(tuple(hits), group.similarity, group.saved_lines))
        return DuplicatesResult(tuple(found), snapshot.generation)

    def context(self, request: ContextRequest, cancel: CancelToken) -> ContextPack:
        """A pack of code for a prompt, never over the budget.

        :raises UsageError: when the place or the tokenizer is not there.
        """
        counter = load_counter(request.tokenizer)
        self._wait_for_buffers(cancel)
        snapshot = self._indexer.snapshot
        if not request.query.strip() and request.lines[0] < 0:
            return make_map(snapshot, request, self._documents.look(), counter, cancel)
        query = parse_query(request.query)
        hits: list[RankedHit] = []
        if request.query.strip():
            vectors = [*self._query_vectors(query, "first"), *self._query_vectors(query, "refine")]
            hits = rank(snapshot, SearchRequest(request.query, limit=SEEDS, per_file=2), query, vectors, cancel)
        place = None
        if request.uri and request.lines[0] >= 0:
            view, file = self._place(snapshot, request.uri)
            place = (snapshot.views.index(view), file)
        wishes = wishes_for(snapshot, request, place, hits)
        return make_pack(snapshot, request, wishes, query, self._documents.look().read, counter, cancel)

    def _place(self, snapshot: IndexSnapshot, uri: str) -> tuple[SegmentView, int]:
        path = uri_to_path(uri)
        root, relative = locate(uri, _real_path(path), "", dict(self._indexer.states)) if path else ("", "")
        found = find_place(snapshot, root, relative, uri)
        if found is None:
            raise UsageError(f"{path or uri} is not in the index: open it, or index the folder that holds it.")
        return found

    def symbols(self, query: str, limit: int, cancel: CancelToken) -> SearchResult:
        """What `workspace/symbol` gives: by meaning; without words, what is open or was found of late."""
        if query.strip():
            return self.search(SearchRequest(query, limit=limit), cancel)
        started = time.monotonic()
        self._wait_for_buffers(cancel)
        snapshot = self._indexer.snapshot
        open_paths = {(buffer.root, buffer.path) for buffer in self._buffers.all()}
        ranked = recent_hits(snapshot, open_paths, list(self._indexer.recent), limit)
        hits, _ = self._hits(ranked, parse_query(""), cancel, explain=False)
        return SearchResult(tuple(hits), snapshot.generation, snapshot.complete, _since_ms(started))

    def outline_of_buffer(self, uri: str, cancel: CancelToken) -> Outline | None:
        """Outline of an open document, None when it is not open or could not be parsed."""
        deadline = time.monotonic() + 2.0
        self._indexer.hurry()
        while time.monotonic() < deadline:
            cancel.check()
            buffer, overlay = self._buffers.get(uri), self._indexer.overlays.shown.get(uri)
            if buffer is None:
                return None
            if overlay is not None and overlay.revision == buffer.revision:
                return overlay.outline if not overlay.borrowed else self._parse_now(buffer.path, buffer.text)
            with self._indexer.published:
                self._indexer.published.wait(0.05)
        return None

    def _parse_now(self, path: str, text: str) -> Outline | None:
        return self._indexer.parse_text(path, text)

    def status(self) -> EngineStatus:
        with self._status_lock:
            return build_status(self._indexer, self._tiers, self._buffers, self._model_errors, self._cache_problem)

    def wait_complete(
        self,
        *,
        refined: bool = False,
        timeout: float | None = None,
        on_progress: Callable[[EngineStatus], None] | None = None,
    ) -> bool:
        """Block until everything is searchable; with ``refined`` until the refine tier is filled too."""
        deadline = None if timeout is None else time.monotonic() + timeout
        if refined:
            self._indexer.allow_refinement()
        while True:
            done = self._is_up_to_date and self._indexer.snapshot.complete
            if on_progress is not None or (done and refined):
                status = self.status()
                if on_progress is not None:
                    on_progress(status)
                done = done and not (refined and status.refining)
            if not done and self._indexer.is_stuck:
                return False
            if done:
                return True
            if deadline is not None and time.monotonic() >= deadline:
                return False
            with self._indexer.published:
                self._indexer.published.wait(0.1)

    # --- inside ----------------------------------------------------------------------------------------------------

    def _query_vectors(self, query: Query, role: str) -> list[QueryVector]:
        if not query.text.strip():
            return []
        views = self._indexer.snapshot.views
        found = []
        for tier in self._tiers:
            if tier.role == role and any(tier.fingerprint in view.tiers for view in views):
                vector = tier.query_vector(query.text)
                if vector is not None:
                    found.append(vector)
        return found

    def _wait_for_buffers(self, cancel: CancelToken) -> None:
        """What was typed before the question is part of the answer."""
        deadline = time.monotonic() + BUFFER_WAIT_SECONDS
        hurried = False
        while not self._buffers_shown() and time.monotonic() < deadline:
            cancel.check()
            if not hurried:
                self._indexer.hurry()
                hurried = True
            with self._indexer.published:
                self._indexer.published.wait(0.01)

    def _buffers_shown(self) -> bool:
        """Whether the snapshot has what was typed of late; what takes longer holds no further question up."""
        shown, buffers = self._indexer.overlays.shown, self._buffers.all()
        since = time.monotonic() - BUFFER_WAIT_SECONDS
        return (
            set(shown) <= {buffer.uri for buffer in buffers}
            and all(
                (overlay := shown.get(buffer.uri)) is not None and overlay.revision == buffer.revision
                for buffer in buffers
                if buffer.changed_at > since
            )
            and not self._indexer.publishes_at_once
        )

    def _answer(
        self,
        request: SearchRequest,
        query: Query,
        vectors: list[QueryVector],
        cancel: CancelToken,
        started: float,
        *,
        explain: bool,
    ) -> SearchResult:
        snapshot = self._indexer.snapshot
        hits, stale = self._hits(rank(snapshot, request, query, vectors, cancel), query, cancel, explain=explain)
        if stale:
            self._indexer.post_change(lambda: self._indexer.files_changed(sorted(stale), urgent=True))
            snapshot = self._wait_for_disk(stale, cancel)
            hits, _ = self._hits(rank(snapshot, request, query, vectors, cancel), query, cancel, explain=explain)
        for hit in hits[:5]:
            self._indexer.recent.append((os.path.realpath(hit.root) if hit.root else "", hit.path))
        return SearchResult(tuple(hits), snapshot.generation, snapshot.complete, _since_ms(started), query.notes)

    @property
    def _is_up_to_date(self) -> bool:
        """The snapshot shows all that is known to have changed. Asked in this order, nothing slips through between."""
        return self._indexer.settled and self._indexer.is_published

    def _wait_for_disk(self, stale: set[str], cancel: CancelToken) -> IndexSnapshot:
        deadline = time.monotonic() + DISK_WAIT_SECONDS
        while time.monotonic() < deadline and not self._indexer.is_reader:
            cancel.check()
            with self._indexer.published:
                self._indexer.published.wait(0.02)
            if not self._indexer.is_waiting_for(stale):
                break
        return self._indexer.snapshot

    def _hits(
        self, ranked: list[RankedHit], query: Query, cancel: CancelToken, *, explain: bool
    ) -> tuple[list[SearchHit], set[str]]:
        """Hits that are right for the current texts, and the files whose hits are not."""
        hits: list[SearchHit] = []
        stale: set[str] = set()
        documents = self._documents.look()
        for item in ranked:
            cancel.check()
            document = documents.read(item.view, item.file)
            hit = None
            if document is not None:
                hit = make_hit(
                    item, query, document.lines, given_root=self._given(item.view.root), uri=document.uri, explain=explain
                )
            if hit is not None and document is not None:
                hits.append(replace(hit, dirty=document.dirty))
            elif not item.view.buffer_uri:
                stale.add(os.path.join(item.view.root, item.path))
        return hits, stale

    def _given(self, root: str) -> str:
        state = self._indexer.states.get(root)
        return str(state.given) if state is not None else root


def _since_ms(started: float) -> float:
    return round((time.monotonic() - started) * 1000.0, 3)


def _real_path(path: str) -> str:
    """Links of the folders resolved: roots are kept that way."""
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)


