"""A manifest for a model folder of the user's own that has none: read from the files that such folders have.

The layout is the one sentence-transformers writes: ``config.json``, ``1_Pooling/config.json``, ``tokenizer.json``, and
``model.onnx`` there or under ``onnx/``.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from semlens.core.errors import ModelError
from semlens.embedding.manifest import MODEL_FILE, ModelFile, ModelManifest

_GRAPH_NAMES = (MODEL_FILE, f"onnx/{MODEL_FILE}", "model_quantized.onnx", "onnx/model_quantized.onnx")
_DEFAULT_MAX_TOKENS = 256
_MAX_TOKENS_LIMIT = 512  # longer passages cost quadratic time and the index cuts them into parts anyway


def derive_manifest(folder: Path) -> ModelManifest:
    """What can be known about a sentence-embedding folder without ``model.toml``.

    Its files' hashes are taken as they are now: a folder that changes later counts as another model.

    :raises ModelError: when it holds no ONNX graph with a tokenizer, or does not say its dimension.
    """
    graph = next((name for name in _GRAPH_NAMES if (folder / name).is_file()), None)
    if graph is None or not (folder / "tokenizer.json").is_file():
        raise ModelError(f"There is no model at {folder}: it needs model.toml, or model.onnx and tokenizer.json.")
    config = _json(folder / "config.json")
    pooling = _json(folder / "1_Pooling" / "config.json")
    dimension = pooling.get("word_embedding_dimension") or config.get("hidden_size") or config.get("dim")
    if not isinstance(dimension, int) or dimension <= 0:
        raise ModelError(f"The model at {folder} does not say its dimension: add config.json with hidden_size.")
    limit = _json(folder / "sentence_bert_config.json").get("max_seq_length") or _DEFAULT_MAX_TOKENS
    prompts = _json(folder / "config_sentence_transformers.json").get("prompts") or {}
    names = [graph, "tokenizer.json", *sorted(_side_files(folder, graph))]
    return ModelManifest(
        name=folder.resolve().name,
        architecture="transformer",
        dimension=dimension,
        max_tokens=min(int(limit), _MAX_TOKENS_LIMIT),
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
    """Weights that ONNX keeps outside the graph file."""
    parent = (folder / graph).parent
    return [path.relative_to(folder).as_posix() for path in parent.glob(f"{Path(graph).name}_data*") if path.is_file()]


def _model_file(folder: Path, name: str) -> ModelFile:
    digest = hashlib.sha256()
    with (folder / name).open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
        return ModelFile(name, digest.hexdigest(), file.tell())


def _json(path: Path) -> dict[str, Any]:
    """An object from a JSON file; empty when the file is absent.

    :raises ModelError: when it is there but broken.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is not readable JSON: {error}.") from error
    return data if isinstance(data, dict) else {}
