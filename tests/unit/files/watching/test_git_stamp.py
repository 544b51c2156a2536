"""What git does to a repository is noticed, and nothing else is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from git_cases import git

from semlens.files.watching.git_stamp import git_stamp


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    top = tmp_path / "repository"
    top.mkdir()
    git(top, "init", "-q", "-b", "main")
    (top / "a.py").write_text("x = 1\n")
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "first")
    git(top, "branch", "other/one")
    (top / "a.py").write_text("x = 2\n")
    return top


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "a.py"),
        ("commit", "-q", "-a", "-m", "second"),
        ("commit", "-q", "--amend", "-m", "other words"),
        ("checkout", "-q", "other/one"),
        ("checkout", "-q", "--detach"),
        ("branch", "new/branch"),
        ("branch", "-d", "other/one"),
        ("tag", "v1"),
        ("pack-refs", "--all"),
        ("update-ref", "refs/remotes/origin/main", "HEAD"),
    ],
)
def test_what_git_changes_is_noticed(repository, arguments):
    before = git_stamp(repository)
    git(repository, *arguments)
    assert git_stamp(repository) != before
    assert git_stamp(repository / "folder") == git_stamp(repository)


def test_a_commit_in_a_worktree_is_noticed_there(repository, tmp_path):
    git(repository, "worktree", "add", "-q", str(tmp_path / "tree"), "other/one")
    before = git_stamp(tmp_path / "tree")
    git(tmp_path / "tree", "commit", "-q", "--allow-empty", "-m", "second")
    assert git_stamp(tmp_path / "tree") != before


def test_files_of_the_work_tree_and_questions_to_git_change_nothing(repository):
    before = git_stamp(repository)
    (repository / "b.py").write_text("y = 1\n")
    git(repository, "log")
    assert git_stamp(repository) == before


def test_a_folder_without_a_repository_has_no_stamp(tmp_path):
    assert git_stamp(tmp_path) == ()
    (tmp_path / ".git").write_text("gitdir: //elsewhere/x\n")
    assert git_stamp(tmp_path) == ()
    (tmp_path / ".git").write_text("gitdir: gone\n")
    assert set(git_stamp(tmp_path)) == {(0, 0, 0)}


@pytest.mark.skipif(os.name == "nt", reason="needs the right to make links")
def test_links_among_the_branches_are_not_followed(repository, tmp_path):
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (repository / ".git" / "refs" / "heads" / "far").symlink_to(tmp_path / "far")
    before = git_stamp(repository)
    (tmp_path / "far" / "deep" / "x").write_text("")
    assert git_stamp(repository) == before
