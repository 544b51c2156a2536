"""Writes an ONNX graph of one node, which looks up token ids in a table. So the tests do not depend on onnx."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

_INT64, _FLOAT = 7, 1


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _block(field: int, data: bytes | str) -> bytes:
    raw = data.encode() if isinstance(data, str) else data
    return _varint(field << 3 | 2) + _varint(len(raw)) + raw


def _value_info(name: str, element: int, dims: list[str | int]) -> bytes:
    fingerprint = b"".join(_block(1, _block(2, d) if isinstance(d, str) else _number(1, d)) for d in dims)
    tensor_type = _number(1, element) + _block(2, fingerprint)
    return _block(1, name) + _block(2, _block(1, tensor_type))


def lookup_graph(table: np.ndarray, *, operator: str = "Gather") -> bytes:
    """A graph from ``input_ids`` (batch, sequence) to ``hidden`` (batch, sequence, dimension)."""
    tensor = b"".join(_number(1, n) for n in table.shape) + _number(2, _FLOAT) + _block(8, "table")
    tensor += _block(9, table.astype("<f4").tobytes())
    node = _block(1, "table") + _block(1, "input_ids") + _block(2, "hidden") + _block(4, operator)
    graph = _block(1, node) + _block(2, "lookup") + _block(5, tensor)
    graph += _block(11, _value_info("input_ids", _INT64, ["batch", "sequence"]))
    graph += _block(11, _value_info("attention_mask", _INT64, ["batch", "sequence"]))
    graph += _block(12, _value_info("hidden", _FLOAT, ["batch", "sequence", table.shape[1]]))
    return _number(1, 8) + _block(7, graph) + _block(8, _number(2, 13))


def write_own_folder(folder: Path, table: np.ndarray, words: list[str], *, dimension: int | None = None) -> Path:
    """A model folder in the layout of sentence-transformers, with a whole-word tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(lookup_graph(table))
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": {w: i for i, w in enumerate(words)}, "unk_token": words[0]},
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    config = {"hidden_size": table.shape[1] if dimension is None else dimension}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder
