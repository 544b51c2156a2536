"""MiniLM as an ONNX graph of fused operators, built from its weights alone: no torch, no exporter.

The operators are ONNX Runtime's contributed ones (EmbedLayerNormalization, Attention, SkipLayerNormalization,
BiasGelu); mean pooling and L2 normalisation are inside, so that the graph's one output is the embedding.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

N_HEADS = 12
DIMENSION = 384
_CONTRIBUTED = "com.microsoft"
_EPSILON = 1e-12  # of BERT's layer normalisation

Weights = Mapping[str, npt.NDArray[np.float32]]


class _Graph:
    """Nodes and constants, as they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, values: npt.NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, operator: str, inputs: list[str], outputs: list[str], **attributes: object) -> str:
        self.nodes.append(helper.make_node(operator, inputs, outputs, **attributes))
        return outputs[0]


def _layer(graph: _Graph, weights: Weights, index: int, hidden: str) -> str:
    """One transformer layer; returns the name of its output, shape (batch, sequence, 384)."""
    prefix = f"encoder.layer.{index}."
    parts = ("query", "key", "value")
    qkv = np.concatenate([weights[f"{prefix}attention.self.{part}.weight"].T for part in parts], axis=1)
    qkv_bias = np.concatenate([weights[f"{prefix}attention.self.{part}.bias"] for part in parts])

    def named(suffix: str) -> str:
        return f"layer{index}_{suffix}"

    def own(suffix: str, key: str, *, transpose: bool = False) -> str:
        values = weights[prefix + key]
        return graph.constant(named(suffix), values.T if transpose else values)

    attended = graph.node(
        "Attention",
        [hidden, graph.constant(named("qkv"), qkv), graph.constant(named("qkv_bias"), qkv_bias), "mask32"],
        [named("attended")],
        domain=_CONTRIBUTED,
        num_heads=N_HEADS,
    )
    projected = graph.node(
        "MatMul",
        [attended, own("out", "attention.output.dense.weight", transpose=True)],
        [named("projected")],
    )
    middle = graph.node(
        "SkipLayerNormalization",
        [
            projected,
            hidden,
            own("norm1_weight", "attention.output.LayerNorm.weight"),
            own("norm1_bias", "attention.output.LayerNorm.bias"),
            own("out_bias", "attention.output.dense.bias"),
        ],
        [named("middle")],
        domain=_CONTRIBUTED,
        epsilon=_EPSILON,
    )
    wide = graph.node("MatMul", [middle, own("up", "intermediate.dense.weight", transpose=True)], [named("wide")])
    active = graph.node(
        "BiasGelu", [wide, own("up_bias", "intermediate.dense.bias")], [named("active")], domain=_CONTRIBUTED
    )
    narrow = graph.node("MatMul", [active, own("down", "output.dense.weight", transpose=True)], [named("narrow")])
    return graph.node(
        "SkipLayerNormalization",
        [
            narrow,
            middle,
            own("norm2_weight", "output.LayerNorm.weight"),
            own("norm2_bias", "output.LayerNorm.bias"),
            own("down_bias", "output.dense.bias"),
        ],
        [named("hidden")],
        domain=_CONTRIBUTED,
        epsilon=_EPSILON,
    )


def n_layers(weights: Weights) -> int:
    return len({name.split(".")[2] for name in weights if name.startswith("encoder.layer.")})


def build_minilm(tensors: Weights, name: str) -> onnx.ModelProto:
    """The fp32 graph: int64 ``input_ids`` and ``attention_mask``, both (batch, sequence), to
    ``embedding`` (batch, 384).

    :param tensors: the checkpoint's tensors by name, with any number of layers.
    :param name: of the graph.
    """
    weights = {name: np.asarray(values, dtype=np.float32) for name, values in tensors.items() if values.ndim <= 2}
    graph = _Graph()
    graph.node("Cast", ["input_ids"], ["ids32"], to=TensorProto.INT32)
    graph.node("Cast", ["attention_mask"], ["mask32"], to=TensorProto.INT32)
    # one segment only, so its embedding is added to the positions once and for all
    positions = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    graph.node(
        "EmbedLayerNormalization",
        [
            "ids32",
            "",
            graph.constant("words", weights["embeddings.word_embeddings.weight"]),
            graph.constant("positions", positions),
            "",
            graph.constant("embedding_norm_weight", weights["embeddings.LayerNorm.weight"]),
            graph.constant("embedding_norm_bias", weights["embeddings.LayerNorm.bias"]),
        ],
        ["embedded", "mask_index"],
        domain=_CONTRIBUTED,
        epsilon=_EPSILON,
    )
    hidden = "embedded"
    for index in range(n_layers(weights)):
        hidden = _layer(graph, weights, index, hidden)
    axis = graph.constant("axis", np.array([1], dtype=np.int64))
    graph.node("Cast", ["attention_mask"], ["mask_float"], to=TensorProto.FLOAT)
    graph.node("Unsqueeze", ["mask_float", axis], ["mask_row"])
    # (1 x sequence) @ (sequence x 384) sums over the tokens; the mean's divisor cancels in the normalisation
    graph.node("MatMul", ["mask_row", hidden], ["pooled_row"])
    graph.node("Squeeze", ["pooled_row", axis], ["pooled"])
    graph.node("LpNormalization", ["pooled"], ["embedding"], axis=1, p=2)
    shape = ["batch", "sequence"]
    return helper.make_model(
        helper.make_graph(
            graph.nodes,
            name,
            [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("input_ids", "attention_mask")],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", DIMENSION])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(_CONTRIBUTED, 1)],
        ir_version=8,
    )
