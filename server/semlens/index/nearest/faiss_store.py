"""FAISS as a vector store (extra ``semlens[faiss]``): many long vectors in little memory, in one process.

The kind of index is FAISS's own description. The default keeps two bytes for each component and compares all vectors;
others train on the vectors that are put first. A column file with a checksum keeps the store.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

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
from semlens.index.segment.columns import ColumnFileError, read_column_file, write_column_file

DEFAULT_KIND = "SQfp16"


class FaissStore:
    """Readers and the writer take turns. The vectors are normalised, so that their inner product is the cosine."""

    def __init__(self, dimension: int, kind: str = DEFAULT_KIND) -> None:
        """:param kind: a description for FAISS's index factory, such as ``IVF4096,SQ8``.

        :raises VectorStoreError: when the package is missing, or does not know the kind.
        """
        faiss = _faiss()
        try:
            self._index = faiss.index_factory(dimension, f"IDMap2,{kind}", faiss.METRIC_INNER_PRODUCT)
        except RuntimeError as error:
            raise VectorStoreError(f"FAISS has no index of the kind {kind!r}: {error}") from error
        self._numbers: dict[bytes, int] = {}
        self._hashes: dict[int, bytes] = {}
        self._next = 0
        self._lock = threading.Lock()

    @property
    def dimension(self) -> int:
        return int(self._index.d)

    def __len__(self) -> int:
        return len(self._numbers)

    def nearest(self, query: Int8Vector, count: int) -> Neighbours:
        check_length(query, self.dimension)
        with self._lock:
            count = min(count, len(self._numbers))
            if not count:
                return Neighbours(np.zeros((0, 16), np.uint8), np.zeros(0, np.float32))
            try:
                cosines, numbers = self._index.search(_normalised(query[None]), count)
            except RuntimeError as error:
                raise VectorStoreError(f"FAISS could not search: {error}") from error
            known = numbers[0] >= 0
            found = b"".join(self._hashes[number] for number in numbers[0][known].tolist())
        return Neighbours(np.frombuffer(found, np.uint8).reshape(-1, 16), cosines[0][known].astype(np.float32))

    def put(self, hashes: Hashes, matrix: Int8Matrix) -> None:
        check_vectors(hashes, matrix, self.dimension)
        last = {row.tobytes(): number for number, row in enumerate(hashes)}  # of equal hashes the last counts
        vectors = _normalised(matrix[list(last.values())])
        with self._lock:
            self._remove(list(last))
            numbers = np.arange(self._next, self._next + len(last), dtype=np.int64)
            try:
                if not self._index.is_trained:
                    self._index.train(vectors)
                self._index.add_with_ids(vectors, numbers)
            except RuntimeError as error:
                raise VectorStoreError(f"FAISS could not add vectors: {error}") from error
            self._next += len(last)
            for key, number in zip(last, numbers.tolist(), strict=True):
                self._numbers[key] = number
                self._hashes[number] = key

    def known(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        with self._lock:
            return np.array([row.tobytes() in self._numbers for row in hashes], bool)

    def _remove(self, keys: list[bytes]) -> None:
        numbers = [self._numbers.pop(key) for key in keys if key in self._numbers]
        for number in numbers:
            del self._hashes[number]
        if numbers:
            try:
                self._index.remove_ids(np.array(numbers, np.int64))
            except RuntimeError as error:
                raise VectorStoreError(f"This kind of FAISS index cannot remove vectors: {error}") from error

    def close(self) -> None:
        """Nothing is open."""

    def save(self, path: Path) -> int:
        """Write the whole store or nothing.

        :returns: its size in bytes.
        :raises OSError: when the disk is full or the folder cannot be written.
        """
        with self._lock:
            numbers = np.array(list(self._hashes), np.int64)
            hashes = np.frombuffer(b"".join(self._hashes.values()), np.uint8).reshape(-1, 16)
            data = _faiss().serialize_index(self._index)
        columns = {"index": data, "numbers": numbers, "hashes": hashes}
        return write_column_file(path, columns, {"dimension": self.dimension})

    def read(self, path: Path) -> None:
        """Take the content of a file in the place of this store's.

        :raises VectorStoreError: when the file is missing, damaged, or has vectors of another length.
        """
        try:
            arrays, _ = read_column_file(path)
            index = _faiss().deserialize_index(np.array(arrays["index"]))
            numbers, hashes = arrays["numbers"].tolist(), arrays["hashes"]
        except (ColumnFileError, KeyError, RuntimeError) as error:
            raise VectorStoreError(f"The vector store cannot be read: {error}") from error
        if index.d != self.dimension:
            raise VectorStoreError(f"{path} has vectors of {index.d} components, not of {self.dimension}.")
        with self._lock:
            self._index = index
            self._hashes = {number: row.tobytes() for number, row in zip(numbers, hashes, strict=True)}
            self._numbers = {key: number for number, key in self._hashes.items()}
            self._next = max(numbers, default=-1) + 1


def _normalised(matrix: Int8Matrix) -> npt.NDArray[np.float32]:
    floats = matrix.astype(np.float32)
    normalised: npt.NDArray[np.float32] = floats / np.maximum(np.linalg.norm(floats, axis=1, keepdims=True), 1e-6)
    return normalised


def _faiss() -> Any:
    try:
        import faiss
    except ImportError as error:
        raise VectorStoreError("FAISS is not installed: pip install 'semlens[faiss]'.") from error
    return faiss
