"""Scheduling for the indexer thread: posted jobs, deadlines, and backoff."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable


class JobQueue:
    """Jobs for one thread, posted from any thread. `run_for` returns as soon as a job has run."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._n_announced = 0
        self._lock = threading.Lock()

    @property
    def is_awaited(self) -> bool:
        """Whether a job that brings work was posted and has not run yet."""
        return self._n_announced > 0

    def post(self, job: Callable[[], None]) -> None:
        self._queue.put(job)

    def post_change(self, job: Callable[[], None]) -> None:
        """Post a job that brings work. Until it has run, the index does not count as settled."""
        with self._lock:
            self._n_announced += 1

        def run() -> None:
            try:
                job()
            finally:
                with self._lock:
                    self._n_announced -= 1

        self.post(run)

    def run_and_wait(self, job: Callable[[], None], timeout_s: float) -> None:
        """Post a job and wait at most this long until it has run."""
        has_run = threading.Event()

        def run() -> None:
            try:
                job()
            finally:
                has_run.set()

        self.post(run)
        has_run.wait(timeout_s)

    def run_for(self, seconds: float | None, guard: Callable[[Callable[[], None]], object]) -> None:
        """Wait at most this long (None: without end) for a job, then run all that are there.

        :param guard: runs one job and deals with its errors.
        """
        try:
            job = self._queue.get(timeout=seconds) if seconds is None or seconds > 0 else self._queue.get_nowait()
        except queue.Empty:
            return
        guard(job)
        while not self._queue.empty():
            guard(self._queue.get_nowait())


class Deadlines:
    """Keeps the earliest of several deadlines, in monotonic seconds."""

    def __init__(self) -> None:
        self._next: float | None = None

    def at(self, when: float) -> None:
        if self._next is None or when < self._next:
            self._next = when

    def take(self) -> float | None:
        """Remove all deadlines. :returns: seconds until the earliest, or None if there was none."""
        when, self._next = self._next, None
        return None if when is None else max(0.0, when - time.monotonic())


class Backoff:
    """:ivar due: when (monotonic seconds) to try again; 0 when nothing failed. :ivar n_failures: in a row."""

    def __init__(self, first_s: float = 1.0, longest_s: float = 60.0) -> None:
        self.due = 0.0
        self.n_failures = 0
        self._first_s = first_s
        self._longest_s = longest_s

    @property
    def is_waiting(self) -> bool:
        return time.monotonic() < self.due

    def failed(self) -> None:
        """Wait longer than after the failure before."""
        self.due = time.monotonic() + min(self._first_s * 2.0 ** min(self.n_failures, 32), self._longest_s)
        self.n_failures += 1

    def succeeded(self) -> None:
        """Forget the failures."""
        self.due = 0.0
        self.n_failures = 0


class IdleRoots:
    """Roots that no session uses, and when each is closed.

    :ivar finishing: those that stay open until their vectors are made, however long that takes.
    """

    def __init__(self, stay_s: float) -> None:
        """:param stay_s: how long a root stays open after its last session. 0: it is closed at once."""
        self._stay_s = stay_s
        self._close_at: dict[str, float] = {}
        self.finishing: set[str] = set()

    def __contains__(self, root: str) -> bool:
        return root in self._close_at

    @property
    def roots(self) -> list[str]:
        return list(self._close_at)

    @property
    def next_look(self) -> float | None:
        return min(self._close_at.values(), default=None)

    def add(self, root: str) -> None:
        self._close_at[root] = time.monotonic() + self._stay_s

    def discard(self, root: str) -> None:
        self._close_at.pop(root, None)
        self.finishing.discard(root)

    def take_due(self, now: float, is_finishing: Callable[[str], bool]) -> list[str]:
        """Take out the roots to close now. :param is_finishing: whether work on a root goes on."""
        due = [root for root, at in self._close_at.items() if at <= now]
        for root in [root for root in due if self._stay_s and is_finishing(root)]:
            self.finishing.add(root)
            self._close_at[root] = now + self._stay_s
            due.remove(root)
        for root in due:
            self.discard(root)
        return due
