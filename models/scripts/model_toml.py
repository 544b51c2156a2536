"""Writes ``model.toml``: what a model is, with the size and sha256 of each of its files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # a JSON string is a TOML basic string
    if isinstance(value, Sequence):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_toml_value(v)}" for k, v in value.items()) + " }"
    raise TypeError(type(value))


def file_entries(folder: Path, names: Sequence[str]) -> list[dict[str, Any]]:
    """Name, size and sha256 of each file, in the given order."""
    entries = []
    for name in names:
        data = (folder / name).read_bytes()
        entries.append({"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()})
    return entries


def write_model_toml(
    folder: Path, head: Mapping[str, Any], files: Sequence[str], tables: Mapping[str, Mapping[str, Any]]
) -> None:
    """Write ``folder/model.toml``: ``head`` at the top, then one ``[[files]]`` a file, then the tables."""
    lines = [f"{key} = {_toml_value(value)}" for key, value in head.items()]
    for entry in file_entries(folder, files):
        lines += ["", "[[files]]", *(f"{key} = {_toml_value(value)}" for key, value in entry.items())]
    for name, table in tables.items():
        lines += ["", f"[{name}]", *(f"{key} = {_toml_value(value)}" for key, value in table.items())]
    (folder / "model.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
