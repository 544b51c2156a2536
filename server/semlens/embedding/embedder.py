"""The protocols that every embedding model implements. The index uses models only through them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from semlens.core.symbol import Passage
from semlens.embedding.manifest import ModelManifest

Vectors: TypeAlias = npt.NDArray[np.float32]
"""Shape (n, dimension). Each row has length 1."""

TokenIds: TypeAlias = bytes
"""The tokens of one passage as little-endian bytes. Only the embedder of the same model can read them."""


class PassageTokenizer(Protocol):
    """The part of a model that parse workers run. It needs the vocabulary, but no weights and no ONNX Runtime."""

    def tokenize(self, passages: Sequence[Passage]) -> list[TokenIds]: ...


class Embedder(Protocol):
    """A loaded model. It is thread-safe, and its methods have no side effects."""

    @property
    def manifest(self) -> ModelManifest: ...

    @property
    def tokenizer(self) -> PassageTokenizer: ...

    def embed(self, tokens: Sequence[TokenIds]) -> Vectors:
        """Return one vector for each tokenised passage, in order. A vector does not depend on the rest of the batch."""
        ...

    def embed_query(self, query: str) -> npt.NDArray[np.float32]:
        """Return the vector of a query: shape (dimension,), length 1. It is all zeros when no word is known."""
        ...


class LocalEmbedder(Embedder, Protocol):
    """An embedder that runs an ONNX graph on this machine."""

    @property
    def batch(self) -> int:
        """Number of passages in one run of the graph."""
        ...

    def run(self, tokens: Sequence[TokenIds]) -> Vectors:
        """Run the graph once over all passages, on the caller's thread. Benchmarks measure this."""
        ...
