"""The seam between the index and any embedding model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from semlens.core.symbol import Passage
from semlens.embedding.manifest import ModelManifest

Vectors: TypeAlias = npt.NDArray[np.float32]
"""Shape (n, dimension), rows of length 1."""

TokenIds: TypeAlias = bytes
"""One passage, tokenised: little-endian, opaque to everyone but the model's own embedder; cheap to pickle."""


class PassageTokenizer(Protocol):
    """The half of a model that parse workers run: needs the vocabulary, but neither weights nor ONNX Runtime."""

    def tokenize(self, passages: Sequence[Passage]) -> list[TokenIds]: ...


class Embedder(Protocol):
    """A loaded model. Thread-safe; every method is pure."""

    @property
    def manifest(self) -> ModelManifest: ...

    @property
    def tokenizer(self) -> PassageTokenizer: ...

    def embed(self, tokens: Sequence[TokenIds]) -> Vectors:
        """Vectors of tokenised passages, in their order. A passage's vector does not depend on its neighbours."""
        ...

    def embed_query(self, query: str) -> npt.NDArray[np.float32]:
        """Vector of a question, shape (dimension,), length 1; all zeros when no word of it is known."""
        ...


class GraphEmbedder(Embedder, Protocol):
    """An embedder that runs a graph on this machine."""

    @property
    def batch(self) -> int:
        """Passages that ``embed`` gives to one run of the graph."""
        ...

    def run(self, tokens: Sequence[TokenIds]) -> Vectors:
        """One run of the graph over all of them, on the caller's thread: what ``embed`` is made of, and measured by."""
        ...
