"""The exact scan as a vector index. It is the fastest index up to about a million vectors, and finds all of them."""

from __future__ import annotations

import numpy as np

from semlens.index.nearest.vector_index import (
    Cosines,
    Hashes,
    Int8Matrix,
    Int8Vector,
    Neighbours,
    check_length,
    check_vectors,
)
from semlens.index.segment.vectors import VectorBlock


class ExactIndex:
    """:param matrix: one vector for each hash, shape (n, dimension)."""

    def __init__(self, hashes: Hashes, matrix: Int8Matrix) -> None:
        check_vectors(hashes, matrix, matrix.shape[1])
        self._hashes = hashes
        self._block = VectorBlock(np.arange(len(hashes), dtype=np.uint32), matrix)

    @property
    def dimension(self) -> int:
        return int(self._block.matrix.shape[1])

    def __len__(self) -> int:
        return len(self._hashes)

    def nearest(self, query: Int8Vector, count: int) -> Neighbours:
        check_length(query, self.dimension)
        rows, cosines = self._block.nearest(query, count)
        kept: Cosines = cosines
        return Neighbours(self._hashes[rows], kept)
