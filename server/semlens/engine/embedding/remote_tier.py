"""A tier whose vectors come from a service. It pauses after a failure and records what was sent.

`error` holds the last failure until the service answers again; status shows it. The other tiers continue. The network
has its own threads, so no local tier waits for it.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from semlens.core.errors import ModelError
from semlens.core.hashing import ContentHash
from semlens.core.status import TierRole
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
"""How long a command or a context pack waits for the query vector. An editor's search has its own time budget."""

MAX_CACHED_QUERIES = 256

Vector = npt.NDArray[np.float32]


def service_from_settings(settings: RemoteSettings, key: str | None = None) -> Service | None:
    """Return the service that the settings name, or None.

    :param key: its key, instead of the one in this process's environment.
    :raises ModelError: when only one of URL and model is set.
    """
    if not settings.url and not settings.model:
        return None
    if not settings.model:
        raise ModelError("semlens.remote.url is set, but semlens.remote.model is not. Set both, or neither.")
    if not settings.url:
        raise ModelError("semlens.remote.model is set, but semlens.remote.url is not. Set both, or neither.")
    of_settings = {field.name: getattr(settings, field.name) for field in fields(Service) if field.name != "key"}
    return Service(**of_settings, key=key)


class RemoteTier(Tier):
    """See `Tier`. The fingerprint includes the dimension, so it changes once, with the first answer of the service."""

    is_remote = True

    def __init__(self, role: TierRole, service: Service, cache: VectorCache | None, ledger: SentLedger) -> None:
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
        return self._closed or self._is_model_changed or self._circuit.is_open or self._is_store_paused

    @property
    def dimension(self) -> int:
        return self._dimension

    @property
    def _is_model_changed(self) -> bool:
        """Whether the service changed its model. Vectors of two models must not mix, so only a restart helps."""
        return isinstance(self.error, ServiceError) and self.error.fault is Fault.MODEL_CHANGED

    @property
    def retry_at(self) -> float:
        """When the next request is allowed (monotonic); 0 means never."""
        if self._closed or self._is_model_changed:
            return 0.0
        return max(self._circuit.retry_at, super().retry_at)

    def close(self) -> None:
        """Cancel all requests."""
        super().close()
        with self._remote_lock:
            if self._remote is not None:
                self._remote.close()

    def warm_up(self) -> None:
        """Import the HTTP client in the background, before the first query. This opens no connection."""
        threading.Thread(target=self._load, name="semlens-remote-load", daemon=True).start()

    def _load(self) -> None:
        with contextlib.suppress(ModelError):  # `error` holds it
            self.embedder()

    def refresh(self) -> bool:
        if not self._dimension and (dimension := self._ledger.dimension(self._ledger_name)):
            self._set_dimension(dimension)
        return True

    def reset_pause(self) -> None:
        """Allow the next request at once: the user may have fixed the cause."""
        super().reset_pause()
        self._circuit.record_success()

    def embed(self, tokens: Mapping[ContentHash, TokenIds], *, cache_vectors: bool) -> EmbeddedPassages:
        """Embed passages. Each answer is stored at once, so a later failure loses nothing.

        :returns: vectors of all passages, or of some if the service failed midway.
        :raises ModelError: when the service failed before the first answer.
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
            embedder.embed_each([OutgoingText.unpack(packed) for packed in tokens.values()], on_vectors)
        except ModelError as error:
            self._record_failure(error)
            if not rows:
                raise
        except Exception as error:  # an internal error must not stop the index
            logger.exception("the service %s failed", self.service.name)
            self._record_failure(
                ModelError(f"The service {self.service.name} could not be used ({type(error).__name__}).")
            )
            raise
        else:
            self._record_success()
        embedded = tuple(rows)
        return EmbeddedPassages(embedded, matrix_of([rows[key] for key in embedded]), len(embedded))

    def start_query(self, query: str) -> concurrent.futures.Future[Vector] | None:
        """Start to embed a query in the background; None while the tier is paused.

        Vectors are cached by query, so a late vector serves the next search with the same query.
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
        """Wait for the query vector until a time (monotonic). None when it is late or failed; the search goes on."""
        if future is None:
            return None
        try:
            vector = future.result(timeout=max(0.0, until - time.monotonic()))
        except (concurrent.futures.CancelledError, TimeoutError, ModelError):
            return None
        except Exception:  # a failed service must not fail the search
            logger.exception("the service %s failed on a question", self.service.name)
            return None
        return QueryVector(self.fingerprint, self.role, vector)

    def query_vector(self, query: str) -> QueryVector | None:
        """Embed a query and wait for it. Use `start_query` to do other work in the meantime."""
        return self.finish_query(self.start_query(query), time.monotonic() + REMOTE_QUERY_WAIT_SECONDS)

    def embedder(self) -> RemoteEmbedder:
        """Return the client, created on first use. This opens no connection.

        :raises ModelError: when the key, the certificates or the tokenizer cannot be read.
        """
        from semlens.embedding.remote.embedder import RemoteEmbedder  # imports the HTTP client

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
        """Record the dimension of the first answer. It completes the fingerprint."""
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
