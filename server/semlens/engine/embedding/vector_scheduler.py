"""Decides when vectors and their graphs are made, and by which tiers. Used by the indexer thread alone.

`VectorFiller` makes vectors, `HnswBuilder` their graphs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from semlens.core.hashing import ContentHash
from semlens.core.status import TierRole
from semlens.engine.embedding.hnsw_builder import HnswBuilder
from semlens.engine.embedding.tiers import Tier, kept_in_index
from semlens.engine.embedding.vector_filler import VectorFiller
from semlens.engine.indexing.live_segment import LiveSegment
from semlens.engine.indexing.root_index import RootIndex
from semlens.engine.indexing.scheduling import Deadlines
from semlens.engine.overlays.overlay import Overlay
from semlens.workers.pool import ParsePool

IDLE_CHECK_SECONDS = 60.0
MAX_FAILURES = 3


class VectorScheduler:
    """The local tiers and the remote one have a filler each, so that neither waits for the other."""

    def __init__(
        self,
        tiers: Sequence[Tier],
        post: Callable[[Callable[[], None]], None],
        deadlines: Deadlines,
        on_filled: Callable[[RootIndex], None],
    ) -> None:
        """:param on_filled: called when a root has more vectors, or a graph of them."""
        self._tiers = tiers
        self._deadlines = deadlines
        self._local = VectorFiller(post, on_filled)
        self._remote = VectorFiller(post, on_filled)
        self._graphs = HnswBuilder(post, on_filled)

    @property
    def problems(self) -> list[str]:
        """Why vectors are missing for now."""
        return [filler.problem for filler in (self._local, self._remote) if filler.problem]

    @property
    def keeps_failing(self) -> bool:
        """Whether jobs failed several times in a row."""
        return any(filler.backoff.n_failures >= MAX_FAILURES for filler in (self._local, self._remote))

    @property
    def needs_workers(self) -> bool:
        """Whether a job is under way that a parse worker makes tokens or texts for."""
        return self._local.busy or self._remote.tokenizing

    def has_work(self, index: RootIndex) -> bool:
        """Whether a local model has passages of a root to embed."""
        models = [tier.fingerprint for tier in self._tiers if not tier.is_remote and not tier.is_paused]
        return any(len(live.missing(model)) for live in list(index.segments.values()) for model in models)

    @property
    def filled(self) -> tuple[LiveSegment | None, LiveSegment | None]:
        """The segments that vectors are being made for."""
        return self._local.active_segment, self._remote.active_segment

    @property
    def first_model(self) -> str:
        """The model that parse workers tokenise for, or "" when none loads."""
        return next((tier.model for tier in self._tiers if tier.role == TierRole.FIRST and tier.error is None), "")

    def close(self) -> None:
        self._local.close()
        self._remote.close()
        self._graphs.close()

    def keep(self, tier: Tier, vectors: Mapping[ContentHash, bytes]) -> None:
        """Put vectors into the cache before the next job looks there."""
        (self._remote if tier.is_remote else self._local).store_vectors(tier, vectors)

    def keep_overlay_vectors(self, overlays: Iterable[Overlay], root: str, paths: Sequence[str]) -> None:
        """Keep the vectors of open buffers whose files were read: what was embedded unsaved is not embedded again."""
        for overlay in overlays:
            if overlay.buffer.root == root and overlay.buffer.path in paths:
                for tier in self._tiers:
                    self.keep(tier, dict(overlay.vectors.get(tier.fingerprint, {})))

    def step(
        self,
        writers: Sequence[RootIndex],
        pool: ParsePool,
        urgent: Sequence[tuple[str, str]],
        merging: Sequence[LiveSegment],
        *,
        may_refine: bool,
    ) -> None:
        """Start the next jobs. :param urgent: (root, path) of files to serve first."""
        tiers = [tier for tier in self._tiers if tier.role == TierRole.FIRST or may_refine]
        if not writers or not tiers:
            return
        self._local.step(writers, [tier for tier in tiers if not tier.is_remote], pool, urgent, merging)
        remote = [tier for tier in tiers if tier.is_remote]
        self.refresh_fingerprints(writers)
        self._remote.step(writers, remote, pool, urgent, merging)
        for tier in tiers:
            if tier.is_paused and tier.retry_at:
                self._deadlines.at(tier.retry_at)
        for filler in (self._local, self._remote):
            if filler.backoff.is_waiting:
                self._deadlines.at(filler.backoff.due)
        retry_at = self._graphs.step(writers, may_build=may_refine and not merging and not self._local.busy)
        if retry_at:
            self._deadlines.at(retry_at)

    def refresh_fingerprints(self, indexes: Iterable[RootIndex]) -> None:
        """The first answer of a service, here or in another process, completes the fingerprint of its vectors."""
        if any(tier.refresh() for tier in self._tiers):
            for index in indexes:
                index.fingerprints = tuple(kept_in_index(self._tiers))

    def unload_idle_models(self, idle_minutes: int) -> None:
        """:param idle_minutes: 0 keeps models loaded."""
        loaded = [tier for tier in self._tiers if tier.loaded]
        if not idle_minutes or not loaded:
            return
        for tier in loaded:
            tier.unload_if_idle(idle_minutes * 60)
        if any(tier.loaded for tier in loaded):
            self._deadlines.at(time.monotonic() + IDLE_CHECK_SECONDS)
