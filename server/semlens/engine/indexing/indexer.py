"""The one thread that changes the index: takes events in, publishes snapshots.

Everything slow happens elsewhere - walking folders, parsing, embedding, merging - and comes back as a posted job, so
that an edit waits for none of it. The thread is the only owner of roots, overlays and stores.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path

from semlens.core.status import Problem
from semlens.core.symbol import Outline
from semlens.engine.embedding.tiers import Tier
from semlens.engine.embedding.vector_filler import VectorFiller
from semlens.engine.indexing.committer import Committer
from semlens.engine.indexing.memory import limit_arenas, release_memory
from semlens.engine.indexing.merger import Merger
from semlens.engine.indexing.root_presence import look_at
from semlens.engine.indexing.root_state import RootState
from semlens.engine.indexing.scanner import ScanEnd, Scanner
from semlens.engine.indexing.scheduling import Deadlines, JobQueue
from semlens.engine.indexing.snapshot_builder import SnapshotBuilder
from semlens.engine.indexing.workspace import SettingsOf, Workspace
from semlens.engine.overlays.open_buffers import OpenBuffers
from semlens.engine.overlays.overlay import encode_text
from semlens.engine.overlays.overlay_indexer import OverlayIndexer
from semlens.files.discovery import DiscoveredFile, is_below
from semlens.index.segment.builder import new_segment_id
from semlens.index.segment.segment import segment_from_arrays
from semlens.index.snapshot import EMPTY_SNAPSHOT, IndexSnapshot
from semlens.settings.loading import Settings
from semlens.workers.messages import BufferRequest, FilesRequest
from semlens.workers.pool import ParsedBatch, ParsePool, WorkerDiedError, WorkerStartError
from semlens.workers.priority import on_battery

logger = logging.getLogger(__name__)

PUBLISH_SECONDS = 0.2
FOLLOW_SECONDS = 1.0
TRIM_SECONDS = 10.0
MAX_REST_SECONDS = 60.0


class Indexer:
    """Start it once; every public method may be called from any thread and returns at once."""

    def __init__(
        self,
        settings: Settings,
        settings_of: SettingsOf,
        cache_folder: Path,
        buffers: OpenBuffers,
        tiers: list[Tier],
        on_published: Callable[[IndexSnapshot], None],
        on_written: Callable[[int], None],
        *,
        one_shot: bool,
        read_only: bool,
        follows: bool,
    ) -> None:
        """:param settings: of the server as a whole. :param settings_of: of one root.

        :param on_written: told the bytes of segments and vectors that were written to disk.
        :param follows: although it is one-shot, wait for another process that writes, and take over from it.
        """
        self.snapshot = EMPTY_SNAPSHOT
        self.published = threading.Condition()
        self.errors: deque[Problem] = deque(maxlen=50)
        self.n_parsed = 0
        self.recent: deque[tuple[str, str]] = deque(maxlen=64)
        self._settings = settings
        self._buffers = buffers
        self._tiers = tiers
        self._on_published = on_published
        self._one_shot = one_shot
        self._read_only = read_only
        self._follows = follows
        self._jobs = JobQueue()
        self._n_announced = 0
        self._announced_lock = threading.Lock()
        self._deadlines = Deadlines()
        self._workspace = Workspace(
            settings_of,
            cache_folder,
            lambda: [tier.fingerprint for tier in tiers],
            self._jobs.post,
            self._changed_at_once,
            read_only=read_only,
        )
        self.states, self.failed_roots = self._workspace.states, self._workspace.failed_roots
        self._composer = SnapshotBuilder()
        self._filler = VectorFiller(self._jobs.post, lambda _index: self._changed())
        self._remote_filler = VectorFiller(self._jobs.post, lambda _index: self._changed())
        self._scanner = Scanner(self._jobs.post, self._found, self._scan_done)
        self._merger = Merger(self._jobs.post, self._changed)
        self._committer = Committer(tiers, on_written, one_shot=one_shot)
        # one is kept warm; the other is for what is typed while a hard document has the first
        self._interactive = ParsePool(2, n_kept=1, interactive=True)
        self._pool = ParsePool(max(1, os.cpu_count() or 1))
        self.overlays = OverlayIndexer(buffers, self._interactive, self._jobs.post, self._changed_at_once)
        self._unpublished = False
        self._publish_at_once = False
        self._last_publish = 0.0
        self._rest_until = 0.0
        self._rest_seconds = 0.0
        self._heap_grew = False
        self._next_trim = 0.0
        self._stopping = False
        self.paused = False
        self.may_refine = not one_shot
        self._thread = threading.Thread(target=self._run, name="indexer", daemon=True)

    # --- from any thread -------------------------------------------------------------------------------------------

    def start(self) -> None:
        if not self._one_shot:
            limit_arenas()
            self._interactive.warm_up()
        self._thread.start()

    def close(self) -> None:
        """Commit what there is and end everything; at most about two seconds."""
        if self._thread.is_alive():
            self._jobs.post(self._stop)
            self._thread.join(2.0)
        self._filler.close()
        self._remote_filler.close()
        self.overlays.close()
        self._interactive.close()
        self._pool.close()
        self._scanner.close()
        self._merger.close()
        self._workspace.close()

    def post(self, job: Callable[[], None]) -> None:
        """Run something on the indexer thread."""
        self._jobs.post(job)

    def post_change(self, job: Callable[[], None]) -> None:
        """Run something that brings work; until it ran, nothing counts as settled."""
        with self._announced_lock:
            self._n_announced += 1

        def run() -> None:
            try:
                job()
            finally:
                with self._announced_lock:
                    self._n_announced -= 1

        self._jobs.post(run)

    @property
    def is_awaited(self) -> bool:
        """Work was announced that the thread has not looked at yet."""
        return self._n_announced > 0

    def buffers_changed(self) -> None:
        """Look at the buffers again; until that is done nothing counts as settled."""
        self.post_change(self.overlays.expect)

    def skip_debounce(self) -> None:
        """Someone waits for the buffers: leave out the debounce."""
        self._jobs.post(self.overlays.skip_debounce)

    def allow_refinement(self) -> None:
        """Somebody waits for the refine tier, although the command is one that ends."""

        def allow() -> None:
            self.may_refine = True

        self._jobs.post(allow)

    def set_paused(self, paused: bool) -> None:
        """Holds at once, however long the thread is at a step: a status that is asked for next must say so."""
        self.paused = paused
        self._jobs.post(self._changed_at_once)

    def worker_pids(self) -> list[int]:
        return [*self._interactive.pids(), *self._pool.pids()]

    # --- the loop --------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping:
            self._jobs.run_for(self._deadlines.take(), self._guard)
            if not self._stopping:
                self._guard(self._step)

    def _guard(self, job: Callable[[], None]) -> None:
        """A fault costs one step, never the thread; it is logged and shown."""
        try:
            job()
        except Exception as error:
            logger.exception("the indexer failed at a step")
            self.errors.append(Problem("", f"An internal error was logged: {type(error).__name__}: {error}."))
            self._changed()
            self._deadlines.at(time.monotonic() + 1.0)

    def _stop(self) -> None:
        self._stopping = True
        for state in self.states.values():
            self._close_root(state)

    def _step(self) -> None:
        now = time.monotonic()
        self.overlays.step(self.states, self._tiers)
        for state in self.states.values():
            if not state.index.writer:
                self._follow(state, now)
            elif not self.paused:
                self._work(state)
        # again: a file that is gone or differs by now may be what an open buffer was shown by
        due = self.overlays.step(self.states, self._tiers)
        if due is not None:
            self._deadlines.at(due)
        if not self.paused:
            self._fill_vectors()
            due = self._merger.step(
                [state.index for state in self._workspace.writers],
                resting=self._is_resting(),
                spared=(self._filler.active_segment, self._remote_filler.active_segment),
            )
            if due:
                self._deadlines.at(due)
        self._publish_if_due(now)
        for state in self.states.values():
            self._commit_if_due(state, now)
        waiting = any(state.pending or state.in_flight for state in self.states.values())
        filling = self._filler.busy or self._remote_filler.tokenizing
        if not filling and (self.paused or not waiting):
            self._pool.release()
        self._unload_idle_models()
        self._trim_if_due(now)
        if self._unpublished:  # by what came after publishing: not to be left until the next event
            self._deadlines.at(now if self._publish_at_once else self._last_publish + PUBLISH_SECONDS)

    def _changed(self, *, at_once: bool = False) -> None:
        self._unpublished = True
        self._publish_at_once |= at_once

    def _changed_at_once(self) -> None:
        self._changed(at_once=True)

    # --- roots -----------------------------------------------------------------------------------------------------

    def add_root(self, given: Path, real: Path, *, watching: str) -> None:
        self._workspace.add(given, real, watching=watching)
        self.overlays.assign_roots(self.states)

    def remove_root(self, real: str) -> None:
        state = self._workspace.remove(real)
        if state is not None:
            self._close_root(state)
            self.overlays.assign_roots(self.states)

    def _close_root(self, state: RootState) -> None:
        if state.watcher is not None:
            state.watcher.stop()
        try:
            self._committer.commit(state)
        finally:
            state.index.close()  # or no other process could ever write the root while this one lives

    def files_changed(self, paths: list[str], *, urgent: bool = False) -> None:
        """:param paths: absolute. :param urgent: a question waits for them."""
        self._workspace.files_changed(paths, urgent=urgent)

    def rescan(self, real: str | None, *, full: bool) -> None:
        self._workspace.rescan(real, full=full)

    def apply_settings(self, settings: Settings) -> None:
        self._settings = settings
        for state in self.states.values():
            self._workspace.reload_settings(state)

    def _follow(self, state: RootState, now: float) -> None:
        if self._read_only or (self._one_shot and not self._follows):
            return
        self._note_fingerprints()
        self._workspace.follow(state)
        self._deadlines.at(now + FOLLOW_SECONDS)

    # --- scanning and parsing --------------------------------------------------------------------------------------

    def _work(self, state: RootState) -> None:
        if time.monotonic() < self._rest_until:
            self._deadlines.at(self._rest_until)
            return
        if state.changed:
            self._changed()
            state.take_changed()
        if state.retry_at and state.retry_at <= time.monotonic():
            state.scan_again = True
        elif state.retry_at:
            self._deadlines.at(state.retry_at)
        elif state.settled:
            state.n_retries = 0
        if state.scan_again and not state.scan:
            self._changed(at_once=True)
            self._scanner.start(state)
        model = self._first_model()
        max_bytes = state.settings.files.max_size_kb * 1024
        if state.urgent:
            request = state.next_batch(max_bytes, model, urgent=True)
            if request is not None:
                self._ask_worker(state, self._interactive, request)
            state.urgent = {path for path in state.urgent if state.is_waiting_for(path)}
        pool = self._pool if state.scan or len(state.pending) + len(state.in_flight) > 16 else self._interactive
        n_cores = pool.n_workers if state.first_index else self._settings.n_processors
        while state.pending and len(state.in_flight) < 2 * 48 * n_cores:
            request = state.next_batch(max_bytes, model)
            if request is None:
                break
            self._ask_worker(state, pool, request)

    def _ask_worker(self, state: RootState, pool: ParsePool, request: FilesRequest) -> None:
        paths = [path for path, _ in request.files]

        def answered(done: Future[ParsedBatch]) -> None:
            self._jobs.post(lambda: self._parsed(state, paths, done))

        pool.parse_files(request).add_done_callback(answered)

    def _first_model(self) -> str:
        """The model that workers tokenise for, or "" when there is none that loads."""
        for tier in self._tiers:
            if tier.role == "first" and tier.error is None:
                return tier.model
        return ""

    def _found(self, state: RootState, number: int, found: list[DiscoveredFile]) -> None:
        if state.scan == number:
            state.note_found(found)

    def _scan_done(self, state: RootState, number: int, end: ScanEnd) -> None:
        if state.scan != number:
            return
        self._changed(at_once=True)  # before anything counts as settled: who waits must see that the snapshot is old
        state.scan = 0
        if state.lost and not end.lost:
            self._workspace.note_back(state, look_at(state.index.root, state.identity))
        state.lost = end.lost
        state.note_unread(end.unread)
        if state.n_retries and not end.unread:
            self._workspace.watch_again(state)
        if end.failure:
            self.errors.append(Problem(str(state.given), end.failure))
        elif not end.lost and state.is_there():
            # what was looked at while the scan went on is known better than by the scan
            known = state.seen | state.touched | state.changed.keys() | state.in_flight.keys() | state.pending.keys()
            for path in [path for path in state.index.files if path not in known]:
                if not is_below(path, end.unread):
                    state.index.remove(path)
        state.end_scan()

    def _parsed(self, state: RootState, paths: list[str], future: Future[ParsedBatch]) -> None:
        self._changed(at_once=not state.urgent.isdisjoint(paths))
        for path in paths:
            state.in_flight.pop(path, None)
        if self.states.get(str(state.index.root)) is not state or self._stopping:
            return
        try:
            batch = future.result()
        except Exception as error:  # no process or no memory to be had: the files are not at fault
            if isinstance(error, WorkerDiedError) and not isinstance(error, WorkerStartError):
                return  # the pool was closed
            logger.exception("files could not be parsed")
            self._rest(state, paths, f"Files cannot be parsed ({error}). It is tried again; the log says more.")
            return
        self._rest_seconds = 0.0
        self._heap_grew = True
        for result in batch.results:
            segment = None
            if result.segment is not None:
                segment = segment_from_arrays(new_segment_id(), result.segment)
                self.n_parsed += len(segment.files)
            outcomes = state.without_losses(result.outcomes)
            self._keep_vectors_of_saved_text(state, [outcome.path for outcome in outcomes])
            state.index.apply(outcomes, segment, result.tokens)
        state.last_change = time.monotonic()

    def _rest(self, state: RootState, paths: list[str], message: str) -> None:
        """Try these files again, ever later."""
        now = time.monotonic()
        for path in paths:
            state.changed.setdefault(path, now)
        if now >= self._rest_until:
            self._rest_seconds = min(2 * self._rest_seconds or 1.0, MAX_REST_SECONDS)
            self._rest_until = now + self._rest_seconds
        problem = Problem("", message)
        if problem not in self.errors:
            self.errors.append(problem)

    def _keep_vectors_of_saved_text(self, state: RootState, paths: list[str]) -> None:
        """What was embedded while it was typed need not be embedded when it is saved."""
        for overlay in self.overlays.shown.values():
            if overlay.buffer.root == str(state.index.root) and overlay.buffer.path in paths:
                for tier in self._tiers:
                    filler = self._remote_filler if tier.is_remote else self._filler
                    filler.store_vectors(tier, dict(overlay.vectors.get(tier.fingerprint, {})))

    # --- vectors and merges ----------------------------------------------------------------------------------------

    def _fill_vectors(self) -> None:
        """The local tiers and a service's side by side: neither waits for the other."""
        writers = [state.index for state in self._workspace.writers]
        tiers = [tier for tier in self._tiers if tier.role == "first" or self._may_refine()]
        if not writers or not tiers:
            return
        urgent = [*self._open_paths(), *self.recent]
        local = [tier for tier in tiers if not tier.is_remote]
        self._filler.step(writers, local, self._pool, urgent, self._merger.merging)
        remote = [tier for tier in tiers if tier.is_remote]
        self._note_fingerprints()
        self._remote_filler.step(writers, remote, self._pool, urgent, self._merger.merging)
        for tier in remote:
            if tier.is_paused and tier.retry_at:
                self._deadlines.at(tier.retry_at)

    def _note_fingerprints(self) -> None:
        """A service's first answer, here or to another process, makes the fingerprint of its vectors."""
        if any(tier.refresh() for tier in self._tiers):
            for state in self.states.values():
                state.index.fingerprints = tuple(tier.fingerprint for tier in self._tiers)

    def _may_refine(self) -> bool:
        """Refinement waits for everything else, and for the mains."""
        if not self.may_refine or not all(state.settled for state in self._workspace.writers):
            return False
        return self._settings.index.on_battery == "full" or not on_battery()

    def _open_paths(self) -> list[tuple[str, str]]:
        return [(buffer.root, buffer.path) for buffer in self._buffers.all()]

    def _is_resting(self) -> bool:
        """Nothing else is to be done; a command that ends soon never rests."""
        busy = any(state.pending or state.in_flight for state in self.states.values())
        return self.settled and not busy and not self._one_shot

    def _trim_if_due(self, now: float) -> None:
        """Once what was indexed is committed and mapped, the heap it was built on goes back to the system."""
        if not self._heap_grew or self._one_shot:
            return
        busy = not self.settled or self._merger.busy or self._unpublished
        unsaved = any(state.index.dirty and not state.index.commit_error for state in self.states.values())
        if busy or unsaved or now < self._next_trim:
            self._deadlines.at(max(self._next_trim, now + 1.0))
            return
        self._heap_grew = False
        self._next_trim = now + TRIM_SECONDS
        release_memory()

    def _unload_idle_models(self) -> None:
        minutes = self._settings.server.model_idle_minutes
        loaded = [tier for tier in self._tiers if tier.loaded]
        if not minutes or not loaded or self._one_shot:
            return
        for tier in loaded:
            tier.unload_if_idle(minutes * 60)
        if any(tier.loaded for tier in loaded):
            self._deadlines.at(time.monotonic() + 60)

    # --- publishing and committing ---------------------------------------------------------------------------------

    @property
    def settled(self) -> bool:
        """Nothing that is known to have changed is missing from the snapshot."""
        return (
            not self.is_awaited
            and not self.overlays.waiting
            and all(state.settled for state in self._workspace.writers)
        )

    @property
    def publishes_at_once(self) -> bool:
        """Something that nobody should wait for, such as typed text, stands to be published now."""
        return self._publish_at_once

    def is_waiting_for(self, paths: Iterable[str]) -> bool:
        """Some of these files (absolute) are known to have changed and not in the snapshot yet.

        Nor are open documents that their file showed until it changed.
        """
        return (
            self.is_awaited
            or self.overlays.waiting
            or any(
                (relative := state.discovery.relative(path)) is not None and state.is_waiting_for(relative)
                for path in paths
                for state in self._workspace.writers
            )
            or not self.is_published
        )

    @property
    def is_published(self) -> bool:
        """The snapshot shows all that was taken in."""
        return not self._unpublished

    @property
    def is_reader(self) -> bool:
        """Another process writes; this one can only wait for it."""
        return bool(self.states) and not self._workspace.writers

    @property
    def is_stuck(self) -> bool:
        """Nothing goes on, and nothing will: the index is as complete as it gets."""
        if not self._thread.is_alive():
            return True
        waits_in_vain = self.is_reader and not self._follows
        return (waits_in_vain or bool(self.failed_roots)) and not self.is_awaited and self.is_published

    def parse_text(self, path: str, text: str) -> Outline | None:
        """Outline of one text, now; blocks. None when it kills the parser."""
        try:
            batch = self._interactive.parse_buffer(BufferRequest(path, encode_text(text), "")).result()
        except WorkerDiedError:
            return None
        return batch.results[0].outline if batch.results else None

    @property
    def is_complete(self) -> bool:
        """Everything is searchable by names, words and first-tier vectors; what cannot be is a problem, not a wait."""
        if not self.settled or self.overlays.has_pending_vectors:
            return False
        return all(
            self._committer.is_embedded(state) and (state.index.writer or state.index.meta.get("complete", False))
            for state in list(self.states.values())
        )

    def _publish_if_due(self, now: float) -> None:
        if not self._unpublished:
            return
        if not self._publish_at_once and now < self._last_publish + PUBLISH_SECONDS:
            self._deadlines.at(self._last_publish + PUBLISH_SECONDS)
            return
        views = self._composer.compose(self.states, self.overlays.shown.values())
        complete = self.is_complete and not self.failed_roots
        self.snapshot = IndexSnapshot(self.snapshot.generation + 1, views, complete)
        self._unpublished = self._publish_at_once = False
        self._last_publish = now
        with self.published:
            self.published.notify_all()
        self._on_published(self.snapshot)

    def _commit_if_due(self, state: RootState, now: float) -> None:
        due = self._committer.due(state, now, merging=self._merger.busy)
        if due is None:
            return
        if now < due:
            self._deadlines.at(due)
            return
        self._committer.commit(state)
        self._changed(at_once=True)  # the snapshot holds in memory what can be mapped by now
