"""Decides when the index of a root is committed, and what the commit records about the whole root."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

import semlens
from semlens.core.status import TierRole
from semlens.engine.embedding.tiers import Tier
from semlens.engine.indexing.root_state import RootState
from semlens.index.segment.build_hash import UNFINISHED_BUILD, build_hash

QUIET_SECONDS = 0.4
BUSY_SECONDS = 8.0
"""The least time between two commits while indexing goes on."""


class Committer:
    """Used by the indexer thread."""

    def __init__(self, tiers: Sequence[Tier], on_written: Callable[[int], None], *, one_shot: bool) -> None:
        """:param on_written: told the bytes that were written.

        :param one_shot: a command that ends commits as soon as nothing goes on.
        """
        self._tiers = tiers
        self._on_written = on_written
        self._one_shot = one_shot

    def due(self, state: RootState, now: float, *, merging: bool) -> float | None:
        """When to commit the root, in monotonic seconds; None when there is nothing to commit."""
        index = state.index
        if not index.writer or not self._has_news(state):
            return None
        if index.commit_backoff.n_failures:
            return index.commit_backoff.due
        busy = not state.settled or merging
        if self._one_shot and not busy:
            return now
        return state.last_commit + BUSY_SECONDS if busy else state.last_change + QUIET_SECONDS

    def commit(self, state: RootState) -> None:
        """Commit the root. A failure is recorded in the index's ``commit_error``."""
        state.last_commit = state.last_change = time.monotonic()
        if not state.index.writer:
            return
        if self._has_news(state):
            state.upgrading = state.upgrading and not state.is_of_one_build
            before = state.index.n_bytes_written
            state.index.commit(self._meta(state))
            self._on_written(state.index.n_bytes_written - before)

    def commit_all(self, states: Iterable[RootState]) -> None:
        for state in states:
            self.commit(state)

    def _has_news(self, state: RootState) -> bool:
        index = state.index
        return index.dirty or index.unwritten_vectors or not index.store.exists or self._meta_changed(state)

    def close(self, state: RootState) -> None:
        """Commit a root for the last time and close it."""
        if state.watcher is not None:
            state.watcher.stop()
        try:
            self.commit(state)
        finally:
            state.index.close()  # else no other process could write the root while this one lives

    def is_embedded(self, state: RootState) -> bool:
        """Whether all passages of the root have a first-tier vector, or there is no first tier."""
        first = next((tier for tier in self._tiers if tier.role == TierRole.FIRST and tier.error is None), None)
        return first is None or not any(
            len(live.missing(first.fingerprint)) for live in list(state.index.segments.values())
        )

    def _meta(self, state: RootState) -> dict[str, object]:
        return {
            "complete": state.settled and self.is_embedded(state),
            "skipped": dict(state.skipped),
            # Until every file is parsed again, some segments are of the older build. A killed upgrade starts again.
            "features": UNFINISHED_BUILD if state.upgrading and not state.is_of_one_build else build_hash(),
            "roleKeys": dict(state.role_keys if state.settled else state.index.meta.get("roleKeys", {})),
            "version": semlens.__version__,
        }

    def _meta_changed(self, state: RootState) -> bool:
        """Whether the last commit records less about the root than is known now. Unfinished work does not count."""
        return state.settled and any(state.index.meta.get(key) != value for key, value in self._meta(state).items())
