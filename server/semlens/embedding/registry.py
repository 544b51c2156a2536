"""Finds and loads models. Imports ONNX Runtime and tokenizers only when a model is loaded."""

from __future__ import annotations

import os
from pathlib import Path

from semlens.core.errors import ModelError
from semlens.embedding.derived_manifest import derive_manifest
from semlens.embedding.embedder import Embedder, LocalEmbedder, PassageTokenizer
from semlens.embedding.manifest import Architecture, ModelManifest, load_manifest
from semlens.embedding.remote.service import LOCATOR_PREFIX, parse_locator
from semlens.settings.processors import n_available_cores

DEFAULT_THREADS = min(2, n_available_cores())
"""More threads than cores wait for each other."""

_PACKAGE = Path(__file__).resolve().parent.parent


def model_folders() -> list[Path]:
    """Return the folders of the bundled models, sorted by name. Each has a ``model.toml``.

    An installed package has them in ``semlens/_models``, a checkout in ``models/`` at its root.
    """
    for parent in (_PACKAGE / "_models", _PACKAGE.parent.parent / "models"):
        found = sorted(path.parent for path in parent.glob("*/model.toml"))
        if found:
            return found
    return []


def find_model(name_or_path: str | Path) -> ModelManifest:
    """Return the manifest of a bundled model by name, or of any model folder by path.

    A value with a path separator, or a leading ``~`` or ``.``, is a path. A folder without ``model.toml`` must be a
    sentence-embedding model with ``model.onnx`` and ``tokenizer.json``. The locator of a service gives its manifest.

    :raises ModelError: when there is no such model, or its manifest is invalid.
    """
    text = os.fspath(name_or_path)
    if text.startswith(LOCATOR_PREFIX):
        return parse_locator(text).manifest
    if isinstance(name_or_path, Path) or text.startswith(("~", ".")) or "/" in text or os.sep in text:
        folder = Path(text).expanduser()
        try:
            return load_manifest(folder) if (folder / "model.toml").exists() else derive_manifest(folder)
        except OSError as error:
            raise ModelError(f"The model at {folder} cannot be read ({error}). Make its files readable.") from error
    folders = model_folders()
    for folder in folders:
        if folder.name == text:
            return load_manifest(folder)
    known = ", ".join(folder.name for folder in folders) or "none"
    raise ModelError(f"There is no model named {text}; there are: {known}.")


def load_embedder(manifest: ModelManifest, *, threads: int = DEFAULT_THREADS) -> Embedder:
    """Load a model and verify its files. For a service, create its client.

    :param threads: number of passages or batches that a local model embeds at the same time.
    :raises ModelError: when a file is missing or altered, or the files do not match each other.
    """
    if manifest.architecture is Architecture.REMOTE:
        from semlens.embedding.remote.embedder import RemoteEmbedder

        return RemoteEmbedder(manifest.details["service"])
    return load_local_embedder(manifest, threads=threads)


def load_local_embedder(manifest: ModelManifest, *, threads: int = DEFAULT_THREADS) -> LocalEmbedder:
    """Like `load_embedder`, but only for models that run on this machine."""
    if manifest.architecture is Architecture.STATIC:
        from semlens.embedding.local.static_model import StaticEmbedder

        return StaticEmbedder(manifest, threads=threads)
    if manifest.architecture is Architecture.TRANSFORMER:
        from semlens.embedding.local.transformer import TransformerEmbedder

        return TransformerEmbedder(manifest, threads=threads)
    raise ModelError(f"{manifest.name} runs at a service. Name a model of this machine.")


def load_tokenizer(manifest: ModelManifest) -> PassageTokenizer:
    """Load only the tokenizer, without weights and ONNX Runtime. Parse workers use it.

    :raises ModelError: when its file is missing, altered or not a tokenizer.
    """
    if manifest.architecture is Architecture.STATIC:
        from semlens.embedding.local.static_tokenizer import StaticTokenizer

        return StaticTokenizer(manifest)
    if manifest.architecture is Architecture.TRANSFORMER:
        from semlens.embedding.local.transformer import TransformerTokenizer

        return TransformerTokenizer(manifest)
    from semlens.embedding.remote.outgoing_text import RemoteTokenizer

    return RemoteTokenizer(manifest.details["service"])
