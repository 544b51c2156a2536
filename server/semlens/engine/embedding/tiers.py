"""The models in use, loaded when needed and let go when idle, and the vectors they share through the cache."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semlens.core.errors import CacheError, ModelError
from semlens.core.hashing import ContentHash
from semlens.embedding.embedder import Embedder, TokenIds
from semlens.embedding.manifest import ModelManifest
from semlens.embedding.registry import find_model, load_embedder
from semlens.index.segment.vectors import Int8Matrix, matrix_of, quantise
from semlens.index.storage.database import StoreError
from semlens.index.storage.vector_cache import VectorCache
from semlens.search.signals.text_evidence import QueryVector

logger = logging.getLogger(__name__)

AUTO_FIRST = ("semlens-static-v1", "semlens-minilm-v1")
"""What ``auto`` means for the first tier: the first of these that is installed."""


@dataclass(frozen=True, slots=True)
class EmbeddedPassages:
    """:ivar matrix: one row a hash. :ivar n_computed: how many of them were not known before."""

    hashes: tuple[ContentHash, ...]
    matrix: Int8Matrix
    n_computed: int


class Tier:
    """One model and its place. Thread-safe.

    :ivar is_remote: a service's; ``accepts_unsaved``: text that is in no file may be given to it.
    :ivar error: why the model cannot be loaded, if it cannot.
    :ivar n_computed: vectors computed by this process. :ivar cache_error: why the cache failed last, or "".
    """

    is_remote = False
    accepts_unsaved = True

    def __init__(self, role: str, manifest: ModelManifest, cache: VectorCache | None) -> None:
        """:param role: ``first`` or ``refine``."""
        self.role = role
        self.manifest = manifest
        self.fingerprint = manifest.fingerprint
        self.error: ModelError | None = None
        self.n_computed = 0
        self.cache_error = ""
        self._cache = cache
        self._lock = threading.Lock()
        self._embedder: Embedder | None = None
        self._last_use = time.monotonic()

    @property
    def model(self) -> str:
        """What a worker needs to find it: its folder."""
        return str(self.manifest.folder)

    def embedder(self) -> Embedder:
        """:raises ModelError: when it cannot be loaded; said once, then again only after a restart."""
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
            return self._embedder

    @property
    def is_paused(self) -> bool:
        """It is of no use to ask it now."""
        return self.error is not None

    @property
    def retry_at(self) -> float:
        """When (monotonic) to ask it again while it rests; 0: never."""
        return 0.0

    def refresh(self) -> bool:
        """Whether `fingerprint` may be another than before."""
        return False

    def reset_pause(self) -> None:
        """Rest no longer: somebody may have mended what was wrong."""

    def close(self) -> None:
        """Give up what is under way."""

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
        """Vectors that the cache has; nothing when there is no cache or it fails."""
        if self._cache is None:
            return {}
        try:
            return self._cache.get(self.fingerprint, hashes)
        except (StoreError, CacheError) as error:
            self.cache_error = str(error)
            return {}

    def embed(self, tokens: Mapping[ContentHash, TokenIds], *, cache_vectors: bool) -> EmbeddedPassages:
        """Compute vectors.

        :param cache_vectors: put them into the cache; False for text that is not on disk.
        :returns: those of all passages; of fewer where a service failed in between.
        :raises ModelError: when the model cannot be loaded.
        """
        hashes = tuple(tokens)
        embedder = self.embedder()
        try:
            matrix = quantise(embedder.embed(list(tokens.values())))
        except Exception as error:  # whatever a model of the user's own does: its tier is lost, not the index
            logger.exception("the model %s failed", self.manifest.name)
            self.error = ModelError(f"The model {self.manifest.name} failed ({type(error).__name__}: {error}).")
            raise self.error from error
        self.n_computed += len(hashes)
        if cache_vectors:
            self.store_vectors(hashes, matrix)
        return EmbeddedPassages(hashes, matrix, len(hashes))

    def store_vectors(self, hashes: Sequence[ContentHash], matrix: Int8Matrix) -> None:
        """Put vectors into the cache; a full disk costs only the time to compute them again, and is said."""
        if self._cache is not None and len(hashes):
            try:
                self._cache.put(self.fingerprint, hashes, matrix)
                self.cache_error = ""
            except (StoreError, CacheError) as error:
                self.cache_error = str(error)

    def store_vector_bytes(self, vectors: Mapping[ContentHash, bytes]) -> None:
        """The same for vectors by hash."""
        if vectors:
            self.store_vectors(list(vectors), matrix_of(list(vectors.values())))

    def query_vector(self, query: str) -> QueryVector | None:
        """The question's vector, or None when the model cannot be loaded or knows no word of it."""
        try:
            vector = self.embedder().embed_query(query)
        except ModelError:
            return None
        except Exception:
            logger.exception("the model %s failed on a question", self.manifest.name)
            return None
        return QueryVector(self.fingerprint, self.role, vector) if np.any(vector) else None


def choose_tiers(
    first: str, refine: str, folders: Iterable[str], cache: VectorCache | None
) -> tuple[list[Tier], list[ModelError]]:
    """The tiers that the settings name; a model that is missing costs its tier alone."""
    extra = [Path(folder).expanduser() for folder in folders]
    tiers: list[Tier] = []
    errors: list[ModelError] = []
    wanted = [("first", name) for name in (AUTO_FIRST if first == "auto" else (first,))] + [("refine", refine)]
    for role, name in wanted:
        if name in ("", "none") or (role == "first" and tiers):
            continue
        try:
            manifest = _find_model(name, extra)
        except ModelError as error:
            if not (role == "first" and first == "auto" and name != AUTO_FIRST[-1]):
                errors.append(error)
            continue
        if all(tier.fingerprint != manifest.fingerprint for tier in tiers):
            tiers.append(Tier(role, manifest, cache))
    return tiers, errors


def _find_model(name: str, folders: Sequence[Path]) -> ModelManifest:
    for folder in folders:
        if (folder / name / "model.toml").is_file():
            return find_model(str(folder / name))
    return find_model(name)
