"""Passages and damaged model folders for the tests of the embedding package."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

from semlens.core.symbol import Passage, SymbolKind
from semlens.embedding.registry import find_model


def passage(name: str, body: str = "", *, qualifier: str = "", signature: str = "", documentation: str = "") -> Passage:
    return Passage(0, 0, 1, SymbolKind.FUNCTION, qualifier, name, signature, documentation, body)


def copy_model(name: str, target: Path) -> Path:
    """A copy of a bundled model that a test may damage."""
    shutil.copytree(find_model(name).folder, target)
    return target


def rewrite_hash(folder: Path, name: str) -> None:
    """Update the hash of a changed file in the manifest."""
    data = (folder / name).read_bytes()
    text = (folder / "model.toml").read_text(encoding="utf-8")
    block = re.compile(rf'(name = "{re.escape(name)}"\nsize = )\d+(\nsha256 = ")[0-9a-f]+')
    text, n_changes = block.subn(rf"\g<1>{len(data)}\g<2>{hashlib.sha256(data).hexdigest()}", text)
    assert n_changes == 1
    (folder / "model.toml").write_text(text, encoding="utf-8")
