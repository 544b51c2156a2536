"""A tier whose vectors come from a service: rests after a fault, loses nothing that came before, counts what left.

Faults stand in `error` until the service answers again, so that status and `problems` say them; meanwhile the other
tiers go on. The network has its own threads: nothing here makes a search or a local tier wait.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from semlens.core.errors import ModelError
from semlens.core.hashing import ContentHash
from semlens.embedding.embedder import TokenIds
from semlens.embedding.remote.errors import Fault, ServiceError
from semlens.embedding.remote.outgoing_text import OutgoingText
from semlens.embedding.remote.service import MAX_CONCURRENT_QUERIES, Service
from semlens.engine.embedding.circuit_breaker import CircuitBreaker
from semlens.engine.embedding.tiers import EmbeddedPassages, Tier
from semlens.index.segment.vectors import matrix_of, quantise
from semlens.index.storage.sent_ledger import SentLedger
from semlens.index.storage.vector_cache import VectorCache
from semlens.search.signals.text_evidence import QueryVector
from semlens.settings.loading import RemoteSettings

if TYPE_CHECKING:
    from semlens.embedding.remote.embedder import RemoteEmbedder

logger = logging.getLogger(__name__)

REMOTE_QUERY_WAIT_SECONDS = 2.0
"""What a command or a pack for a prompt waits for a question's vector; an editor's search has its own budget."""

MAX_CACHED_QUERIES = 256

Vector = npt.NDArray[np.float32]


def service_from_settings(settings: RemoteSettings) -> Service | None:
    """The service that the settings name, if they name one.

    :raises ModelError: when they name half of one.
    """
    if not settings.url and not settings.model:
        return None
    if not settings.model:
        raise ModelError("semlens.remote.url names a service, but semlens.remote.model no model, so it is not used.")
    if not settings.url:
        raise ModelError("semlens.remote.model names a model, but semlens.remote.url no service, so it is not used.")
    return Service(
        url=settings.url,
        model=settings.model,
        api=settings.api,
        dimensions=settings.dimensions,
        key_from=settings.key_from,
        ca_file=settings.ca_file,
        proxy=settings.proxy,
        max_tokens=settings.max_tokens,
        tokenizer=settings.tokenizer,
        concurrency=settings.concurrency,
        query_prefix=settings.query_prefix,
        document_prefix=settings.document_prefix,
        unsaved=settings.unsaved,
    )


class RemoteTier(Tier):
    """See `Tier`. Its fingerprint holds the dimension, and changes once: with the first answer of a service ever."""

    is_remote = True

    def __init__(self, role: str, service: Service, cache: VectorCache | None, ledger: SentLedger) -> None:
        super().__init__(role, service.manifest, cache)
        self.service = service
        self.accepts_unsaved = service.unsaved
        self._ledger = ledger
        self._dimension = ledger.dimension(self._ledger_name)
        self.fingerprint = service.fingerprint(self._dimension)
        self._circuit = CircuitBreaker()
        self._remote: RemoteEmbedder | None = None
        self._remote_lock = threading.Lock()
        self._query_futures: OrderedDict[str, concurrent.futures.Future[Vector]] = OrderedDict()
        self._active_queries: deque[concurrent.futures.Future[Vector]] = deque()
        self._closed = False

    @property
    def _ledger_name(self) -> str:
        return self.service.fingerprint(0)

    @property
    def model(self) -> str:
        return self.service.locator

    @property
    def loaded(self) -> bool:
        return False  # a connection costs nothing to keep

    @property
    def is_paused(self) -> bool:
        return self._closed or self._is_model_changed or self._circuit.is_open

    @property
    def _is_model_changed(self) -> bool:
        """Another model answers: vectors of two must not mix, and only a new start sorts them out."""
        return isinstance(self.error, ServiceError) and self.error.fault is Fault.MODEL_CHANGED

    @property
    def retry_at(self) -> float:
        """When (monotonic) it may be asked again."""
        return self._circuit.retry_at

    def close(self) -> None:
        """Give up what is under way."""
        self._closed = True
        with self._remote_lock:
            if self._remote is not None:
                self._remote.close()

    def warm_up(self) -> None:
        """Load the HTTP client before the first question needs it; opens no connection."""
        threading.Thread(target=self._load, name="semlens-remote-load", daemon=True).start()

    def _load(self) -> None:
        with contextlib.suppress(ModelError):  # stands in `error` by now
            self.embedder()

    def refresh(self) -> bool:
        if not self._dimension and (dimension := self._ledger.dimension(self._ledger_name)):
            self._set_dimension(dimension)
        return True

    def reset_pause(self) -> None:
        """Somebody may have mended it."""
        self._circuit.record_success()

    def embed(self, tokens: Mapping[ContentHash, TokenIds], *, cache_vectors: bool) -> EmbeddedPassages:
        """As many of them as the service gives vectors for; each answer is kept before the next one is waited for.

        :raises ModelError: when there are none at all.
        """
        hashes = tuple(tokens)
        rows: dict[ContentHash, bytes] = {}
        lock = threading.Lock()

        def on_vectors(indices: Sequence[int], vectors: npt.NDArray[np.float32]) -> None:
            self._set_dimension(vectors.shape[1])
            matrix = quantise(vectors)
            keys = [hashes[index] for index in indices]
            with lock:
                rows.update((key, row.tobytes()) for key, row in zip(keys, matrix, strict=True))
            self.n_computed += len(keys)
            if cache_vectors:
                self.store_vectors(keys, matrix)

        embedder = self.embedder()
        try:
            embedder.embed_each([OutgoingText.unpack(one) for one in tokens.values()], on_vectors)
        except ModelError as error:
            self._record_failure(error)
            if not rows:
                raise
        except Exception as error:  # whatever it is: this tier is lost for a while, not the index
            logger.exception("the service %s failed", self.service.name)
            self._record_failure(
                ModelError(f"The service {self.service.name} could not be used ({type(error).__name__}).")
            )
            raise
        else:
            self._record_success()
        found = tuple(rows)
        return EmbeddedPassages(found, matrix_of([rows[key] for key in found]), len(found))

    def start_query(self, query: str) -> concurrent.futures.Future[Vector] | None:
        """Have a question embedded meanwhile; None while the service rests.

        The same question is asked once. What has not come in time serves whoever asks it next.
        """
        with self._lock:
            known = self._query_futures.get(query)
            if known is not None and not (known.done() and (known.cancelled() or known.exception())):
                self._query_futures.move_to_end(query)
                return known
        if self.is_paused:
            return None
        try:
            future = self.embedder().submit_query(query)
        except ModelError:
            return None
        with self._lock:
            self._active_queries.append(future)
            while len(self._active_queries) > MAX_CONCURRENT_QUERIES:
                self._active_queries.popleft().cancel()
            self._query_futures[query] = future
            while len(self._query_futures) > MAX_CACHED_QUERIES:
                self._query_futures.popitem(last=False)
        future.add_done_callback(self._on_query_done)
        return future

    def _on_query_done(self, future: concurrent.futures.Future[Vector]) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if isinstance(error, ModelError):
            self._record_failure(error)
        elif error is None:
            self._set_dimension(len(future.result()))
            self._record_success()

    def finish_query(self, future: concurrent.futures.Future[Vector] | None, until: float) -> QueryVector | None:
        """The question's vector if it is there by then (monotonic), else None: the answer goes without it."""
        if future is None:
            return None
        try:
            vector = future.result(timeout=max(0.0, until - time.monotonic()))
        except (concurrent.futures.CancelledError, TimeoutError, ModelError):
            return None
        except Exception:  # no search fails because a service does
            logger.exception("the service %s failed on a question", self.service.name)
            return None
        return QueryVector(self.fingerprint, self.role, vector)

    def query_vector(self, query: str) -> QueryVector | None:
        """Blocks as long as a search may wait; whoever has other work meanwhile uses `start_query`."""
        return self.finish_query(self.start_query(query), time.monotonic() + REMOTE_QUERY_WAIT_SECONDS)

    def embedder(self) -> RemoteEmbedder:
        """:raises ModelError: when the key, the certificates or the tokenizer cannot be had; opens no connection."""
        from semlens.embedding.remote.embedder import RemoteEmbedder  # brings the HTTP client in

        with self._remote_lock:
            if self._remote is None:
                try:
                    self._remote = RemoteEmbedder(self.service, self._dimension, self._record_sent)
                except ModelError as error:
                    self._record_failure(error)
                    raise
            return self._remote

    def _record_sent(self, texts: int, n_bytes: int, redactions: int) -> None:
        self._ledger.add(self.service.name, texts, n_bytes, redactions)

    def _set_dimension(self, dimension: int) -> None:
        """The first answer ever: from now on vectors have an identity."""
        if self._dimension == dimension:
            return
        self._dimension = dimension
        self._ledger.note_dimension(self._ledger_name, dimension)
        self.fingerprint = self.service.fingerprint(dimension)

    def _record_success(self) -> None:
        self.error = None
        self._circuit.record_success()

    def _record_failure(self, error: ModelError) -> None:
        if self._closed:
            return
        self.error = error
        if isinstance(error, ServiceError) and error.dimension:
            self._ledger.note_dimension(self._ledger_name, error.dimension)
        permanent = not isinstance(error, ServiceError) or error.fault.permanent
        self._circuit.record_failure(permanent=permanent, retry_after_s=getattr(error, "retry_after_s", 0.0))
