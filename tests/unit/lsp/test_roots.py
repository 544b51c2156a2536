"""The workspace folders of a client: names that are links, and folders that do not exist yet."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_engine import FakeEngine

from semlens.lsp.roots import Roots
from semlens.settings.loading import Settings


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine(Settings(), lambda _status: None)


@pytest.mark.parametrize("fate", ["leads elsewhere", "is gone"])
def test_the_folder_that_was_added_is_removed(engine: FakeEngine, tmp_path: Path, fate: str) -> None:
    link, roots = tmp_path / "link", Roots()
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    link.symlink_to(tmp_path / "first")
    for folder in (link, tmp_path / "second"):
        assert roots.add(engine, folder.as_uri()) is None
    link.unlink()
    if fate == "leads elsewhere":
        link.symlink_to(tmp_path / "second")
    roots.remove(engine, link.as_uri())
    assert engine.roots == [tmp_path / "second"]


def test_a_folder_with_two_names_stays_until_both_are_removed(engine: FakeEngine, tmp_path: Path) -> None:
    folder, link, roots = tmp_path / "folder", tmp_path / "link", Roots()
    folder.mkdir()
    link.symlink_to(folder)
    for path in (folder, link):
        roots.add(engine, path.as_uri())
    roots.remove(engine, folder.as_uri())
    assert len(engine.roots) == 1
    roots.remove(engine, link.as_uri())
    assert engine.roots == []


def test_a_missing_folder_can_be_added_once_it_exists(engine: FakeEngine, tmp_path: Path) -> None:
    folder, other, roots = tmp_path / "later", tmp_path / "never", Roots()
    for path in (folder, other):
        problem = roots.add(engine, path.as_uri())
        assert problem is not None
        assert problem.message == f"The folder {path} does not exist. It is indexed once it does."
    roots.remove(engine, other.as_uri())
    assert roots.appeared() == []
    folder.mkdir()
    other.mkdir()
    assert roots.appeared() == [folder.as_uri()]
    assert roots.add(engine, folder.as_uri()) is None
    assert not roots.misses_folders
    assert roots.problems == ()


def test_a_folder_with_an_impossible_name_is_a_problem_and_not_awaited(engine: FakeEngine, tmp_path: Path) -> None:
    roots = Roots()
    problem = roots.add(engine, (tmp_path / ("a" * 300)).as_uri())
    assert problem is not None
    assert "once it does" not in problem.message
    assert not roots.misses_folders
