"""What a model is: read from ``models/<name>/model.toml``, checked against the files beside it."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from semlens.core.errors import ModelError


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model, with what it must be."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class ModelManifest:
    """A model as data.

    :ivar architecture: ``static`` (bags of words, fields) or ``transformer``.
    :ivar dimension: length of its vectors.
    :ivar max_tokens: tokens of a passage that the model reads; the rest is cut.
    :ivar details: everything else the file says: provenance, training data, measured quality and speed.
    """

    name: str
    architecture: str
    dimension: int
    max_tokens: int
    licence: str
    files: tuple[ModelFile, ...]
    folder: Path
    details: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def fingerprint(self) -> str:
        """Identity of the vectors it makes, 16 hexadecimal digits: changes with any byte of its files."""
        digest = hashlib.sha256(f"{self.architecture}:{self.dimension}:{self.max_tokens}".encode())
        for file in self.files:
            digest.update(file.sha256.encode())
        return digest.hexdigest()[:16]

    def path(self, name: str) -> Path:
        return self.folder / name

    def verify(self) -> None:
        """:raises ModelError: when a file is missing or its size or sha256 differs from the manifest."""
        for file in self.files:
            path = self.folder / file.name
            try:
                data = path.read_bytes()
            except OSError as error:
                raise ModelError(
                    f"Model {self.name} lacks {path}: install semlens again to restore it."
                ) from error
            if len(data) != file.size or hashlib.sha256(data).hexdigest() != file.sha256:
                raise ModelError(
                    f"Model file {path} does not match its checksum: install semlens again to restore it."
                )


def load_manifest(folder: Path) -> ModelManifest:
    """Read ``model.toml`` of a model folder.

    :raises ModelError: when the file is missing or does not say what it must.
    """
    path = folder / "model.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return ModelManifest(
            name=data["name"],
            architecture=data["architecture"],
            dimension=data["dimension"],
            max_tokens=data["max_tokens"],
            licence=data["licence"],
            files=tuple(ModelFile(f["name"], f["sha256"], f["size"]) for f in data["files"]),
            folder=folder,
            details=data,
        )
    except OSError as error:
        raise ModelError(f"There is no model at {folder}: it has no readable model.toml.") from error
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} is not a model manifest: {error}.") from error
