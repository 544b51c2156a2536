from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_cases import DEADLINE_S, Workspace, write_model

from semlens.engine.query import query_service as questions


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes searches wait without a limit for pending changes, so that results do not depend on the machine's speed."""
    monkeypatch.setattr(questions, "BUFFER_WAIT_SECONDS", DEADLINE_S)
    monkeypatch.setattr(questions, "DISK_WAIT_SECONDS", DEADLINE_S)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture
def workspace(tmp_path: Path, tiny_model: Path) -> Iterator[Workspace]:
    """A workspace with a model, for tests of vectors."""
    made = Workspace(tmp_path / "code", tmp_path / "cache", tiny_model)
    yield made
    made.close()


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace without a model, which opens fast."""
    made = Workspace(tmp_path / "code", tmp_path / "cache", None)
    yield made
    made.close()
