"""``semlens models``: lists, shows and verifies the embedding models."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from semlens.cli.output.terminal import human_bytes, paint
from semlens.core.errors import ModelError
from semlens.core.text.printable import printable
from semlens.embedding.manifest import ModelManifest, load_manifest
from semlens.embedding.registry import find_model, model_folders
from semlens.settings.loading import load_settings


def run_list(options: argparse.Namespace) -> int:
    manifests = known_models()
    if options.json:
        print(json.dumps({"models": [_json(manifest) for manifest in manifests]}))
        return 0
    if not manifests:
        print("No model is installed. Install semlens again to restore its models.")
    for manifest in manifests:
        name = paint(printable(manifest.name), "bold")
        print(
            f"{name:<28}  {manifest.architecture:<12} {manifest.dimension:>4} dimensions  "
            f"{human_bytes(_size(manifest)):>8}  {printable(manifest.licence)}"
        )
    return 0


def run_show(options: argparse.Namespace) -> int:
    manifest = find_model(options.model)
    if options.json:
        print(json.dumps({**_json(manifest), "details": manifest.details}, default=str))
        return 0
    print(f"{paint(printable(manifest.name), 'bold')}  {printable(str(manifest.folder))}")
    details = [(printable(name), printable(value)) for name, value in _flat(manifest.details) if value]
    width = max((len(name) for name, _ in details), default=0)
    for name, value in details:
        print(f"  {paint(name.ljust(width), 'dim')}  {value}")
    return 0


def run_verify(options: argparse.Namespace) -> int:
    """Exit code 1 when a file of a model is missing or damaged."""
    manifests = [find_model(options.model)] if options.model else known_models()
    faults: dict[str, str] = {}
    for manifest in manifests:
        try:
            manifest.verify()
        except ModelError as error:
            faults[manifest.name] = str(error)
    if options.json:
        names = [manifest.name for manifest in manifests]
        checked = [{"name": name, "ok": name not in faults, "message": faults.get(name, "")} for name in names]
        print(json.dumps({"models": checked}))
    else:
        for manifest in manifests:
            intact = f"{manifest.name}: {len(manifest.files)} files match their checksums."
            print(printable(faults.get(manifest.name) or intact))
        if not manifests:
            print("No model is installed. Install semlens again to restore its models.")
    return 1 if faults or not manifests else 0


def known_models() -> list[ModelManifest]:
    """The models of this installation, then those in the folders of the settings.

    :raises ModelError: when a manifest is invalid.
    """
    settings, _ = load_settings()
    own = [Path(folder).expanduser() for folder in settings.models.folders]
    manifests = [manifest for folder in own for manifest in sorted(folder.glob("*/model.toml"))]
    return [load_manifest(folder) for folder in (*model_folders(), *(manifest.parent for manifest in manifests))]


def _size(manifest: ModelManifest) -> int:
    return sum(file.size for file in manifest.files)


def _json(manifest: ModelManifest) -> dict[str, Any]:
    return {
        "name": manifest.name,
        "architecture": manifest.architecture,
        "dimension": manifest.dimension,
        "maxTokens": manifest.max_tokens,
        "licence": manifest.licence,
        "fingerprint": manifest.fingerprint,
        "folder": str(manifest.folder),
        "bytes": _size(manifest),
    }


def _flat(details: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for name, value in details.items():
        if isinstance(value, dict):
            lines += _flat(value, f"{prefix}{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for item in value:
                lines += _flat(item, f"{prefix}{name}.")
        else:
            lines.append((f"{prefix}{name}", str(value)))
    return lines
