"""Describes a model. Reads ``models/<name>/model.toml`` and checks the model files against it."""

from __future__ import annotations

import enum
import hashlib
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from semlens.core.errors import ModelError

TEXT_FORMAT = 1
"""Version of the model's input text. Increase it with any change in ``passage_text`` or ``static_tokenizer``."""

MODEL_FILE = "model.onnx"


class Architecture(enum.StrEnum):
    """How a model makes a vector of a passage. The values are those of ``model.toml``."""

    STATIC = "static"
    """It adds the vectors of the words, for each field of the passage."""
    TRANSFORMER = "transformer"
    REMOTE = "remote"
    """A service makes the vector. There is no ``model.toml``."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model, with its expected hash and its size in bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class ModelManifest:
    """The description of a model.

    :ivar dimension: number of components of a vector.
    :ivar max_tokens: number of tokens that the model reads of a passage; the rest is truncated.
    :ivar details: all other values of the file: provenance, training data, measured quality and speed.
    """

    name: str
    architecture: Architecture
    dimension: int
    max_tokens: int
    licence: str
    files: tuple[ModelFile, ...]
    folder: Path
    details: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits that identify the model's vectors. They change with any byte of its files."""
        digest = hashlib.sha256(f"{TEXT_FORMAT}:{self.architecture}:{self.dimension}:{self.max_tokens}".encode())
        for key in ("pooling", "document_prefix", "query_prefix"):
            digest.update(f":{self.details.get(key, '')}".encode())
        for file in self.files:
            digest.update(file.sha256.encode())
        return digest.hexdigest()[:16]

    def path(self, name: str) -> Path:
        return self.folder / name

    def read(self, name: str) -> bytes:
        """Read one file of the model and verify it.

        :raises ModelError: when the file is missing, not listed, or its size or sha256 differs from the manifest.
        """
        for file in self.files:
            if file.name == name:
                return self._checked(file)
        raise ModelError(f"{self.folder / 'model.toml'} lists no file {name}. Install the model again.")

    def verify(self) -> None:
        """:raises ModelError: when a file is missing or its size or sha256 differs from the manifest."""
        for file in self.files:
            self._checked(file)

    def _checked(self, file: ModelFile) -> bytes:
        path = self.folder / file.name
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ModelError(f"Model {self.name} lacks {path}: install semlens again to restore it.") from error
        if len(data) != file.size or hashlib.sha256(data).hexdigest() != file.sha256:
            raise ModelError(f"Model file {path} does not match its checksum: install semlens again to restore it.")
        return data


def load_manifest(folder: Path) -> ModelManifest:
    """Read ``model.toml`` of a model folder.

    :raises ModelError: when the file is missing or invalid.
    """
    path = folder / "model.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        manifest = ModelManifest(
            name=str(data["name"]),
            architecture=_local_architecture(str(data["architecture"])),
            dimension=int(data["dimension"]),
            max_tokens=int(data["max_tokens"]),
            licence=str(data["licence"]),
            files=tuple(ModelFile(f["name"], f["sha256"], f["size"]) for f in data["files"]),
            folder=folder,
            details=data,
        )
    except OSError as error:
        raise ModelError(f"There is no model at {folder}: it has no readable model.toml. Check the path.") from error
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} is not a model manifest: {error}.") from error
    if not 0 < manifest.dimension <= 1 << 16 or manifest.max_tokens <= 0:
        raise ModelError(f"{path} is not a model manifest: dimension and max_tokens must be positive.")
    for file in manifest.files:
        if Path(file.name).is_absolute() or ".." in Path(file.name).parts:
            raise ModelError(f"{path} is not a model manifest: the file {file.name} lies outside its folder.")
    return manifest


def _local_architecture(text: str) -> Architecture:
    """:raises ValueError: when no local model has it."""
    if text not in (Architecture.STATIC, Architecture.TRANSFORMER):
        raise ValueError(f"its architecture is {text!r}, but it must be static or transformer")
    return Architecture(text)
