"""Work trees of git are found by reading, and what an archive may claim about them is not believed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from git_cases import git

from semlens.files.git_repository import common_folder, index_root_of, top_level, work_trees
from semlens.settings.loading import Settings


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """With a sub-folder, ignored folders, and a repository nested in it."""
    top = tmp_path / "repository"
    for folder in ("src/deep", "node_modules/x", "out/made", "nested/lib", "own", "cache"):
        (top / folder).mkdir(parents=True)
    (top / ".gitignore").write_text("out/\n")
    (top / "own" / ".semlens.toml").write_text("")
    (top / "cache" / "CACHEDIR.TAG").write_text("")
    for folder in (top, top / "nested"):
        git(folder, "init", "-q")
    git(top, "commit", "-q", "--allow-empty", "-m", "first")
    return top


@pytest.mark.parametrize(
    ("folder", "top"),
    [
        ("", ""),
        ("src/deep", ""),
        ("out/made", ""),
        ("missing/folder", ""),
        ("nested", "nested"),
        ("nested/lib", "nested"),
        (".git/hooks", None),
        ("..", None),
    ],
)
def test_the_innermost_work_tree_is_used(repository, folder, top):
    assert top_level(repository / folder) == (None if top is None else repository / top)


def test_a_git_folder_that_is_no_repository_is_ignored(repository):
    (repository / "src" / "deep" / ".git").mkdir()
    (repository / "src" / ".git").write_text("gitdir: nowhere\n")
    assert top_level(repository / "src" / "deep") == repository


@pytest.mark.parametrize(
    ("folder", "root", "relative"),
    [
        ("", "", ""),
        ("src/deep", "", "src/deep"),
        ("node_modules/x", "node_modules/x", ""),
        ("out/made", "out/made", ""),
        ("cache", "cache", ""),
        ("own", "own", ""),
        (".git/hooks", ".git/hooks", ""),
        ("nested", "nested", ""),
        ("nested/lib", "nested", "lib"),
        ("..", "..", ""),
    ],
)
def test_the_root_that_indexes_a_folder(repository, folder, root, relative):
    found = index_root_of(repository / folder, lambda _root: Settings())
    assert found == ((repository / root).resolve(), relative)


def test_an_excluded_folder_is_its_own_root(repository):
    def root_with(**files: tuple[str, ...]) -> Path:
        settings = Settings()
        settings = replace(settings, files=replace(settings.files, **files))
        return index_root_of(repository / "src", lambda _root: settings)[0]

    assert root_with(exclude=("src/",)) == repository / "src"
    assert root_with(include=("nested/",)) == repository / "src"
    assert root_with(include=("src/",)) == repository


def test_a_home_folder_that_is_a_repository_is_no_root(repository, monkeypatch):
    monkeypatch.setenv("HOME", str(repository))
    assert index_root_of(repository / "src", lambda _root: Settings()) == (repository / "src", "")


def test_worktrees_share_the_folder_of_their_repository(repository, tmp_path):
    git(repository, "worktree", "add", "-q", "../tree")
    git(tmp_path, "clone", "-q", "--bare", "repository", "bare.git")
    git(tmp_path / "bare.git", "worktree", "add", "-q", "../of-bare")
    git(tmp_path / "bare.git", "worktree", "add", "-q", "../of-bare-too", "-b", "too")
    assert top_level(tmp_path / "tree") == tmp_path / "tree"
    assert common_folder(tmp_path / "tree") == common_folder(repository) == repository / ".git"
    assert {common_folder(tmp_path / name) for name in ("of-bare", "of-bare-too")} == {tmp_path / "bare.git"}
    assert common_folder(repository / "src") is None
    assert work_trees(repository / ".git") == [repository, tmp_path / "tree"]
    assert work_trees(tmp_path / "bare.git") == [tmp_path / "of-bare", tmp_path / "of-bare-too"]


def link(victim: Path, archive: Path) -> None:
    (archive / ".git").symlink_to(victim / ".git")


def file_to(target: str) -> object:
    return lambda victim, archive: (archive / ".git").write_text(f"gitdir: {target.format(victim=victim)}\n")


def forged_worktree(victim: Path, archive: Path) -> None:
    """All the files of a worktree, within the archive."""
    made = archive / "made"
    made.mkdir()
    (made / "HEAD").write_text("ref: refs/heads/main\n")
    (made / "commondir").write_text(f"{victim / '.git'}\n")
    (made / "gitdir").write_text(f"{archive / '.git'}\n")
    (archive / ".git").write_text("gitdir: made\n")


def worktree_of_another(victim: Path, archive: Path) -> None:
    git(victim, "worktree", "add", "-q", "../real")
    (archive / ".git").write_text((victim.parent / "real" / ".git").read_text())


def pipe(_victim: Path, archive: Path) -> None:
    os.mkfifo(archive / ".git")


@pytest.mark.parametrize(
    "claim",
    [
        link, file_to("{victim}/.git"), forged_worktree, worktree_of_another, pipe, file_to(""), file_to("a\0b"),
        file_to("//host/share"), file_to("\\\\host\\share"), file_to("x" * 100_000),
    ],
)  # fmt: skip
def test_a_worktree_link_that_the_repository_does_not_confirm_is_rejected(repository, tmp_path, claim):
    archive = tmp_path / "archive"
    archive.mkdir()
    claim(repository, archive)
    top_level(archive)  # does not block
    assert common_folder(archive) is None
