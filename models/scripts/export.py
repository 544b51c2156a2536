"""Trained parameters to the shipped folder: int8 word table, ONNX graph, vocabulary, manifest.

    python models/scripts/export.py --trained FILE.npz --out DIR [--fp32] [--start FILE --share 0.7]

The graph takes ``ids`` and ``fields``, both int32 (batch, length): the words of a row, padded with id 0, and the
field each stands in (0 to 3 name, signature, documentation, body; 4 question). It gives ``embedding``, float (batch,
256), length 1, or zeros for a row without words. ``--fp32`` keeps the table in full precision, for ``verify.py`` to
compare with.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from model_toml import write_model_toml
from semlens.embedding.local.static_tokenizer import FIELD_LIMITS, N_FIELDS, QUERY_FIELD
from static_model import EPSILON

_F = TensorProto.FLOAT


def quantised(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows as int8 and the scale of each, so that row = int8 * scale, to the nearest of 255 steps."""
    scale = np.abs(table).max(axis=1) / 127
    scale[scale == 0] = 1
    return np.rint(table / scale[:, None]).astype(np.int8), scale.astype(np.float32)


def build_graph(trained: dict[str, np.ndarray], *, fp32: bool) -> onnx.ModelProto:
    """The graph; field weights are folded into the fields' matrices, which are kept as float16."""
    table = trained["table"].astype(np.float32).copy()
    table[0] = 0
    logs = trained["word_weights"].astype(np.float64)
    in_passage, in_question = np.exp(logs[:, 0]), np.exp(logs[:, 0] + logs[:, 1])
    in_passage[0] = in_question[0] = 0
    stored, scale = (table, np.ones(len(table), np.float32)) if fp32 else quantised(table)
    matrices = trained["matrices"] * np.exp(trained["field_weights"])[:, None, None]
    dimension = table.shape[1]
    n_fields = N_FIELDS + 1
    matrix = matrices.reshape(n_fields * dimension, dimension)
    constants = {
        "table": stored,
        "words": np.stack([in_passage, in_question, scale], axis=1).astype(np.float32),
        "matrix": matrix.astype(np.float32 if fp32 else np.float16),
        "field_numbers": np.arange(n_fields, dtype=np.int32)[None, :, None],
        "is_question": (np.arange(n_fields) == QUERY_FIELD).astype(np.float32)[None, :, None],
        "is_passage": (np.arange(n_fields) != QUERY_FIELD).astype(np.float32)[None, :, None],
        "epsilon": np.array(EPSILON, dtype=np.float32),
        "tiny": np.array(1e-12, dtype=np.float32),
        "axis1": np.array([1], dtype=np.int64),
        "axis2": np.array([2], dtype=np.int64),
        "flat": np.array([-1, n_fields * dimension], dtype=np.int64),
        "split": np.array([1, 1, 1], dtype=np.int64),
    }
    node = helper.make_node
    nodes = [
        node("Gather", ["table", "ids"], ["stored_rows"], axis=0),  # (batch, length, dimension)
        node("Cast", ["stored_rows"], ["rows"], to=_F),
        node("Gather", ["words", "ids"], ["row_words"], axis=0),  # (batch, length, 3)
        node("Transpose", ["row_words"], ["word_rows"], perm=[0, 2, 1]),
        node("Split", ["word_rows", "split"], ["passage_weight", "question_weight", "scale"], axis=1),
        node("Unsqueeze", ["fields", "axis1"], ["fields3"]),
        node("Equal", ["fields3", "field_numbers"], ["in_field_bool"]),  # (batch, field, length)
        node("Cast", ["in_field_bool"], ["in_field"], to=_F),
        node("Mul", ["passage_weight", "is_passage"], ["passage_part"]),
        node("Mul", ["question_weight", "is_question"], ["question_part"]),
        node("Add", ["passage_part", "question_part"], ["weight_all"]),
        node("Mul", ["weight_all", "in_field"], ["weight"]),
        node("ReduceSum", ["weight", "axis2"], ["weight_sum"], keepdims=1),
        node("Add", ["weight_sum", "epsilon"], ["divisor"]),
        node("Mul", ["weight", "scale"], ["scaled_weight"]),
        node("MatMul", ["scaled_weight", "rows"], ["summed"]),  # (batch, field, dimension)
        node("Div", ["summed", "divisor"], ["means"]),
        node("Reshape", ["means", "flat"], ["means_flat"]),
        node("Cast", ["matrix"], ["matrix32"], to=_F),
        node("MatMul", ["means_flat", "matrix32"], ["vector"]),
        node("ReduceL2", ["vector"], ["length"], axes=[1], keepdims=1),
        node("Max", ["length", "tiny"], ["safe_length"]),
        node("Div", ["vector", "safe_length"], ["embedding"]),
    ]
    shape = ["batch", "length"]
    graph = helper.make_graph(
        nodes,
        "semlens-static",
        [helper.make_tensor_value_info(name, TensorProto.INT32, shape) for name in ("ids", "fields")],
        [helper.make_tensor_value_info("embedding", _F, ["batch", dimension])],
        [numpy_helper.from_array(np.ascontiguousarray(values), name) for name, values in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def mixed(start: dict[str, np.ndarray], trained: dict[str, np.ndarray], share: float) -> dict[str, np.ndarray]:
    """Parameters between two runs: ``share`` of the second's; the fields' weights are folded into their matrices."""

    def folded(part: dict[str, np.ndarray]) -> np.ndarray:
        matrices: np.ndarray = part["matrices"] * np.exp(part["field_weights"])[:, None, None]
        return matrices

    between = {**trained, "field_weights": np.zeros_like(trained["field_weights"])}
    between["matrices"] = ((1 - share) * folded(start) + share * folded(trained)).astype(np.float32)
    for name in ("table", "word_weights"):
        between[name] = ((1 - share) * start[name] + share * trained[name]).astype(np.float32)
    return between


def export(trained_file: Path, out: Path, *, name: str, fp32: bool, start_file: Path | None, share: float) -> None:
    trained = dict(np.load(trained_file))
    if start_file:
        trained = mixed(dict(np.load(start_file)), trained, share)
    out.mkdir(parents=True, exist_ok=True)
    words = [str(word) for word in trained["words"]]
    (out / "words.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    onnx.save(build_graph(trained, fp32=fp32), str(out / "model.onnx"))
    write_model_toml(
        out,
        {
            "name": name,
            "architecture": "static",
            "dimension": int(trained["table"].shape[1]),
            "max_tokens": sum(FIELD_LIMITS),
            "vocabulary": len(words),
            "pooling": "in-graph",
            "normalised": True,
            "precision": "fp32" if fp32 else "int8",
            "licence": "Apache-2.0",
        },
        ["model.onnx", "words.txt"],
        {
            "provenance": {
                "made_by": "the semlens project",
                "scripts": "models/scripts: mine, prepare, prepare_questions, teach, train_static, export",
                "training_data": "models/DATA.md",
                "starts_from": "word vectors of all-minilm-l6-v2, Apache-2.0; then the model of git revision dd54161",
                "torch": str(trained["torch"]),
                "share_of_tuned_weights": share,
                "arguments": str(trained["arguments"]),
            },
        },
    )
    print({path.name: path.stat().st_size for path in sorted(out.iterdir())})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trained", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", default="semlens-static-v1")
    parser.add_argument("--start", type=Path, help="parameters that training went on from, to be mixed in")
    parser.add_argument(
        "--share", type=float, default=1.0, help="of the trained parameters, the rest of those of --start"
    )
    parser.add_argument("--fp32", action="store_true")
    arguments = parser.parse_args()
    export(
        arguments.trained,
        arguments.out,
        name=arguments.name,
        fp32=arguments.fp32,
        start_file=arguments.start,
        share=arguments.share,
    )


if __name__ == "__main__":
    main()
