from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_cases import DEADLINE_S, Workspace, write_model

from semlens.engine.query import query_service as questions


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search waits for what was typed or changed however slow the machine is, so that no answer depends on time."""
    monkeypatch.setattr(questions, "BUFFER_WAIT_SECONDS", DEADLINE_S)
    monkeypatch.setattr(questions, "DISK_WAIT_SECONDS", DEADLINE_S)


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
