"""What a watcher reports, and what its sources have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Rescan:
    """Anything may have changed: compare every file.

    :ivar reason: for the log.
    """

    reason: str


Changes: TypeAlias = set[str] | Rescan
"""Paths relative to the root that were created, changed or deleted, files and folders alike; or everything."""


class SourceLostError(Exception):
    """The source cannot go on; its message says why and what helps."""


class ChangeSource(Protocol):
    """One way to notice changes. Used by one thread, but for `wake`."""

    @property
    def n_watches(self) -> int:
        """Watches held in the system."""

    def start(self) -> Changes:
        """Begin. Returns what changed since the moment the source was made, as far as can be told.

        :raises SourceLostError: when it cannot work here.
        """

    def wait(self) -> Changes:
        """Block until something changed, or until woken: then the set is empty.

        :raises SourceLostError: when it cannot go on.
        """

    def wake(self) -> None:
        """End `wait`, now and from now on."""

    def close(self) -> None:
        """Give everything back."""
