"""Gives overlays their vectors: known ones, those of a model in this process, and those of a service."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from semlens.core.errors import ModelError
from semlens.core.hashing import ContentHash
from semlens.core.status import TierRole
from semlens.embedding.manifest import Architecture
from semlens.engine.embedding.tiers import EmbeddedPassages, Tier
from semlens.engine.indexing.root_state import RootState
from semlens.engine.overlays.open_buffers import OpenBuffers
from semlens.engine.overlays.overlay import Overlay, vectors_in_view

INLINE_PASSAGES = {Architecture.STATIC: 5_000, Architecture.TRANSFORMER: 12}
"""Passages of a buffer that are embedded before it is searchable. The rest follows in steps of this size."""


def first_for_unsaved(tiers: Sequence[Tier]) -> Tier | None:
    """The first tier, unless it failed or may not have unsaved text."""
    usable = (tier for tier in tiers if tier.accepts_unsaved and (tier.error is None or tier.is_remote))
    return next((tier for tier in usable if tier.role == TierRole.FIRST), None)


class OverlayVectors:
    """The indexer thread owns this. Nothing is written to disk: vectors of unsaved text are not cached."""

    def __init__(
        self,
        shown: Mapping[str, Overlay],
        buffers: OpenBuffers,
        post: Callable[[Callable[[], None]], None],
        on_changed: Callable[[], None],
    ) -> None:
        """:param shown: overlays of the next snapshot, by URI; this changes their vectors."""
        self._shown = shown
        self._buffers = buffers
        self._post = post
        self._on_changed = on_changed
        self._sent: set[str] = set()  # URIs of documents that a service embeds passages of
        self._remote_executor = ThreadPoolExecutor(1, thread_name_prefix="embed-unsaved")

    def close(self) -> None:
        self._remote_executor.shutdown(wait=False, cancel_futures=True)

    def reuse(self, overlay: Overlay, state: RootState | None, tiers: Sequence[Tier]) -> None:
        """Take what the index and the caches of the models have. :param state: of the document's root, if any."""
        hashes = set(overlay.passage_hashes())
        place = state.index.place(overlay.buffer.path) if state is not None else None
        if state is not None and place is not None:
            live, row = place
            for view in state.index.views():
                if view.segment is live.segment:
                    for fingerprint, known in vectors_in_view(view, row, hashes).items():
                        overlay.vectors.setdefault(fingerprint, {}).update(known)
        for tier in tiers:
            vectors = overlay.vectors.setdefault(tier.fingerprint, {})
            missing = [key for key in hashes if key not in vectors]
            if missing:
                vectors.update(tier.cached_vectors(missing))

    def embed(self, overlay: Overlay, tiers: Sequence[Tier]) -> None:
        """Compute first-tier vectors of new passages. The rest follows later if there are many."""
        first = first_for_unsaved(tiers)
        if first is None:
            overlay.tokens = {}
            return
        vectors = overlay.vectors.setdefault(first.fingerprint, {})
        todo = {key: tokens for key, tokens in overlay.tokens.items() if key not in vectors}
        if first.is_remote:
            overlay.tokens = todo  # see `ask_service`
            return
        now = dict(list(todo.items())[: INLINE_PASSAGES.get(first.manifest.architecture, 12)])
        overlay.tokens = {key: tokens for key, tokens in todo.items() if key not in now}
        if not now:
            return
        try:
            embedded = first.embed(now, cache_vectors=False)
        except ModelError:
            overlay.tokens = {}
            return
        vectors.update({key: row.tobytes() for key, row in zip(embedded.hashes, embedded.matrix, strict=True)})
        if overlay.tokens:
            self._post(lambda: self._embed_more(overlay.buffer.uri, tiers))

    def ask_service(self, tier: Tier) -> float | None:
        """Send passages without vectors to a service. :returns: when to call this again, while it is paused."""
        for uri, overlay in self._shown.items():
            if overlay.tokens and uri not in self._sent and self._is_typed(overlay):
                if tier.is_paused:
                    return tier.retry_at or None
                self._embed_remotely(overlay, tier)
        return None

    def _is_typed(self, overlay: Overlay) -> bool:
        """Whether the document still has the text of the overlay. Any thread may ask."""
        current = self._buffers.get(overlay.buffer.uri)
        return current is not None and current.text == overlay.buffer.text

    def _embed_remotely(self, overlay: Overlay, tier: Tier) -> None:
        """Embed with a service on another thread. Nothing is sent if the text has changed in the meantime."""
        uri, tokens = overlay.buffer.uri, dict(overlay.tokens)

        def embed() -> EmbeddedPassages | None:
            return tier.embed(tokens, cache_vectors=False) if self._is_typed(overlay) and not tier.is_paused else None

        def on_embedded(future: Future[EmbeddedPassages | None]) -> None:
            if not future.cancelled():
                self._post(lambda: self._on_embedded(uri, tier, tokens.keys(), future))

        future = self._remote_executor.submit(embed)
        self._sent.add(uri)
        future.add_done_callback(on_embedded)

    def _on_embedded(
        self, uri: str, tier: Tier, asked: Collection[ContentHash], future: Future[EmbeddedPassages | None]
    ) -> None:
        """Take the answer of a service. What it did not embed is asked again, unless an error of ours is the cause."""
        self._sent.discard(uri)
        overlay, error = self._shown.get(uri), future.exception()
        if overlay is None or isinstance(error, ModelError):
            return
        if error is None:
            embedded = future.result()
            if embedded is None:
                return
            asked = embedded.hashes or asked
            live_hashes = set(overlay.passage_hashes())
            vectors = overlay.vectors.setdefault(tier.fingerprint, {})
            for key, row in zip(embedded.hashes, embedded.matrix, strict=True):
                if key in live_hashes:
                    vectors[key] = row.tobytes()
        overlay.tokens = {key: tokens for key, tokens in overlay.tokens.items() if key not in asked}
        self._on_changed()

    def _embed_more(self, uri: str, tiers: Sequence[Tier]) -> None:
        overlay = self._shown.get(uri)
        if overlay is not None and overlay.tokens:
            self.embed(overlay, tiers)
            self._on_changed()
