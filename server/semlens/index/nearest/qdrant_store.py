"""Qdrant as a vector store (extra ``semlens[qdrant]``): vectors that do not fit the machine, on a server of the user's.

A content hash has the sixteen bytes of a UUID, which Qdrant takes as the key of a point. Points have no payload: the
server learns no path, no text and no name. Every call has a time limit. A server that is down, slow or not of this kind
raises `VectorStoreError`, and the caller goes on without.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from semlens.index.arrays import Int8Matrix
from semlens.index.nearest.vector_store import (
    Hashes,
    Int8Vector,
    Neighbours,
    VectorStoreError,
    check_length,
    check_vectors,
)

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

_TIMEOUT_S = 2
"""A search does not wait longer for the meaning by one tier."""

_BATCH = 256
_LOOKED_UP = 2_000


class QdrantStore:
    """One collection of a Qdrant server. It is created when it is not there."""

    def __init__(self, client: QdrantClient, collection: str, dimension: int) -> None:
        """:param collection: its name, one for each model: vectors of two models must not be compared.

        :raises VectorStoreError: when the server does not answer, or its collection has vectors of another length.
        """
        self._client = client
        self._collection = collection
        self.dimension = dimension
        models = _models()
        with _answering("open"):
            if not client.collection_exists(collection):
                vectors = models.VectorParams(size=dimension, distance=models.Distance.COSINE)
                client.create_collection(collection, vectors_config=vectors, timeout=_TIMEOUT_S)
            stored = client.get_collection(collection).config.params.vectors
        if getattr(stored, "size", None) != dimension:
            raise VectorStoreError(
                f"The collection {collection} has vectors of {getattr(stored, 'size', 'several')} components, "
                f"not of {dimension}. Name another collection."
            )

    def __len__(self) -> int:
        with _answering("count"):
            return int(self._client.count(self._collection, timeout=_TIMEOUT_S).count)

    def nearest(self, query: Int8Vector, count: int) -> Neighbours:
        check_length(query, self.dimension)
        with _answering("search"):
            points = self._client.query_points(
                self._collection,
                query=query.astype(np.float32).tolist(),
                limit=max(count, 1),
                with_payload=False,
                timeout=_TIMEOUT_S,
            ).points
        keys = b"".join(uuid.UUID(str(point.id)).bytes for point in points[:count])
        cosines = np.array([point.score for point in points[:count]], np.float32)
        return Neighbours(np.frombuffer(keys, np.uint8).reshape(-1, 16), cosines)

    def put(self, hashes: Hashes, matrix: Int8Matrix) -> None:
        check_vectors(hashes, matrix, self.dimension)
        last = {row.tobytes(): number for number, row in enumerate(hashes)}  # of equal hashes the last counts
        keys = _ids(list(last))
        vectors = matrix[list(last.values())].astype(np.float32).tolist()
        with _answering("store"):
            for start in range(0, len(keys), _BATCH):
                batch = _models().Batch(ids=keys[start : start + _BATCH], vectors=vectors[start : start + _BATCH])
                self._client.upsert(self._collection, batch, timeout=_TIMEOUT_S)

    def known(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        keys = _ids([row.tobytes() for row in hashes])
        found: set[str] = set()
        with _answering("look up"):
            for start in range(0, len(keys), _LOOKED_UP):
                records = self._client.retrieve(
                    self._collection, keys[start : start + _LOOKED_UP], with_payload=False, timeout=_TIMEOUT_S
                )
                found.update(str(record.id) for record in records)
        return np.array([key in found for key in keys], bool)

    def close(self) -> None:
        self._client.close()


def connect(url: str, key: str | None) -> QdrantClient:
    """A client of a server. :raises VectorStoreError: when the package is missing or the address is none."""
    _models()
    from qdrant_client import QdrantClient

    with _answering("connect"):
        return QdrantClient(url=url, api_key=key, timeout=_TIMEOUT_S, check_compatibility=False)


def _ids(keys: list[bytes]) -> list[Any]:
    return [str(uuid.UUID(bytes=key)) for key in keys]


def _models() -> Any:
    try:
        from qdrant_client import models
    except ImportError as error:
        raise VectorStoreError("The client of Qdrant is not installed: pip install 'semlens[qdrant]'.") from error
    return models


@contextlib.contextmanager
def _answering(action: str) -> Iterator[None]:
    """Turn every error of the client into `VectorStoreError`: it lets those of its transports through."""
    try:
        yield
    except VectorStoreError:
        raise
    except Exception as error:
        raise VectorStoreError(f"Qdrant could not {action}: {type(error).__name__}: {error}") from error
