"""The changes that a watcher reports, and the interface of its sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Rescan:
    """Anything may have changed, so every file must be compared.

    :ivar reason: for the log.
    :ivar unread: folders that could not be watched, because they could not be read for a transient cause.
    """

    reason: str
    unread: frozenset[str] = frozenset()


Changes: TypeAlias = set[str] | Rescan
"""Paths of files and folders that were created, changed or deleted, relative to the root; or a rescan."""


class SourceLostError(Exception):
    """The source cannot go on. The message says why, and what to do."""


class ChangeSource(Protocol):
    """One way to notice changes. Only `wake` and `flush` may be called from another thread."""

    @property
    def n_watches(self) -> int:
        """Watches held in the system."""

    def start(self) -> Changes:
        """Begin watching. Returns what changed since the source was created, as far as it is known.

        :raises SourceLostError: when it cannot work here.
        """

    def wait(self) -> Changes:
        """Block until something changed, or until woken: then the set is empty.

        :raises SourceLostError: when it cannot go on.
        """

    def wake(self) -> None:
        """End `wait`, now and from now on."""

    def flush(self) -> None:
        """Let the `wait` under way, or the next one, return at once with all that happened until then.

        A source that cannot do that ignores it.
        """

    def close(self) -> None:
        """Release all watches and threads."""
