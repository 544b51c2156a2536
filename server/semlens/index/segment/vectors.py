"""Vectors of passages, one byte for each component, with exact search, and with a graph where there is one.

A graph answers faster from about 40,000 vectors on (bench/vector_index.py). `index/nearest/hnsw` reads and writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
from simsimd import cdist, dot
from usearch.index import MetricKind  # type: ignore[attr-defined]  # its stubs forget to export it
from usearch.index import search as exact_search

from semlens.index.arrays import Floats, Int8Matrix, Ints, Rows


def quantise(vectors: Floats) -> Int8Matrix:
    """Scale each row so that its largest component is 127. Cosines do not change. Zero rows stay zero."""
    largest = np.abs(vectors).max(axis=-1, keepdims=True)
    scaled: Int8Matrix = np.rint(vectors * (127.0 / np.maximum(largest, 1e-12))).astype(np.int8)
    return scaled


def matrix_of(vectors: Sequence[bytes]) -> Int8Matrix:
    """Stack stored vectors of one model. Shape (n, dimension)."""
    return np.frombuffer(b"".join(vectors), np.int8).reshape(len(vectors), len(vectors[0]) if vectors else 0)


class Graph(Protocol):
    """See `index/nearest/hnsw`."""

    def nearest(self, query: npt.NDArray[np.int8], count: int) -> tuple[Ints, Floats]:
        """Places in the matrix of the nearest vectors, best first, with their cosines."""
        ...


@dataclass(frozen=True)
class VectorBlock:
    """Vectors of some passages of one segment.

    :ivar rows: passage rows, ascending, shape (n,). :ivar matrix: shape (n, dimension).
    :ivar graph: over the rows of the matrix, or None.
    """

    rows: Rows
    matrix: Int8Matrix
    graph: Graph | None = None

    @property
    def is_in_store(self) -> bool:
        """Whether the vectors are in a store outside of the index. Then only their rows are known here."""
        return bool(len(self.rows)) and not self.matrix.shape[1]

    def nearest(self, query: npt.NDArray[np.int8], count: int) -> tuple[Rows, Floats]:
        """The passages nearest to a quantised query, best first, with their cosines. A graph may miss some."""
        if not len(self.rows):
            return self.rows[:0], np.zeros(0, np.float32)
        if self.graph is not None:
            places, cosines = self.graph.nearest(query, count)
            return self.rows[places], cosines
        matches = exact_search(self.matrix, query, min(count, len(self.rows)), MetricKind.Cos, exact=True, threads=1)
        return self.rows[matches.keys.astype(np.int64)], (1.0 - matches.distances).astype(np.float32)

    @cached_property
    def lengths(self) -> Floats:
        """Euclidean length of every vector, at least 1e-6. Shape (n,)."""
        squares = np.atleast_1d(np.asarray(dot(self.matrix, self.matrix)))
        lengths: Floats = np.maximum(np.sqrt(squares), 1e-6).astype(np.float32)
        return lengths

    def all_cosines(self, query: npt.NDArray[np.int8]) -> Floats:
        """Cosine of every vector to a quantised query, in order of `rows`.

        170,000 vectors of 256 bytes take 1.8 ms. The library's cosine takes three times as long, because it computes
        each length again. Its threads also keep spinning for a while after each call.
        """
        return self.cosines_between(0, len(self.matrix), query)

    def cosines_between(self, start: int, stop: int, query: npt.NDArray[np.int8]) -> Floats:
        """`all_cosines` of the vectors from one place of the matrix to another."""
        if start >= stop:
            return np.zeros(0, np.float32)
        products = _products(self.matrix[start:stop], query)
        products /= self.lengths[start:stop]
        products /= np.float32(max(float(np.linalg.norm(query.astype(np.float32))), 1e-6))
        return products

    def cosines_of(self, places: Ints, query: npt.NDArray[np.int8]) -> Floats:
        """Cosines of the vectors at some places of the matrix."""
        return VectorBlock(self.rows[:0], self.matrix[places]).all_cosines(query)


def _products(matrix: Int8Matrix, query: npt.NDArray[np.int8]) -> Floats:
    """Dot product of each row with the query. Releases the interpreter lock."""
    return np.asarray(cdist(query[None, :], matrix, "dot", threads=1, out_dtype="float32")).reshape(-1)


def join_blocks(blocks: Sequence[VectorBlock]) -> VectorBlock:
    """Join blocks that share no row into one block."""
    rows = np.concatenate([block.rows for block in blocks])
    order = np.argsort(rows, kind="stable")
    return VectorBlock(rows[order], np.concatenate([block.matrix for block in blocks])[order])


def merge_blocks(parts: Sequence[tuple[VectorBlock, Ints]]) -> VectorBlock:
    """Join the blocks of merged segments.

    :param parts: each block with the new row of each passage of its segment, or -1.
    """
    blocks_kept = []
    for block, new_rows in parts:
        rows = new_rows[block.rows]
        keep = rows >= 0
        blocks_kept.append(VectorBlock(rows[keep].astype(np.uint32), block.matrix[keep]))
    return join_blocks(blocks_kept)
