"""The vectors of one tier in a store outside of the index, which the user's settings name.

The index knows which passages the store has, not their vectors. A search asks the store on a thread of its own, and
goes on without it when it is late. After a fault the store rests, longer each time; `error` holds its message
meanwhile. What was computed in that time is in the vector cache, and is put into the store later.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from semlens.core.errors import ModelError
from semlens.core.hashing import ContentHash
from semlens.engine.embedding.circuit_breaker import CircuitBreaker
from semlens.index.arrays import Int8Matrix
from semlens.index.nearest.opening import open_store, save_store
from semlens.index.nearest.vector_store import Hashes, VectorStore, VectorStoreError
from semlens.index.segment.vectors import quantise
from semlens.search.signals.text_evidence import QueryVector
from semlens.settings.choices import VectorStoreSetting
from semlens.settings.loading import VectorsSettings

logger = logging.getLogger(__name__)

N_NEIGHBOURS = 1_000
"""Passages that a search asks for. Those of other folders are among them."""

_SAVE_SECONDS = 60.0
_MAX_WAITING = 2

T = TypeVar("T")


class TierStore:
    """Thread-safe. :ivar error: why the store is not used at the moment, or ""."""

    def __init__(self, settings: VectorsSettings, folder: Path) -> None:
        """:param folder: of stores that are files."""
        self._settings = settings
        self._folder = folder
        self.error = ""
        self._circuit = CircuitBreaker()
        self._lock = threading.Lock()
        self._opened: tuple[str, VectorStore] | None = None
        self._saved_at = time.monotonic()
        self._is_changed = False
        self._queries = concurrent.futures.ThreadPoolExecutor(_MAX_WAITING, thread_name_prefix="vector-store")
        self._n_waiting = threading.Semaphore(_MAX_WAITING)

    @property
    def is_paused(self) -> bool:
        return self._circuit.is_open

    @property
    def retry_at(self) -> float:
        """When the store is asked again (monotonic)."""
        return self._circuit.retry_at

    def reset_pause(self) -> None:
        self._circuit.record_success()

    def known(self, fingerprint: str, dimension: int, hashes: Sequence[ContentHash]) -> dict[ContentHash, bytes]:
        """The hashes whose vectors are in the store, each with empty bytes in the place of its vector.

        :raises ModelError: when the store does not answer.
        """
        if not hashes or not dimension:  # a service has not told the length of its vectors yet
            return {}
        mask = self._ask(fingerprint, dimension, lambda store: store.known(_rows(hashes)))
        return {key: b"" for key, is_known in zip(hashes, mask.tolist(), strict=True) if is_known}

    def put(self, fingerprint: str, hashes: Sequence[ContentHash], matrix: Int8Matrix) -> None:
        """:raises ModelError: when the store does not take them."""
        if not len(hashes):
            return
        self._ask(fingerprint, matrix.shape[1], lambda store: store.put(_rows(hashes), matrix))
        with self._lock:
            self._is_changed = True
            is_due = time.monotonic() - self._saved_at > _SAVE_SECONDS
        if is_due:
            self._save()

    def with_neighbours(self, vector: QueryVector | None, until: float) -> QueryVector | None:
        """The vector of a query with its nearest passages, or None when the store does not tell them in time.

        :param until: monotonic.
        """
        if vector is None or self.is_paused or not self._n_waiting.acquire(blocking=False):
            return None
        quantised = quantise(vector.vector)
        future = self._queries.submit(
            self._ask, vector.fingerprint, len(quantised), lambda store: store.nearest(quantised, N_NEIGHBOURS)
        )
        future.add_done_callback(lambda _: self._n_waiting.release())
        try:
            neighbours = future.result(max(0.0, until - time.monotonic()))
        except (TimeoutError, ModelError):
            return None
        return dataclasses.replace(vector, neighbours=neighbours) if len(neighbours.hashes) else None

    def close(self) -> None:
        """Keep what was put into a store that is a file."""
        self._queries.shutdown(wait=False, cancel_futures=True)
        self._save()
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened[1].close()

    def _ask(self, fingerprint: str, dimension: int, ask: Callable[[VectorStore], T]) -> T:
        try:
            answer = ask(self._store(fingerprint, dimension))
        except VectorStoreError as error:
            self._circuit.record_failure(permanent=False, retry_after_s=0.0)
            self.error = (
                f"The vector store cannot be used: {str(error).rstrip('.')}. Searches go on without "
                f"{self._settings.store} until it answers. Check semlens.vectors.store and semlens.vectors.url."
            )
            logger.warning("%s", self.error)
            raise ModelError(self.error) from error
        self._circuit.record_success()
        self.error = ""
        return answer

    def _store(self, fingerprint: str, dimension: int) -> VectorStore:
        """:raises VectorStoreError: when it cannot be opened."""
        with self._lock:
            if self._opened is None or self._opened[0] != fingerprint:
                if self._opened is not None:
                    self._opened[1].close()
                self._opened = (fingerprint, open_store(self._settings, self._folder, fingerprint, dimension))
            return self._opened[1]

    def _save(self) -> None:
        with self._lock:
            opened, is_changed = self._opened, self._is_changed
            self._is_changed, self._saved_at = False, time.monotonic()
        if opened is None or not is_changed or self._settings.store is not VectorStoreSetting.FAISS:
            return
        try:
            save_store(opened[1], self._folder, opened[0])
        except OSError as error:
            self.error = f"The vector store in {self._folder} cannot be kept: {error}. Free some disk space."


def _rows(hashes: Sequence[ContentHash]) -> Hashes:
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 16)
