"""all-MiniLM-L6-v2 as a torch module whose parameters have the names of the published checkpoint; any number of layers.

``minilm_graph.py`` builds the shipped graph from the same names, so that what is trained here is converted unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load, save_file
from torch import Tensor, nn
from torch.nn import functional

N_HEADS = 12
DIMENSION = 384
_INNER = 4 * DIMENSION
_EPSILON = 1e-12  # of BERT's layer normalisation


class Tokens(NamedTuple):
    """Rows of token ids, padded with 0 to the longest.

    :ivar ids: int64, shape (rows, width).
    :ivar lengths: int64, shape (rows,).
    """

    ids: Tensor
    lengths: Tensor


def pad(rows: Sequence[Sequence[int]]) -> Tokens:
    width = max(map(len, rows))
    ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in rows])
    return Tokens(ids, torch.tensor([len(row) for row in rows]))


def _dense(n_in: int, n_out: int) -> nn.ModuleDict:
    return nn.ModuleDict({"dense": nn.Linear(n_in, n_out)})


def _output(n_in: int) -> nn.ModuleDict:
    return nn.ModuleDict({"dense": nn.Linear(n_in, DIMENSION), "LayerNorm": nn.LayerNorm(DIMENSION, eps=_EPSILON)})


class _Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        heads = nn.ModuleDict({part: nn.Linear(DIMENSION, DIMENSION) for part in ("query", "key", "value")})
        self.attention = nn.ModuleDict({"self": heads, "output": _output(DIMENSION)})
        self.intermediate = _dense(DIMENSION, _INNER)
        self.output = _output(_INNER)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        rows, length, _ = hidden.shape
        heads = self.attention["self"].values()
        weight = torch.cat([part.weight for part in heads])
        bias = torch.cat([part.bias for part in heads])
        parts = functional.linear(hidden, weight, bias).view(rows, length, 3, N_HEADS, -1).permute(2, 0, 3, 1, 4)
        if hidden.is_cuda:
            attended = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2], attn_mask=mask)
        else:  # by hand: there the fused attention's backward pass takes a third more of the whole step's time
            scores = parts[0] @ parts[1].transpose(-1, -2) * (DIMENSION // N_HEADS) ** -0.5
            attended = functional.softmax(scores.masked_fill(~mask, -1e4), dim=-1) @ parts[2]
        out = self.attention["output"]
        hidden = out["LayerNorm"](hidden + out["dense"](attended.transpose(1, 2).reshape(rows, length, DIMENSION)))
        inner = self.output["dense"](functional.gelu(self.intermediate["dense"](hidden)))
        return self.output["LayerNorm"](hidden + inner)


class MiniLM(nn.Module):
    """Rows of token ids to unit vectors: mean over the tokens, as the shipped graph has it."""

    def __init__(self, n_layers: int = 6, vocabulary: int = 30522, positions: int = 512) -> None:
        super().__init__()
        self.embeddings = nn.ModuleDict(
            {
                "word_embeddings": nn.Embedding(vocabulary, DIMENSION),
                "position_embeddings": nn.Embedding(positions, DIMENSION),
                "token_type_embeddings": nn.Embedding(2, DIMENSION),
                "LayerNorm": nn.LayerNorm(DIMENSION, eps=_EPSILON),
            }
        )
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(_Layer() for _ in range(n_layers))})

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """:param ids: (rows, length). :param mask: bool, same shape, false where a row is padded."""
        tables = self.embeddings
        positions = tables["position_embeddings"].weight[: ids.shape[1]]
        hidden = tables["word_embeddings"](ids) + positions + tables["token_type_embeddings"].weight[0]
        hidden = tables["LayerNorm"](hidden)
        visible = mask[:, None, None, :]
        for layer in self.encoder["layer"]:
            hidden = layer(hidden, visible)
        summed = (hidden.float() * mask[:, :, None]).sum(dim=1)
        return functional.normalize(summed, dim=-1)

    def encode(self, tokens: Tokens, *, chunk: int = 32) -> Tensor:
        """Unit vectors of the rows, in their order; alike lengths run together."""
        device = self.embeddings["word_embeddings"].weight.device
        order = torch.argsort(tokens.lengths, stable=True)
        parts = []
        for some in order.split(chunk):
            lengths = tokens.lengths[some]
            width = int(lengths.max())
            ids = tokens.ids[some, :width].to(device, non_blocking=True)
            parts.append(self(ids, (torch.arange(width)[None, :] < lengths[:, None]).to(device, non_blocking=True)))
        return torch.cat(parts)[torch.argsort(order).to(device)]


def load_minilm(tensors: dict[str, Tensor], layers: Sequence[int] | None = None) -> MiniLM:
    """:param layers: which of the checkpoint's layers to keep, in order; all by default."""
    present = sorted({int(name.split(".")[2]) for name in tensors if name.startswith("encoder.layer.")})
    kept = list(layers) if layers is not None else present
    model = MiniLM(len(kept))
    renamed = {name: values for name, values in tensors.items() if name.startswith("embeddings.") and values.ndim <= 2}
    renamed.pop("embeddings.position_ids", None)
    for new, old in enumerate(kept):
        prefix = f"encoder.layer.{old}."
        renamed |= {
            f"encoder.layer.{new}.{name.removeprefix(prefix)}": values
            for name, values in tensors.items()
            if name.startswith(prefix)
        }
    model.load_state_dict(renamed)
    return model


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a ``.safetensors`` file."""
    tensors: dict[str, Tensor] = load(path.read_bytes())
    return tensors


def write_weights(model: MiniLM, path: Path) -> None:
    save_file({name: values.detach().contiguous() for name, values in model.state_dict().items()}, str(path))


def mixed(first: MiniLM, second: MiniLM, share: float) -> MiniLM:
    """A model between two of one shape: ``share`` of the second's weights, the rest of the first's."""
    model = MiniLM(len(first.encoder["layer"]))
    other = second.state_dict()
    model.load_state_dict({name: values.lerp(other[name], share) for name, values in first.state_dict().items()})
    return model
