"""The indexer: the only thread that changes the index. It takes events and publishes snapshots.

Everything slow happens elsewhere - walking folders, parsing, embedding, merging - and comes back as a posted job, so
that an edit waits for none of it. The thread is the only owner of roots, overlays and stores.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from semlens.core.status import Problem, WatchMode
from semlens.engine.embedding.tiers import Tier
from semlens.engine.embedding.vector_scheduler import VectorScheduler
from semlens.engine.indexing.committer import Committer
from semlens.engine.indexing.memory import MemoryTrimmer, limit_arenas
from semlens.engine.indexing.merger import Merger
from semlens.engine.indexing.parse_scheduler import ParseScheduler
from semlens.engine.indexing.root_state import RootState
from semlens.engine.indexing.scanner import ScanEnd, Scanner
from semlens.engine.indexing.scheduling import Deadlines, JobQueue
from semlens.engine.indexing.snapshot_builder import SnapshotBuilder, SnapshotPublisher
from semlens.engine.indexing.workspace import SettingsOf, Workspace
from semlens.engine.overlays.open_buffers import OpenBuffers
from semlens.engine.overlays.overlay_indexer import OverlayIndexer
from semlens.index.snapshot import IndexSnapshot
from semlens.settings.choices import BatterySetting
from semlens.settings.loading import Settings
from semlens.workers.priority import on_battery

logger = logging.getLogger(__name__)

FOLLOW_SECONDS = 1.0


class Indexer:
    """Start it once. Every public method may be called from any thread and returns at once."""

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
        self._publisher = SnapshotPublisher(on_published)
        self.published = self._publisher.published
        self.errors: deque[Problem] = deque(maxlen=50)
        self.recent: deque[tuple[str, str]] = deque(maxlen=64)
        self._settings = settings
        self._buffers = buffers
        self._tiers = tiers
        self._one_shot = one_shot
        self._read_only = read_only
        self._follows = follows
        self._jobs = JobQueue()
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
        self._vectors = VectorScheduler(tiers, self._jobs.post, self._deadlines, lambda _index: self._changed())
        self._scanner = Scanner(self._jobs.post, RootState.add_scanned, self._scan_done)
        self._merger = Merger(self._jobs.post, self._changed)
        self._committer = Committer(tiers, on_written, one_shot=one_shot)
        self.parser = ParseScheduler(
            self._jobs.post, self._deadlines, self._report, self._take_answer, self._keep_vectors
        )
        self.overlays = OverlayIndexer(buffers, self.parser.interactive, self._jobs.post, self._changed_at_once)
        self._trimmer = MemoryTrimmer()
        self._stopping = False
        self.paused = False
        self.may_refine = not one_shot
        self._thread = threading.Thread(target=self._run, name="indexer", daemon=True)

    @property
    def snapshot(self) -> IndexSnapshot:
        """The newest snapshot."""
        return self._publisher.snapshot

    # --- from any thread -------------------------------------------------------------------------------------------

    def start(self) -> None:
        if not self._one_shot:
            limit_arenas()
            self.parser.interactive.warm_up()
        self._thread.start()

    def close(self) -> None:
        """Commit, then end all threads and workers. Takes at most about two seconds."""
        if self._thread.is_alive():
            self._jobs.post(self._stop)
            self._thread.join(2.0)
        self._vectors.close()
        self.overlays.close()
        self.parser.close()
        self._scanner.close()
        self._merger.close()
        self._workspace.close()

    def post(self, job: Callable[[], None]) -> None:
        """Run a job on the indexer thread."""
        self._jobs.post(job)

    def post_change(self, job: Callable[[], None]) -> None:
        """Run a job that brings work. Until it has run, the index does not count as settled."""
        self._jobs.post_change(job)

    @property
    def is_awaited(self) -> bool:
        """Whether a job that brings work has not run yet."""
        return self._jobs.is_awaited

    def buffers_changed(self) -> None:
        """Check the open buffers again. Until that is done, the index does not count as settled."""
        self.post_change(self.overlays.expect)

    def skip_debounce(self) -> None:
        """Skip the debounce, because a request waits for the buffers."""
        self._jobs.post(self.overlays.skip_debounce)

    def allow_refinement(self) -> None:
        """Let a one-shot command wait for the refine tier."""

        def allow() -> None:
            self.may_refine = True

        self._jobs.post(allow)

    def set_paused(self, paused: bool) -> None:
        """Pause or resume. It takes effect at once, so that the next status shows it."""
        self.paused = paused
        self._jobs.post(self._changed_at_once)

    # --- the loop --------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping:
            self._jobs.run_for(self._deadlines.take(), self._guard)
            if not self._stopping:
                self._guard(self._step)

    def _guard(self, job: Callable[[], None]) -> None:
        """Run a job. An error ends this step, not the thread; it is logged and shown in the status."""
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
            self._committer.close(state)

    def _step(self) -> None:
        now = time.monotonic()
        self.overlays.step(self.states, self._tiers)
        for state in self.states.values():
            if not state.index.writer:
                self._follow(state, now)
            elif not self.paused:
                self._work(state)
        # Again: an open buffer may have been shown by a file that changed or was deleted in this step.
        due = self.overlays.step(self.states, self._tiers)
        if due is not None:
            self._deadlines.at(due)
        if not self.paused:
            self._fill_vectors()
            due = self._merger.step(
                [state.index for state in self._workspace.writers],
                resting=self._is_resting(),
                spared=self._vectors.filled,
            )
            if due:
                self._deadlines.at(due)
        self._publish_if_due(now)
        for state in self.states.values():
            self._commit_if_due(state, now)
        waiting = any(state.pending or state.in_flight for state in self.states.values())
        if not self._vectors.needs_workers and (self.paused or not waiting):
            self.parser.pool.release()
        if not self._one_shot:
            self._vectors.unload_idle_models(self._settings.server.model_idle_minutes)
        self._trim_if_due(now)
        if (due := self._publisher.due(now)) is not None:  # something changed after publishing
            self._deadlines.at(due)

    def _changed(self, *, at_once: bool = False) -> None:
        self._publisher.note_change(at_once=at_once)

    def _changed_at_once(self) -> None:
        self._changed(at_once=True)

    # --- roots -----------------------------------------------------------------------------------------------------

    def add_root(self, display_path: Path, real: Path, *, watching: WatchMode) -> None:
        self._workspace.add(display_path, real, watching=watching)
        self.overlays.assign_roots(self.states)

    def remove_root(self, real: str) -> None:
        state = self._workspace.remove(real)
        if state is not None:
            self._committer.close(state)
            self.overlays.assign_roots(self.states)

    def files_changed(self, paths: list[str], *, urgent: bool = False) -> None:
        """:param paths: absolute. :param urgent: a question waits for them."""
        self._workspace.files_changed(paths, urgent=urgent)

    def rescan(self, real: str | None, *, full: bool) -> None:
        self._workspace.rescan(real, reparse=full)

    def apply_settings(self, settings: Settings) -> None:
        self._settings = settings
        for state in self.states.values():
            self._workspace.reload_settings(state)

    def _follow(self, state: RootState, now: float) -> None:
        if self._read_only or (self._one_shot and not self._follows):
            return
        self._vectors.refresh_fingerprints(one.index for one in self.states.values())
        self._workspace.follow(state)
        self._deadlines.at(now + FOLLOW_SECONDS)

    # --- scanning and parsing --------------------------------------------------------------------------------------

    def _work(self, state: RootState) -> None:
        if self.parser.is_paused():
            return
        if state.changed:
            self._changed()
            state.process_changes()
        if state.retry_at and state.retry_at <= time.monotonic():
            state.scan_again = True
        elif state.retry_at:
            self._deadlines.at(state.retry_at)
        elif state.settled:
            state.n_retries = 0
        if state.scan_again and not state.scan:
            self._changed(at_once=True)
            self._scanner.start(state)
        self.parser.request(state, self._vectors.first_model, self._settings.n_processors)

    def _scan_done(self, state: RootState, number: int, end: ScanEnd) -> None:
        if state.scan != number:
            return
        self._changed(at_once=True)  # before anything counts as settled: who waits must see that the snapshot is old
        self._workspace.end_scan(state, end)
        if end.failure:
            self.errors.append(Problem(str(state.display_path), end.failure))

    def _take_answer(self, state: RootState, paths: list[str]) -> bool:
        """Note that a worker answered. :returns: whether the root is still indexed."""
        self._changed(at_once=not state.urgent.isdisjoint(paths))
        return self.states.get(str(state.index.root)) is state and not self._stopping

    def _keep_vectors(self, state: RootState, paths: list[str]) -> None:
        self._vectors.keep_those_of(self.overlays.shown.values(), str(state.index.root), paths)

    def _report(self, problem: Problem) -> None:
        if problem not in self.errors:
            self.errors.append(problem)

    # --- vectors and merges ----------------------------------------------------------------------------------------

    def _fill_vectors(self) -> None:
        writers = [state.index for state in self._workspace.writers]
        urgent = [*((buffer.root, buffer.path) for buffer in self._buffers.all()), *self.recent]
        merging = self._merger.merging
        self._vectors.step(writers, self.parser.pool, urgent, merging, may_refine=self._may_refine())

    def _may_refine(self) -> bool:
        """Whether the refine tier may work: everything else is done, and the machine is not on battery."""
        if not self.may_refine or not all(state.settled for state in self._workspace.writers):
            return False
        return self._settings.index.on_battery == BatterySetting.FULL or not on_battery()

    def _is_resting(self) -> bool:
        """Whether no other work is left. A one-shot command never rests."""
        busy = any(state.pending or state.in_flight for state in self.states.values())
        return self.settled and not busy and not self._one_shot

    def _trim_if_due(self, now: float) -> None:
        """Release the memory that indexing needed, once the segments are committed and mapped."""
        if not self.parser.heap_grew or self._one_shot:
            return
        busy = not self.settled or self._merger.busy or not self._publisher.is_current
        unsaved = any(state.index.dirty and not state.index.commit_error for state in self.states.values())
        if busy or unsaved or not self._trimmer.trim(now):
            self._deadlines.at(max(self._trimmer.next_trim, now + 1.0))
            return
        self.parser.heap_grew = False

    # --- publishing and committing ---------------------------------------------------------------------------------

    @property
    def settled(self) -> bool:
        """Whether all known changes are in the index."""
        return (
            not self.is_awaited
            and not self.overlays.waiting
            and all(state.settled for state in self._workspace.writers)
        )

    @property
    def publishes_at_once(self) -> bool:
        """Whether an urgent change, such as typed text, is about to be published."""
        return self._publisher.publishes_at_once

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
        """Whether the snapshot shows all changes of the index."""
        return self._publisher.is_current

    @property
    def is_reader(self) -> bool:
        """Whether another process writes the index, and this one only reads it."""
        return bool(self.states) and not self._workspace.writers

    @property
    def is_stuck(self) -> bool:
        """Whether the index cannot become more complete than it is now."""
        if not self._thread.is_alive():
            return True
        waits_in_vain = self.is_reader and not self._follows
        return (waits_in_vain or bool(self.failed_roots)) and not self.is_awaited and self.is_published

    @property
    def is_complete(self) -> bool:
        """Whether everything is searchable by names, words and first-tier vectors. Files that failed do not count."""
        if not self.settled or self.overlays.has_pending_vectors:
            return False
        return all(
            self._committer.is_embedded(state) and (state.index.writer or state.index.meta.get("complete", False))
            for state in list(self.states.values())
        )

    def _publish_if_due(self, now: float) -> None:
        due = self._publisher.due(now)
        if due is not None and due <= now:
            views = self._composer.compose(self.states, self.overlays.shown.values())
            self._publisher.publish(now, views, complete=self.is_complete and not self.failed_roots)

    def _commit_if_due(self, state: RootState, now: float) -> None:
        due = self._committer.due(state, now, merging=self._merger.busy)
        if due is None:
            return
        if now < due:
            self._deadlines.at(due)
            return
        self._committer.commit(state)
        self._changed(at_once=True)  # segments that the snapshot holds in memory can now be mapped from their files
