"""Opens the vector store that the settings name, for the vectors of one model."""

from __future__ import annotations

import os
from pathlib import Path

from semlens.index.nearest.faiss_store import FaissStore
from semlens.index.nearest.qdrant_store import QdrantStore, connect
from semlens.index.nearest.vector_store import VectorStore, VectorStoreError
from semlens.settings.choices import VectorStoreSetting
from semlens.settings.schema import VectorsSettings
from semlens.settings.user_sources import QDRANT_KEY_VARIABLE


def open_store(settings: VectorsSettings, folder: Path, fingerprint: str, dimension: int) -> VectorStore:
    """:param folder: of stores that are files. :param fingerprint: of the model: vectors of two are never compared.

    :raises VectorStoreError: when it cannot be opened. A damaged file counts as empty.
    """
    if settings.store is VectorStoreSetting.QDRANT:
        if not settings.url:
            raise VectorStoreError("semlens.vectors.store is qdrant, but semlens.vectors.url is not set.")
        client = connect(settings.url, os.environ.get(QDRANT_KEY_VARIABLE))
        return QdrantStore(client, f"semlens-{fingerprint}", dimension)
    store = FaissStore(dimension, settings.faiss_kind)
    try:
        store.read(faiss_path(folder, fingerprint))
    except VectorStoreError:  # it is filled again
        return store
    return store


def save_store(store: VectorStore, folder: Path, fingerprint: str) -> None:
    """Write a store that is a file. :raises OSError: when the disk is full or the folder cannot be written."""
    if isinstance(store, FaissStore):
        store.save(faiss_path(folder, fingerprint))


def faiss_path(folder: Path, fingerprint: str) -> Path:
    return folder / f"vectors.{fingerprint}.faiss"


def faiss_files(folder: Path) -> list[Path]:
    """The files of all models, oldest first."""
    return sorted(folder.glob("vectors.*.faiss"), key=lambda path: path.stat().st_mtime)
