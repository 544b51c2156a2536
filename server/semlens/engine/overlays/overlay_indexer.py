"""Updates overlays when buffers change: parses the text. `overlay_vectors` embeds its passages.

The indexer thread owns this. Nothing is written to disk.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future

from semlens.core.hashing import ContentHash
from semlens.core.paths import uri_to_path
from semlens.core.status import Problem
from semlens.embedding.embedder import TokenIds
from semlens.engine.embedding.tiers import Tier
from semlens.engine.indexing.root_state import RootState
from semlens.engine.indexing.scheduling import Backoff
from semlens.engine.overlays.document_places import locate, real_path
from semlens.engine.overlays.language_ids import path_for_language_id
from semlens.engine.overlays.open_buffers import OpenBuffer, OpenBuffers
from semlens.engine.overlays.overlay import Overlay, carry_vectors, encode_text, hash_text
from semlens.engine.overlays.overlay_vectors import OverlayVectors, first_for_unsaved
from semlens.index.segment.builder import new_segment_id
from semlens.index.segment.segment import segment_from_arrays
from semlens.workers.messages import BufferRequest, ParseResult
from semlens.workers.pool import ParsedBatch, ParsePool, parser_problem
from semlens.workers.worker_process import WorkerDiedError, WorkerStartError

logger = logging.getLogger(__name__)

DEBOUNCE_SECONDS = 0.02
"""Shorter than the pause between two keystrokes, longer than the pause between two edits of one command."""

SLOW_PARSE_SECONDS = 0.2
"""Requests do not wait for a document that needs longer to parse (processor time)."""

LARGE_CHARS = 1_000_000
"""Nor for a longer one. To hash it and to send it to a worker takes more time than to parse most documents."""

SLOW_DEBOUNCE_SECONDS = 0.4
"""Such a document is parsed when no key was pressed for so long, so that typing in it costs other work little."""

_MAX_SLOW_URIS = 256


class OverlayIndexer:
    """:ivar shown: overlays of the next snapshot, by URI.

    :ivar problems: buffers that crashed a worker or could not be parsed, by URI.
    :ivar slow_uris: documents whose last text took `SLOW_PARSE_SECONDS` or more, or crashed a worker; oldest first. A
        document that is closed stays here: opened again, it is as slow.
    :ivar waiting: whether some buffer is not up to date in `shown`.
    """

    def __init__(
        self,
        buffers: OpenBuffers,
        pool: ParsePool,
        post: Callable[[Callable[[], None]], None],
        on_changed: Callable[[], None],
    ) -> None:
        self.shown: dict[str, Overlay] = {}
        self.problems: dict[str, Problem] = {}
        self.slow_uris: dict[str, None] = {}
        self.waiting = False
        self._buffers = buffers
        self._pool = pool
        self._post = post
        self._on_changed = on_changed
        self._parsing: set[str] = set()
        self._crashing_texts: dict[str, ContentHash] = {}
        self._awaited_at = 0.0
        self._backoff = Backoff()
        self._first: Tier | None = None
        self._vectors = OverlayVectors(self.shown, buffers, post, on_changed)

    def close(self) -> None:
        self._vectors.close()

    def skip_debounce(self) -> None:
        """Skip the debounce of all changes so far, because a request waits for them."""
        self._awaited_at = time.monotonic()

    def is_slow(self, buffer: OpenBuffer) -> bool:
        """Whether the document takes so long that requests do not wait for it. Any thread may ask."""
        return buffer.uri in self.slow_uris or len(buffer.text) > LARGE_CHARS

    def expect(self) -> None:
        """Note that some buffer changed. `step` finds out which."""
        self.waiting = True

    @property
    def is_complete(self) -> bool:
        """Whether all buffers in `shown` are parsed and have their vectors. A service that fails is not waited for."""
        shown = list(self.shown.values())  # other threads read this too
        fails = self._first is not None and self._first.error is not None
        return all(overlay.is_parsed and (not overlay.tokens or fails) for overlay in shown)

    def assign_roots(self, states: Mapping[str, RootState]) -> None:
        """Assign each document to its root again, after the roots changed."""
        for buffer in self._buffers.all():
            root, path = locate(buffer.uri, buffer.path, buffer.root, states)
            if (root, path) != (buffer.root, buffer.path):
                self._buffers.move(buffer.uri, root, path)
                self.shown.pop(buffer.uri, None)

    def follow_links(self, uri: str, states: Mapping[str, RootState]) -> None:
        """Resolve symbolic links in the path of an opened document, because roots are known by their real paths."""
        buffer, path = self._buffers.get(uri), uri_to_path(uri)
        if buffer is None or path is None:
            return
        root, relative = locate(uri, real_path(path), "", states)
        if (root, relative) != (buffer.root, buffer.path):
            self._buffers.move(uri, root, relative)
            self.shown.pop(uri, None)
            self._on_changed()

    def step(self, states: Mapping[str, RootState], tiers: Sequence[Tier]) -> float | None:
        """Start to parse changed buffers, and to embed with a service what it has not embedded yet.

        :returns: when to call this again (monotonic); None for not before the next event.
        """
        due: list[float | None] = []
        open_uris = set()
        self.waiting = False
        self._first = first_for_unsaved(tiers)
        for buffer in self._buffers.all():
            open_uris.add(buffer.uri)
            due.append(self._parse_if_due(buffer, states, tiers))
        for uri in [uri for uri in self.shown if uri not in open_uris]:
            del self.shown[uri]
            self.problems.pop(uri, None)
            self._on_changed()
        if self._first is not None and self._first.is_remote:
            due.append(self._vectors.ask_service(self._first))
        return min((when for when in due if when is not None), default=None)

    def _parse_if_due(self, buffer: OpenBuffer, states: Mapping[str, RootState], tiers: Sequence[Tier]) -> float | None:
        """Start to parse a buffer that changed.

        :returns: when to call this again, if more keystrokes may follow or no worker can be started.
        """
        if self._is_current(buffer, states):
            return None if self.shown[buffer.uri].is_parsed else self._backoff.due
        self.waiting = True
        if buffer.uri in self._parsing:
            return None  # `step` runs again when the worker answers
        is_slow = self.is_slow(buffer)
        when = buffer.changed_at
        if buffer.uri in self.shown:
            when += SLOW_DEBOUNCE_SECONDS if is_slow else DEBOUNCE_SECONDS
        if time.monotonic() < when and (is_slow or buffer.changed_at > self._awaited_at):
            return when
        self._update(buffer, states, tiers)
        return None

    def _is_current(self, buffer: OpenBuffer, states: Mapping[str, RootState]) -> bool:
        overlay = self.shown.get(buffer.uri)
        if overlay is None or overlay.revision != buffer.revision:
            return False
        if not overlay.is_parsed:
            return self._backoff.is_waiting
        return not overlay.same_as_disk or _matches_indexed_file(buffer, overlay.hash, states)

    def _update(self, buffer: OpenBuffer, states: Mapping[str, RootState], tiers: Sequence[Tier]) -> None:
        digest = hash_text(buffer.text)
        old = self.shown.get(buffer.uri)
        if self._crashing_texts.get(buffer.uri) == digest:
            self._publish(Overlay(buffer, digest, None, None))
            return
        if _matches_indexed_file(buffer, digest, states):
            self.problems.pop(buffer.uri, None)
            self._publish(Overlay(buffer, digest, None, None, same_as_disk=True))
            return
        is_same = old is not None and old.hash == digest and old.buffer.path == buffer.path
        if old is not None and is_same and old.is_parsed and not old.same_as_disk:
            self._publish(Overlay(buffer, digest, old.segment, old.outline, old.vectors, old.tokens))
            return
        if self._backoff.is_waiting:
            self._publish(Overlay(buffer, digest, None, None, is_parsed=False))
            return
        first = first_for_unsaved(tiers)
        path = buffer.path if buffer.root else path_for_language_id(buffer.path, buffer.language_id)
        request = BufferRequest(path, encode_text(buffer.text), first.model if first else "")
        self._parsing.add(buffer.uri)
        self._pool.parse_buffer(request).add_done_callback(
            lambda done: self._post(lambda: self._on_parsed(buffer, digest, states, tiers, done))
        )

    def _on_parsed(
        self,
        buffer: OpenBuffer,
        digest: ContentHash,
        states: Mapping[str, RootState],
        tiers: Sequence[Tier],
        future: Future[ParsedBatch],
    ) -> None:
        self._parsing.discard(buffer.uri)
        if future.exception() is None:
            self._remember_speed(buffer.uri, future.result())
        current = self._buffers.get(buffer.uri)
        if current is None or (current.root, current.path) != (buffer.root, buffer.path):
            return
        try:
            batch = future.result()
        except Exception as error:  # no process or no memory is available; the text is not the cause
            if isinstance(error, WorkerDiedError) and not isinstance(error, WorkerStartError):
                return  # the pool was closed
            logger.exception("%s could not be parsed", buffer.uri)
            self._retry_later(buffer, digest, error)
            return
        self._backoff.succeeded()
        self.problems.pop(buffer.uri, None)
        if batch.crashing_files:
            self._crashing_texts[buffer.uri] = digest
            message = parser_problem(batch.cause, is_searchable=bool(batch.results))
            self.problems[buffer.uri] = Problem(buffer.path, message)
        if not batch.results:
            self._publish(Overlay(buffer, digest, None, None))
            return
        if current.text != buffer.text:
            self._parse_if_due(current, states, tiers)  # a worker has it while this older text is embedded
            if self._is_current(current, states):
                return
        overlay = self._make_overlay(buffer, digest, batch.results[0])
        self._vectors.reuse(overlay, states.get(buffer.root), tiers)
        self._vectors.embed(overlay, tiers)
        self._publish(overlay)

    def _retry_later(self, buffer: OpenBuffer, digest: ContentHash, error: Exception) -> None:
        """Try all buffers without a worker again, after twice as long each time. Requests do not wait for them."""
        if not self._backoff.is_waiting:
            self._backoff.failed()
        message = f"This document cannot be parsed ({error}). semlens tries again; see its log."
        self.problems[buffer.uri] = Problem(buffer.path, message)
        self._publish(Overlay(buffer, digest, None, None, is_parsed=False))

    def _remember_speed(self, uri: str, batch: ParsedBatch) -> None:
        self.slow_uris.pop(uri, None)
        if batch.crashing_files or batch.results[0].seconds >= SLOW_PARSE_SECONDS:
            self.slow_uris[uri] = None
        if len(self.slow_uris) > _MAX_SLOW_URIS:
            del self.slow_uris[next(iter(self.slow_uris))]

    def _make_overlay(self, buffer: OpenBuffer, digest: ContentHash, result: ParseResult) -> Overlay:
        segment = segment_from_arrays(new_segment_id(), result.segment) if result.segment is not None else None
        overlay = Overlay(buffer, digest, segment, result.outline)
        hashes = overlay.passage_hashes()
        overlay.vectors = carry_vectors(self.shown.get(buffer.uri), hashes)
        tokens: dict[ContentHash, TokenIds] = dict(zip(hashes, result.tokens, strict=False))
        overlay.tokens = tokens
        return overlay

    def _publish(self, overlay: Overlay) -> None:
        self._on_changed()  # first, so that readers of `shown` know that the snapshot is older
        self.shown[overlay.buffer.uri] = overlay


def _matches_indexed_file(buffer: OpenBuffer, digest: ContentHash, states: Mapping[str, RootState]) -> bool:
    """Whether the file is indexed with the same text as the buffer."""
    state = states.get(buffer.root)
    entry = state.index.files.get(buffer.path) if state else None
    return entry is not None and entry.hash == digest and bool(entry.segment)
