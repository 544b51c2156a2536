"""Derives a manifest for a user's model folder that has no ``model.toml``.

The folder must have the layout that sentence-transformers writes:
``config.json``, ``1_Pooling/config.json``, ``tokenizer.json``, and
``model.onnx`` there or under ``onnx/``.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from semlens.core.errors import ModelError
from semlens.embedding.manifest import MODEL_FILE, Architecture, ModelFile, ModelManifest

_GRAPH_NAMES = (MODEL_FILE, f"onnx/{MODEL_FILE}", "model_quantized.onnx", "onnx/model_quantized.onnx")
_DEFAULT_MAX_TOKENS = 256
_MAX_TOKENS_LIMIT = 512  # attention costs quadratic time, and the index splits long passages


def derive_manifest(folder: Path) -> ModelManifest:
    """Derive a manifest from the files of a sentence-embedding folder.

    The manifest has the current hashes of the files. A folder that changes later counts as another model.

    :raises ModelError: when there is no ONNX graph or tokenizer, the dimension is not stated, or a value has no sense.
    :raises OSError: when a file cannot be read.
    """
    graph = next((name for name in _GRAPH_NAMES if (folder / name).is_file()), None)
    if graph is None or not (folder / "tokenizer.json").is_file():
        raise ModelError(f"There is no model at {folder}: it needs model.toml, or model.onnx with tokenizer.json.")
    config = _json(folder / "config.json")
    pooling = _json(folder / "1_Pooling" / "config.json")
    dimension = pooling.get("word_embedding_dimension") or config.get("hidden_size") or config.get("dim")
    if not isinstance(dimension, int) or dimension <= 0:
        raise ModelError(f"The model at {folder} does not state its dimension. Add a config.json with hidden_size.")
    limits = folder / "sentence_bert_config.json"
    limit = _json(limits).get("max_seq_length") or _DEFAULT_MAX_TOKENS
    if not isinstance(limit, int) or limit < 1:
        raise ModelError(f"max_seq_length in {limits} is no number. Restore the file from the model's source.")
    texts = folder / "config_sentence_transformers.json"
    prompts = _json(texts).get("prompts") or {}
    if not isinstance(prompts, dict):
        raise ModelError(f"prompts in {texts} is no object. Restore the file from the model's source.")
    names = [graph, "tokenizer.json", *sorted(_side_files(folder, graph))]
    return ModelManifest(
        name=folder.resolve().name,
        architecture=Architecture.TRANSFORMER,
        dimension=dimension,
        max_tokens=min(limit, _MAX_TOKENS_LIMIT),
        licence="unknown",
        files=tuple(_model_file(folder, name) for name in names),
        folder=folder,
        details={
            "graph": graph,
            "pooling": "cls" if pooling.get("pooling_mode_cls_token") else "mean",
            "query_prefix": str(prompts.get("query", "")),
            "document_prefix": str(prompts.get("document", prompts.get("passage", ""))),
        },
    )


def _side_files(folder: Path, graph: str) -> list[str]:
    """Return the names of weight files that ONNX stores beside the graph file."""
    parent = (folder / graph).parent
    return [path.relative_to(folder).as_posix() for path in parent.glob(f"{Path(graph).name}_data*") if path.is_file()]


def _model_file(folder: Path, name: str) -> ModelFile:
    digest = hashlib.sha256()
    with (folder / name).open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
        return ModelFile(name, digest.hexdigest(), file.tell())


def _json(path: Path) -> dict[str, Any]:
    """Read an object from a JSON file; an absent file gives an empty object.

    :raises ModelError: when the file exists but is not valid JSON.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is not readable JSON ({error}). Restore the file from the model's source.") from error
    return data if isinstance(data, dict) else {}
