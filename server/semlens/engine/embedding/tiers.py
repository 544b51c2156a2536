"""Tiers: models that are loaded on demand and unloaded when idle. Their vectors are shared through the cache."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semlens.core.errors import CacheError, ModelError
from semlens.core.hashing import ContentHash
from semlens.core.status import TierRole
from semlens.embedding.embedder import Embedder, TokenIds
from semlens.embedding.manifest import ModelManifest
from semlens.embedding.registry import find_model, load_embedder
from semlens.engine.embedding.tier_store import TierStore
from semlens.index.arrays import Int8Matrix
from semlens.index.segment.vectors import matrix_of, quantise
from semlens.index.storage.database import StoreError
from semlens.index.storage.vector_cache import VectorCache
from semlens.search.signals.text_evidence import QueryVector

logger = logging.getLogger(__name__)

AUTO_FIRST = ("semlens-static-v1", "semlens-minilm-v1")
"""For ``auto``, the first tier is the first of these models that is installed."""


@dataclass(frozen=True, slots=True)
class EmbeddedPassages:
    """The result of embedding.

    :ivar matrix: one row for each hash.
    :ivar n_computed: number of vectors that were computed, not read from the cache.
    """

    hashes: tuple[ContentHash, ...]
    matrix: Int8Matrix
    n_computed: int


class Tier:
    """One model and its role. Thread-safe.

    :ivar is_remote: whether the model is a service.
    :ivar accepts_unsaved: whether the tier may embed text of unsaved buffers.
    :ivar error: why the model is not usable, or None.
    :ivar n_computed: number of vectors that this process computed.
    :ivar cache_error: the last error of the vector cache, or "".
    :ivar store: where the vectors are, if not in the index; None otherwise. Set before the tier is used.
    """

    is_remote = False
    accepts_unsaved = True

    def __init__(self, role: TierRole, manifest: ModelManifest, cache: VectorCache | None) -> None:
        self.role = role
        self.manifest = manifest
        self.fingerprint = manifest.fingerprint
        self.error: ModelError | None = None
        self.n_computed = 0
        self.cache_error = ""
        self.store: TierStore | None = None
        self._cache = cache
        self._lock = threading.Lock()
        self._embedder: Embedder | None = None
        self._last_use = time.monotonic()
        self._closed = False

    @property
    def model(self) -> str:
        """The locator with which a parse worker finds the model: its folder."""
        return str(self.manifest.folder)

    def embedder(self) -> Embedder:
        """Return the loaded model. A failed load is not tried again before a restart.

        :raises ModelError: when the model cannot be loaded.
        """
        with self._lock:
            self._last_use = time.monotonic()
            if self.error is not None:
                raise self.error
            if self._embedder is None:
                try:
                    self._embedder = load_embedder(self.manifest)
                except ModelError as error:
                    self.error = error
                    raise
                except (ImportError, MemoryError, OSError, RuntimeError) as error:  # a library does not load
                    self.error = ModelError(
                        f"The model {self.manifest.name} cannot be loaded ({type(error).__name__}: {error}). "
                        "Free some memory, or run `semlens doctor`."
                    )
                    raise self.error from error
            return self._embedder

    @property
    def is_paused(self) -> bool:
        """Whether the tier does not work at the moment."""
        return self.error is not None or self._is_store_paused

    @property
    def _is_store_paused(self) -> bool:
        return self.store is not None and self.store.is_paused

    @property
    def dimension(self) -> int:
        """Length of the vectors; 0 while it is not known."""
        return self.manifest.dimension

    @property
    def retry_at(self) -> float:
        """When a paused tier is retried (monotonic); 0 means never."""
        return self.store.retry_at if self.store is not None else 0.0

    def refresh(self) -> bool:
        """Update the fingerprint. Returns whether it may have changed."""
        return False

    def reset_pause(self) -> None:
        """End the pause: the user may have fixed the cause."""
        if self.store is not None:
            self.store.reset_pause()

    def close(self) -> None:
        """Cancel all work."""
        self._closed = True
        if self.store is not None:
            self.store.close()

    def unload_if_idle(self, seconds: float) -> bool:
        with self._lock:
            if self._embedder is None or time.monotonic() - self._last_use < seconds:
                return False
            self._embedder = None
            return True

    @property
    def loaded(self) -> bool:
        return self._embedder is not None

    def cached_vectors(self, hashes: Sequence[ContentHash]) -> Mapping[ContentHash, bytes]:
        """Read vectors from the cache. The result is empty when there is no cache or it fails.

        With a store, its vectors are empty bytes, and those that only the cache has are put into it.

        :raises ModelError: when the store does not answer.
        """
        if self.store is None:
            return self._from_cache(hashes)
        known = self.known_in_store(hashes)
        cached = self._from_cache([key for key in hashes if key not in known])
        if cached:
            self.store.put(self.fingerprint, list(cached), matrix_of(list(cached.values())))
        return known | dict.fromkeys(cached, b"")

    def known_in_store(self, hashes: Sequence[ContentHash]) -> dict[ContentHash, bytes]:
        """Those that the store has, each with empty bytes. :raises ModelError: when the store does not answer."""
        assert self.store is not None
        return self.store.known(self.fingerprint, self.dimension, hashes)

    def _from_cache(self, hashes: Sequence[ContentHash]) -> Mapping[ContentHash, bytes]:
        if self._cache is None:
            return {}
        try:
            return self._cache.get(self.fingerprint, hashes)
        except (StoreError, CacheError) as error:
            self.cache_error = str(error)
            return {}

    def embed(self, tokens: Mapping[ContentHash, TokenIds], *, cache_vectors: bool) -> EmbeddedPassages:
        """Compute vectors.

        :param cache_vectors: whether to store them in the cache; False for text that is not on disk.
        :returns: vectors of all passages, or of some if a service failed midway.
        :raises ModelError: when the model cannot be loaded.
        """
        hashes = tuple(tokens)
        embedder = self.embedder()
        try:
            matrix = quantise(embedder.embed(list(tokens.values())))
        except Exception as error:  # an error of a user's model must not stop the index
            if self._closed:  # the process ends, and with it the model's threads
                raise ModelError(f"The model {self.manifest.name} was closed.") from error
            logger.exception("the model %s failed", self.manifest.name)
            self.error = ModelError(
                f"The model {self.manifest.name} failed ({type(error).__name__}: {error}). Check the model."
            )
            raise self.error from error
        self.n_computed += len(hashes)
        if cache_vectors:
            self.store_vectors(hashes, matrix)
        return EmbeddedPassages(hashes, matrix, len(hashes))

    def store_vectors(self, hashes: Sequence[ContentHash], matrix: Int8Matrix) -> None:
        """Store vectors in the store, or in the cache. A failure, such as a full disk, is recorded in `cache_error`."""
        if self.store is not None:
            with contextlib.suppress(ModelError):  # the store was told before; the cache keeps what was computed
                self.store.put(self.fingerprint, hashes, matrix)
                return
        if self._cache is not None and len(hashes):
            try:
                self._cache.put(self.fingerprint, hashes, matrix)
                self.cache_error = ""
            except (StoreError, CacheError) as error:
                self.cache_error = str(error)

    def store_vector_bytes(self, vectors: Mapping[ContentHash, bytes]) -> None:
        """Like `store_vectors`, for vectors by hash."""
        if vectors:
            self.store_vectors(list(vectors), matrix_of(list(vectors.values())))

    def query_vector(self, query: str) -> QueryVector | None:
        """Embed a query. None when the model cannot be loaded or knows no word of the query."""
        try:
            vector = self.embedder().embed_query(query)
        except ModelError:
            return None
        except Exception:
            logger.exception("the model %s failed on a question", self.manifest.name)
            return None
        return QueryVector(self.fingerprint, self.role, vector) if np.any(vector) else None

    def with_neighbours(self, vector: QueryVector | None, until: float) -> QueryVector | None:
        """The vector of a query, with what the store says. None when the store is late or does not answer.

        :param until: how long to wait (monotonic).
        """
        return vector if self.store is None else self.store.with_neighbours(vector, until)


def kept_in_index(tiers: Iterable[Tier]) -> list[str]:
    """The models whose vectors are kept beside the index."""
    return [tier.fingerprint for tier in tiers if tier.store is None]


def choose_tiers(
    first: str, refine: str, folders: Iterable[str], cache: VectorCache | None
) -> tuple[list[Tier], list[ModelError]]:
    """Create the tiers that the settings name. A missing model gives an error and disables only its tier."""
    extra = [Path(folder).expanduser() for folder in folders]
    tiers: list[Tier] = []
    errors: list[ModelError] = []
    candidates = [(TierRole.FIRST, name) for name in (AUTO_FIRST if first == "auto" else (first,))]
    for role, name in (*candidates, (TierRole.REFINE, refine)):
        if name in ("", "none") or (role == TierRole.FIRST and tiers):
            continue
        try:
            manifest = _find_model(name, extra)
        except ModelError as error:
            if not (role == TierRole.FIRST and first == "auto" and name != AUTO_FIRST[-1]):
                errors.append(error)
            continue
        if all(tier.fingerprint != manifest.fingerprint for tier in tiers):
            tiers.append(Tier(role, manifest, cache))
    return tiers, errors


def choose_local_tiers(first: str, refine: str, folders: Iterable[str]) -> list[Tier]:
    """The tiers whose models run in this process, without a cache. Missing models are left out."""
    tiers, _errors = choose_tiers(first, refine, folders, None)
    return [tier for tier in tiers if tier.error is None and not tier.is_remote]


def _find_model(name: str, folders: Sequence[Path]) -> ModelManifest:
    for folder in folders:
        if os.path.isfile(folder / name / "model.toml"):  # `Path.is_file` raises where the folder cannot be read
            return find_model(str(folder / name))
    return find_model(name)
