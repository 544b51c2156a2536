"""The static model as a torch module: bags of words in five fields, learned word and field weights, one matrix a field.

The runtime graph (``export.py``) computes the same from the same parameters; ``verify.py`` compares the two.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from semlens.embedding.local.static_tokenizer import N_FIELDS, QUERY_FIELD

EPSILON = 1e-3
"""Added to a field's summed weights: a field of weightless words fades out instead of blowing up."""

START_FIELD_WEIGHTS = (0.0, -0.5, 0.3, 0.4, 0.0)
"""Logarithms, for name, signature, documentation, body, question."""


class StaticModel(nn.Module):
    """:ivar table: word vectors, (words, dimension). Row 0 pads.

    :ivar word_weights: logarithms, (words, 2): in passages and, added to that, in questions.
    :ivar field_weights: logarithms, (5,).
    :ivar matrices: (5, dimension, dimension), applied to each field's mean.
    :ivar scale: logarithm of the loss's inverse temperature; not part of the shipped model.
    """

    def __init__(self, vectors: np.ndarray, weights: np.ndarray) -> None:
        super().__init__()
        n_words, dimension = vectors.shape
        self.table = nn.Parameter(torch.tensor(vectors, dtype=torch.float32))
        both = np.stack([np.log(weights), np.zeros(n_words)], axis=1)
        self.word_weights = nn.Parameter(torch.tensor(both, dtype=torch.float32))
        self.field_weights = nn.Parameter(torch.tensor(START_FIELD_WEIGHTS))
        self.matrices = nn.Parameter(torch.eye(dimension).repeat(N_FIELDS + 1, 1, 1))
        self.scale = nn.Parameter(torch.tensor(float(np.log(20.0))))

    def _field(self, field: int, ids: np.ndarray, lengths: np.ndarray) -> Tensor:
        """The field's part of the vector, shape (rows, dimension)."""
        index = torch.from_numpy(ids)
        logs = self.word_weights[index]
        weights = torch.exp(logs[:, 0] + logs[:, 1] if field == QUERY_FIELD else logs[:, 0])
        n = torch.from_numpy(lengths)
        offsets = torch.cumsum(n, 0) - n
        summed = functional.embedding_bag(index, self.table, offsets, mode="sum", per_sample_weights=weights)
        rows = torch.repeat_interleave(torch.arange(len(n)), n)
        total = torch.zeros(len(n)).index_add(0, rows, weights)
        mean = summed / (total[:, None] + EPSILON)
        return (mean @ self.matrices[field]) * torch.exp(self.field_weights[field])

    def forward(self, fields: dict[int, tuple[np.ndarray, np.ndarray]]) -> Tensor:
        """Unit vectors of rows given as field -> (flat int64 ids, int64 lengths)."""
        total: Tensor | None = None
        for field, (ids, lengths) in fields.items():
            part = self._field(field, ids, lengths)
            total = part if total is None else total + part
        assert total is not None
        return functional.normalize(total, dim=-1)
