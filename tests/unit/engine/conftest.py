from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine_cases import Workspace, write_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture
def workspace(tmp_path: Path, tiny_model: Path) -> Iterator[Workspace]:
    """With a model, for what concerns vectors."""
    made = Workspace(tmp_path / "code", tmp_path / "cache", tiny_model)
    yield made
    made.close()


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Workspace]:
    """Without any model: quick to open."""
    made = Workspace(tmp_path / "code", tmp_path / "cache", None)
    yield made
    made.close()
