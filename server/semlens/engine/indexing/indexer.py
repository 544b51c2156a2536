"""The indexer: the only thread that changes the index. It takes events and publishes snapshots.

Everything slow happens elsewhere - walking folders, parsing, embedding, merging - and comes back as a posted job, so
that an edit waits for none of it. The thread is the only owner of roots, overlays and stores.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

from semlens.core.status import Problem, WatchMode
from semlens.engine.embedding.tiers import Tier, kept_in_index
from semlens.engine.embedding.vector_scheduler import VectorScheduler
from semlens.engine.indexing.committer import Committer
from semlens.engine.indexing.memory import MemoryTrimmer, limit_arenas
from semlens.engine.indexing.merger import Merger
from semlens.engine.indexing.parse_scheduler import ParseScheduler
from semlens.engine.indexing.root_state import RootState
from semlens.engine.indexing.scanner import ScanEnd, Scanner
from semlens.engine.indexing.scheduling import Deadlines, IdleRoots, JobQueue
from semlens.engine.indexing.workspace import Workspace
from semlens.engine.sessions.index_session import IndexSession, SettingsOf
from semlens.engine.sessions.session_list import SessionList
from semlens.index.snapshot import IndexSnapshot
from semlens.settings.choices import BatterySetting
from semlens.settings.loading import Settings
from semlens.workers.priority import on_battery

logger = logging.getLogger(__name__)

FOLLOW_SECONDS = 1.0
MAX_FAILED_STEPS = 5


class Indexer:
    """Start it once. Every public method may be called from any thread and returns at once."""

    def __init__(
        self,
        settings: Settings,
        cache_folder: Path,
        tiers: list[Tier],
        on_written: Callable[[int], None],
        *,
        one_shot: bool,
        read_only: bool,
        follows: bool,
        root_idle_s: float = 0.0,
        before_opening: Callable[[str], None] = lambda _root: None,
    ) -> None:
        """:param settings: while no session is open. :param before_opening: called with the real path of a root.

        :param on_written: told the bytes of segments and vectors that were written to disk.
        :param follows: although it is one-shot, wait for another process that writes, and take over from it.
        :param root_idle_s: how long a root stays open after its last session.
        """
        self.errors: deque[Problem] = deque(maxlen=50)
        self._tiers = tiers
        self._before_opening = before_opening
        self.idle = IdleRoots(root_idle_s)
        self._one_shot = one_shot
        self._read_only = read_only
        self._follows = follows
        self._jobs = JobQueue()
        self._deadlines = Deadlines()
        self.sessions = SessionList(settings, self._deadlines.at)
        self._workspace = Workspace(
            self.sessions.settings_of,
            cache_folder,
            lambda: kept_in_index(tiers),
            self._jobs.post,
            partial(self._changed, at_once=True),
            read_only=read_only,
        )
        self.states, self.failed_roots = self._workspace.states, self._workspace.failed_roots
        self.vectors = VectorScheduler(tiers, self._jobs.post, self._deadlines, lambda _index: self._changed())
        self._scanner = Scanner(self._jobs.post, RootState.add_scanned, self._scan_done)
        self._merger = Merger(self._jobs.post, self._changed)
        self._committer = Committer(tiers, on_written, one_shot=one_shot)
        self.parser = ParseScheduler(self._jobs.post, self._deadlines, self._take_answer, self._keep_vectors)
        self._trimmer = MemoryTrimmer()
        self._stopping = False
        self._n_failed_steps = 0
        self._paused_by: IndexSession | None = None
        self.may_refine = not one_shot
        self._thread = threading.Thread(target=self._run, name="indexer", daemon=True)

    # --- from any thread -------------------------------------------------------------------------------------------

    def start(self) -> None:
        if not self._one_shot:
            limit_arenas()
            self.parser.interactive.warm_up()
        self._thread.start()

    def commit(self) -> None:
        """Commit every root. Takes at most about two seconds. Indexing goes on, and the roots stay locked."""
        if self._thread.is_alive():
            self._jobs.run_and_wait(lambda: self._committer.commit_all(self.states.values()), 2.0)

    def close(self) -> None:
        """Commit, then end all threads and workers. Takes at most about two seconds."""
        if self._thread.is_alive():
            self._jobs.post(self._stop)
            self._thread.join(2.0)
        self.vectors.close()
        for session in self.sessions:
            session.overlays.close()
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

    def allow_refinement(self) -> None:
        """Let a one-shot command wait for the refine tier."""

        def allow() -> None:
            self.may_refine = True

        self._jobs.post(allow)

    def is_stuck(self, session: IndexSession, *, follows: bool) -> bool:
        """Whether the index of a session cannot become more complete than it is now.

        :param follows: wait for another process that writes the index.
        """
        has_no_process = self._one_shot and (self.parser.fails_to_start or self.vectors.keeps_failing)
        waits_in_vain = (session.is_reader and not (follows or self._follows)) or bool(session.failed_roots)
        fails = has_no_process or self._n_failed_steps >= MAX_FAILED_STEPS or not self._thread.is_alive()
        return fails or self.paused or (waits_in_vain and not self.is_awaited and session.is_published)

    @property
    def paused(self) -> bool:
        return self._paused_by is not None

    def set_paused(self, session: IndexSession, *, paused: bool) -> None:
        """Pause or resume for all sessions, at once: the next status shows it. A pause ends with its session."""
        self._paused_by = session if paused else None
        self._jobs.post(self.sessions.publish_again)

    def open_session(
        self, settings: Settings, settings_of: SettingsOf, on_published: Callable[[IndexSnapshot], None]
    ) -> IndexSession:
        session = IndexSession(
            settings,
            settings_of,
            on_published,
            all_states=self.states,
            failed_roots=self.failed_roots,
            pool=self.parser.interactive,
            post=self._jobs.post,
            is_awaited=lambda: self._jobs.is_awaited,
            is_embedded=self._committer.is_embedded,
        )
        self._jobs.post_change(lambda: self.sessions.add(session))
        return session

    def close_session(self, session: IndexSession) -> None:
        self._jobs.post_change(lambda: self._close_session(session))

    # --- the loop --------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping:
            self._jobs.run_for(self._deadlines.take(), self._guard)
            if not self._stopping:
                self._n_failed_steps = 0 if self._guard(self._step) else self._n_failed_steps + 1

    def _guard(self, job: Callable[[], None]) -> bool:
        """Run a job. An error ends this step, not the thread; it is logged and shown in the status."""
        try:
            job()
        except Exception as error:
            logger.exception("the indexer failed at a step")
            problem = Problem("", f"An internal error was logged: {type(error).__name__}: {error}.")
            if problem not in self.errors:
                self.errors.append(problem)
            self._changed()
            self._deadlines.at(time.monotonic() + 1.0)
            return False
        return True

    def _stop(self) -> None:
        self._stopping = True
        for state in self.states.values():
            self._committer.close(state)

    def _step(self) -> None:
        now = time.monotonic()
        self._release_idle_roots(now)
        self.sessions.step_overlays(self._tiers)
        for state in self.states.values():
            if not state.index.writer:
                self._follow(state, now)
            elif not self.paused:
                self._work(state)
        # Again: an open buffer may have been shown by a file that changed or was deleted in this step.
        self.sessions.step_overlays(self._tiers)
        if not self.paused:
            self._fill_vectors()
            indexes = [state.index for state in self._workspace.writers]
            due = self._merger.step(indexes, resting=self._is_resting(), spared=self.vectors.filled)
            if due:
                self._deadlines.at(due)
        self.sessions.publish_if_due(now)
        for state in self.states.values():
            self._commit_if_due(state, now)
        is_parsing = self._workspace.is_parsing and not self.paused
        self.parser.release_workers(now, is_scanning=self.vectors.needs_workers or is_parsing)
        if not self._one_shot:
            self.vectors.unload_idle_models(self.sessions.settings.server.model_idle_minutes)
        self._trim_if_due(now)
        self.sessions.expect_publishing(now)

    def _changed(self, *, at_once: bool = False) -> None:
        self.sessions.note_change(at_once=at_once)

    # --- roots -----------------------------------------------------------------------------------------------------

    def add_root(self, session: IndexSession, display_path: Path, real: Path, *, watching: WatchMode) -> None:
        """Open a root for a session, unless another session has it open. Both then share it."""
        if str(real) in session.roots and str(real) in self.states:
            return
        session.roots.setdefault(str(real), display_path)
        was_idle = str(real) in self.idle
        self.idle.discard(str(real))
        if str(real) not in self.states:
            self._before_opening(str(real))
        self._workspace.add(real, watching=watching)
        if was_idle and (state := self.states.get(str(real))) is not None:
            self._workspace.reload_settings(state)
        session.overlays.assign_roots(session.states)
        session.note_change(at_once=True)

    def remove_root(self, session: IndexSession, real: str) -> None:
        if session.roots.pop(real, None) is None:
            return
        session.overlays.assign_roots(session.states)
        session.note_change(at_once=True)
        if self.sessions.has_root(real):
            if (state := self.states.get(real)) is not None:
                self._workspace.reload_settings(state)  # the settings were those of the session that left
        else:
            self.idle.add(real)

    def release_root(self, real: str) -> None:
        """Close a root now, if no session uses it."""
        if real in self.idle:
            self.idle.discard(real)
            self._release(real)

    def _close_session(self, session: IndexSession) -> None:
        if self._paused_by is session:
            self._paused_by = None
        for real in list(session.roots):
            self.remove_root(session, real)
        self.sessions.remove(session)

    def _release_idle_roots(self, now: float) -> None:
        """Close the roots that no session has used for a while, once their vectors are made."""
        for real in self.idle.take_due(now, self._has_work):
            self._release(real)
        if (at := self.idle.next_look) is not None:
            self._deadlines.at(at)

    def _release(self, real: str) -> None:
        if (state := self._workspace.remove(real)) is not None:
            self._committer.close(state)

    def _has_work(self, real: str) -> bool:
        state = self.states.get(real)
        is_written = state is not None and state.index.writer and not self.paused and self._may_refine()
        return is_written and self.vectors.has_work(self.states[real].index)

    def files_changed(self, paths: list[str], *, urgent: bool = False) -> None:
        """:param paths: absolute. :param urgent: a question waits for them."""
        self._workspace.files_changed(paths, urgent=urgent)

    def rescan(self, real: str | None, *, full: bool) -> None:
        self._workspace.rescan(real, reparse=full)

    def apply_settings(self, session: IndexSession, settings: Settings) -> None:
        session.settings = settings
        for state in session.states.values():
            self._workspace.reload_settings(state)

    def _follow(self, state: RootState, now: float) -> None:
        if self._read_only or (self._one_shot and not self._follows):
            return
        self.vectors.refresh_fingerprints(one.index for one in self.states.values())
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
            self._workspace.reload_settings(state)  # nothing may have told that they changed
            self._scanner.start(state)
        self.parser.request(state, self.vectors.first_model, self.sessions.settings)

    def _scan_done(self, state: RootState, number: int, end: ScanEnd) -> None:
        if state.scan != number:
            return
        self._changed(at_once=True)  # before anything counts as settled: who waits must see that the snapshot is old
        self._workspace.end_scan(state, end)

    def _take_answer(self, state: RootState, paths: list[str]) -> bool:
        """Note that a worker answered. :returns: whether the root is still indexed."""
        self._changed(at_once=not state.urgent.isdisjoint(paths))
        return self.states.get(str(state.index.root)) is state and not self._stopping

    def _keep_vectors(self, state: RootState, paths: list[str]) -> None:
        self.vectors.keep_overlay_vectors(self.sessions.shown_overlays, str(state.index.root), paths)

    # --- vectors and merges ----------------------------------------------------------------------------------------

    def _fill_vectors(self) -> None:
        writers = [state.index for state in self._workspace.writers]
        urgent = self.sessions.urgent_files
        self.vectors.step(writers, self.parser.pool, urgent, self._merger.merging, may_refine=self._may_refine())

    def _may_refine(self) -> bool:
        """Whether the refine tier may work: everything else is done, and the machine is not on battery."""
        if not self.may_refine or not all(state.settled for state in self._workspace.writers):
            return False
        return self.sessions.settings.index.on_battery == BatterySetting.FULL or not on_battery()

    def _is_resting(self) -> bool:
        """Whether no other work is left. A one-shot command never rests."""
        return self.settled and not self._workspace.is_parsing and not self._one_shot

    def _trim_if_due(self, now: float) -> None:
        """Release the memory that indexing needed, once the segments are committed and mapped."""
        if not self.parser.heap_grew or self._one_shot:
            return
        busy = not self.settled or self._merger.busy or not self.sessions.are_published
        unsaved = any(state.index.dirty and not state.index.commit_error for state in self.states.values())
        if busy or unsaved or not self._trimmer.trim(now):
            self._deadlines.at(max(self._trimmer.next_trim, now + 1.0))
            return
        self.parser.heap_grew = False

    # --- committing ------------------------------------------------------------------------------------------------

    @property
    def settled(self) -> bool:
        """Whether all known changes are in the index."""
        return (
            not self.is_awaited
            and self.sessions.overlays_are_settled
            and all(state.settled for state in self._workspace.writers)
        )

    def _commit_if_due(self, state: RootState, now: float) -> None:
        due = self._committer.due(state, now, merging=self._merger.busy)
        if due is None:
            return
        if now < due:
            self._deadlines.at(due)
            return
        self._committer.commit(state)
        self.sessions.publish_again()  # segments that the snapshot holds in memory can now be mapped from their files
