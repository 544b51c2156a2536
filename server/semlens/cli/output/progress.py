"""Waiting for the index, with something to look at: a bar on a terminal, a line a stage elsewhere, never on stdout."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Self

from semlens.cli.output.terminal import colours_wanted
from semlens.cli.runner import say
from semlens.core.errors import WorkspaceError
from semlens.core.status import EngineState, EngineStatus

if TYPE_CHECKING:
    from semlens.engine.engine import Engine


def follow_indexing(
    engine: Engine, *, refined: bool = False, patience_s: float = 0.0, stages: Stages | None = None
) -> EngineStatus:
    """Wait until the index is complete, or refined too.

    :param patience_s: show no bar in the first so many seconds: most waits are over by then.
    :param stages: notes the stages, and says them where there is no terminal for a bar.
    :raises WorkspaceError: when the engine could not take the folder in.
    """
    if colours_wanted(sys.stderr):
        with _Bar(patience_s, refined=refined) as bar:

            def show(status: EngineStatus) -> None:
                bar.show(status)
                if stages is not None:
                    stages.note(status)

            engine.wait_complete(refined=refined, on_progress=show)
    else:
        engine.wait_complete(refined=refined, on_progress=stages.note if stages is not None else None)
    status = engine.status()
    if stages is not None:
        stages.note(status)
    if not status.roots:
        reasons = [problem.message for problem in status.problems if not problem.path]
        raise WorkspaceError(next(iter(reasons), "The folder could not be taken in: 'semlens doctor' may say why."))
    return status


def files_of(status: EngineStatus) -> tuple[int, int]:
    """Files searchable, and those together with the files that wait."""
    done = sum(root.files for root in status.roots)
    return done, done + sum(root.pending for root in status.roots)


def vectors_of(status: EngineStatus, role: str) -> tuple[int, int]:
    """Passages embedded and passages known, for one tier."""
    tiers = [tier for tier in status.tiers if tier.role == role]
    embedded = sum(tier.embedded for tier in tiers)
    return embedded, embedded + sum(tier.pending for tier in tiers)


class _Bar:
    """One rich progress display on stderr, made when the wait is long enough to deserve one."""

    def __init__(self, patience_s: float, *, refined: bool) -> None:
        self._labels = {"first": "meaning", "refine": "finer meaning"} if refined else {"first": "meaning"}
        self._due = time.monotonic() + patience_s
        self._progress: Any = None
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def show(self, status: EngineStatus) -> None:
        if self._progress is None:
            if time.monotonic() < self._due:
                return
            self._progress = _rich_progress()
            self._progress.start()
        self._update("names and words", *files_of(status), "files")
        for role, label in self._labels.items():
            done, known = vectors_of(status, role)
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


class Stages:
    """What a log says instead of a bar: names and words are there, and each quarter of the vectors.

    :ivar searchable_s: when names and words of all files were searchable, in seconds from the start; None before.
    """

    def __init__(self, *, aloud: bool) -> None:
        self.searchable_s: float | None = None
        self._aloud = aloud and not colours_wanted(sys.stderr)
        self._start = time.monotonic()
        self._quarter = 0

    def note(self, status: EngineStatus) -> None:
        elapsed_s = time.monotonic() - self._start
        done, known = files_of(status)
        is_scanned = status.state not in {EngineState.STARTING, EngineState.SCANNING}
        if self.searchable_s is None and is_scanned and 0 < done == known:
            self.searchable_s = elapsed_s
            self._say(elapsed_s, f"names and words of {known:,} files are searchable")
        embedded, passages = vectors_of(status, "first")
        quarter = 4 * embedded // passages if passages else 0
        if self.searchable_s is not None and quarter > self._quarter:
            self._quarter = quarter
            self._say(elapsed_s, f"meaning: {embedded:,} of {passages:,} passages")

    def _say(self, elapsed_s: float, sentence: str) -> None:
        if self._aloud:
            say(f"{elapsed_s:6.1f} s  {sentence}")
