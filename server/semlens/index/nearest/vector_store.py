"""The interface of vector stores, which hold the long vectors of a service outside of the index.

A vector is known by the content hash of its text, so a store knows no path, and has vectors of many workspaces.
`faiss_store` and `qdrant_store` implement it, and one test suite holds for both. `LocalRows` maps what a store returns
to the passages of a segment, and drops what is not there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from semlens.index.arrays import Int8Matrix

Hashes: TypeAlias = npt.NDArray[np.uint8]
"""Content hashes, shape (n, 16)."""
Int8Vector: TypeAlias = npt.NDArray[np.int8]
Cosines: TypeAlias = npt.NDArray[np.float32]


class VectorStoreError(Exception):
    """The store cannot answer: it is damaged, is down, was too slow, or holds vectors of another length."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest vectors, best first.

    :ivar hashes: their content hashes, shape (n, 16). :ivar cosines: to the query, shape (n,).
    """

    hashes: Hashes
    cosines: Cosines


class VectorStore(Protocol):
    """Vectors by content hash. Thread-safe for reading; one thread changes it."""

    @property
    def dimension(self) -> int: ...

    def __len__(self) -> int: ...

    def nearest(self, query: Int8Vector, count: int) -> Neighbours:
        """The vectors with the largest cosines to a quantised query: all, when there are fewer than ``count``.

        An approximate store may miss some.

        :raises VectorStoreError: when it cannot answer.
        """
        ...

    def put(self, hashes: Hashes, matrix: Int8Matrix) -> None:
        """Add vectors. A hash that is there gets the new vector.

        :raises VectorStoreError: when they cannot be stored.
        """
        ...

    def known(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """Which of these hashes have a vector, shape (n,).

        :raises VectorStoreError: when it cannot answer.
        """
        ...

    def close(self) -> None: ...


def check_length(vectors: npt.NDArray[np.int8], dimension: int) -> None:
    """:raises VectorStoreError: when vectors, or a query, have another length."""
    if vectors.shape[-1] != dimension:
        raise VectorStoreError(f"The vectors have {vectors.shape[-1]} components, and the store has {dimension}.")


def check_vectors(hashes: Hashes, matrix: Int8Matrix, dimension: int) -> None:
    """:raises VectorStoreError: when there is not one vector of the right length for each hash."""
    check_length(matrix, dimension)
    if len(hashes) != len(matrix):
        raise VectorStoreError(f"There are {len(matrix)} vectors for {len(hashes)} hashes.")


class LocalRows:
    """The passages of a segment by content hash.

    :param hashes: of the passages of the segment, shape (n, 16).
    """

    def __init__(self, hashes: Hashes) -> None:
        self._hashes = hashes

    @cached_property
    def _sorted(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
        keys = _keys(self._hashes)
        order = np.argsort(keys, kind="stable")
        return keys[order], order

    def of(self, neighbours: Neighbours) -> tuple[npt.NDArray[np.int64], Cosines]:
        """Rows of all passages with these hashes, and their cosines, best first. Other hashes are dropped."""
        keys, order = self._sorted
        wanted = _keys(neighbours.hashes)
        starts, stops = np.searchsorted(keys, wanted, "left"), np.searchsorted(keys, wanted, "right")
        numbers = np.repeat(np.arange(len(wanted)), stops - starts)
        places = np.arange(len(numbers)) + np.repeat(
            starts - np.cumsum(stops - starts) + (stops - starts), stops - starts
        )
        rows = order[places]
        same = (self._hashes[rows] == neighbours.hashes[numbers]).all(axis=1)
        return rows[same], neighbours.cosines[numbers[same]]


def _keys(hashes: Hashes) -> npt.NDArray[np.uint64]:
    """The first half of each hash as an integer."""
    keys: npt.NDArray[np.uint64] = np.ascontiguousarray(hashes[:, :8]).view(np.uint64).reshape(-1)
    return keys
