"""Waits for the index and shows progress on stderr: a bar on a terminal, else one line for each stage."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Self

from semlens.cli.output.terminal import colours_wanted
from semlens.cli.runner import say
from semlens.core.errors import WorkspaceError
from semlens.core.status import EngineState, EngineStatus, TierRole

if TYPE_CHECKING:
    from semlens.service.code_service import CodeService


def follow_indexing(
    service: CodeService,
    *,
    refined: bool = False,
    follows: bool = False,
    bar_delay_s: float = 0.0,
    stages: StageLog | None = None,
    waits: bool = True,
) -> EngineStatus:
    """Wait until the index is complete.

    :param refined: also wait for the vectors of the refine tier.
    :param follows: wait for another process that writes the index.
    :param bar_delay_s: show the bar only after this many seconds. Most waits are shorter.
    :param stages: records the stages, and prints them when there is no bar.
    :param waits: else take the index as it is.
    :raises WorkspaceError: when the engine could not index the folder.
    """
    if not waits:
        service.wait_complete(timeout=0.0)
    elif colours_wanted(sys.stderr):
        with _Bar(bar_delay_s, refined=refined) as bar:

            def show(status: EngineStatus) -> None:
                bar.show(status)
                if stages is not None:
                    stages.record(status)

            service.wait_complete(refined=refined, follows=follows, on_progress=show)
    else:
        on_progress = stages.record if stages is not None else None
        service.wait_complete(refined=refined, follows=follows, on_progress=on_progress)
    status = service.status()
    if stages is not None:
        stages.record(status)
    if not status.roots:
        reasons = [problem.message for problem in status.problems if not problem.path]
        raise WorkspaceError(
            next(iter(reasons), "The folder could not be indexed. Run `semlens doctor` to find the cause.")
        )
    return status


def file_counts(status: EngineStatus) -> tuple[int, int]:
    """The number of searchable files, and the number of all files."""
    done = sum(root.files for root in status.roots)
    return done, done + sum(root.pending for root in status.roots)


def passage_counts(status: EngineStatus, role: TierRole) -> tuple[int, int]:
    """The number of embedded passages, and the number of all passages, of one tier."""
    tiers = [tier for tier in status.tiers if tier.role == role]
    embedded = sum(tier.embedded for tier in tiers)
    return embedded, embedded + sum(tier.pending for tier in tiers)


class _Bar:
    """A progress bar on stderr. It appears when the wait takes long."""

    def __init__(self, bar_delay_s: float, *, refined: bool) -> None:
        self._labels = {TierRole.FIRST: "meaning"} | ({TierRole.REFINE: "finer meaning"} if refined else {})
        self._show_at = time.monotonic() + bar_delay_s
        self._progress: Any = None
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def show(self, status: EngineStatus) -> None:
        if self._progress is None:
            if time.monotonic() < self._show_at:
                return
            self._progress = _rich_progress()
            self._progress.start()
        self._update("names and words", *file_counts(status), "files")
        for role, label in self._labels.items():
            done, known = passage_counts(status, role)
            if known:
                self._update(label, done, known, "passages")

    def _update(self, label: str, done: int, known: int, unit: str) -> None:
        if label not in self._tasks:
            self._tasks[label] = self._progress.add_task(label, total=None, unit=unit)
        self._progress.update(self._tasks[label], completed=done, total=known or None)


def _rich_progress() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description:>15}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        refresh_per_second=8,
    )


class StageLog:
    """Prints a line after each quarter of the files and of the vectors, and when names and words are searchable.

    :ivar searchable_s: seconds from the start until names and words of all files were searchable; None before that.
    """

    def __init__(self, *, prints: bool) -> None:
        self.searchable_s: float | None = None
        self._prints = prints and not colours_wanted(sys.stderr)
        self._start = time.monotonic()
        self._file_quarter = self._quarter = 0

    def record(self, status: EngineStatus) -> None:
        elapsed_s = time.monotonic() - self._start
        done, known = file_counts(status)
        is_scanned = status.state not in {EngineState.STARTING, EngineState.SCANNING}
        if self.searchable_s is None and is_scanned and 0 < done == known:
            self.searchable_s = elapsed_s
            self._print_line(elapsed_s, f"names and words of {known:,} files are searchable")
        elif self.searchable_s is None and is_scanned and (quarter := 4 * done // max(known, 1)) > self._file_quarter:
            self._file_quarter = quarter
            self._print_line(elapsed_s, f"names and words: {done:,} of {known:,} files")
        embedded, passages = passage_counts(status, TierRole.FIRST)
        quarter = 4 * embedded // passages if passages else 0
        if self.searchable_s is not None and quarter > self._quarter:
            self._quarter = quarter
            self._print_line(elapsed_s, f"meaning: {embedded:,} of {passages:,} passages")

    def _print_line(self, elapsed_s: float, text: str) -> None:
        if self._prints:
            say(f"{elapsed_s:6.1f} s  {text}")
