"""The changes of a work tree, as the user's own git reports them. The repository can start nothing."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from semlens.core.cancel import CancelToken
from semlens.core.errors import UsageError, WorkspaceError
from semlens.core.text.printable import printable
from semlens.files.local_git import LocalGit

_TIMEOUT_S = 30.0
_MAX_BYTES = 64 << 20
_MAX_REF_CHARACTERS = 1_000
_UNTRUSTED = re.compile(r"repository at '(.+)'")


def start_of_changes(root: Path, ref: str, cancel: CancelToken) -> str:
    """The commit that the changes of the work tree since ``ref`` begin at, or the range of commits as it is.

    It is where a branch parted from the present one: what others committed there since is no change of the user.

    :raises UsageError: when the text is no name of a commit.
    :raises WorkspaceError: when there is no git.
    :raises Cancelled: when the caller cancels.
    """
    if ref.startswith("-") or not ref.isprintable() or len(ref) > _MAX_REF_CHARACTERS:
        raise UsageError(f"{printable(ref[:100])} is no commit. Name a branch, a tag or a commit.")
    if ref == "HEAD" or end_of_range(ref):
        return ref
    answer = _git(root, cancel).run("merge-base", ref, "HEAD")
    return ref if answer.code else os.fsdecode(answer.output).strip()  # without a common commit: the whole difference


def git_diff(root: Path, ref: str, cancel: CancelToken, *, staged: bool = False) -> str:
    """The unified diff from a commit to the work tree or to what is staged, or of a range of commits.

    Paths are relative to the root.

    :param ref: as `start_of_changes` returns it.

    :raises UsageError: when git does not know the commit.
    :raises WorkspaceError: when there is no git, no repository or no commit.
    :raises Cancelled: when the caller cancels.
    """
    options = ["--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--ignore-submodules", "--relative"]
    options += ["--unified=0", "--src-prefix=a/", "--dst-prefix=b/", *(["--cached"] if staged else [])]
    git = _git(root, cancel)
    answer = git.run_on_files("diff", *options, ref, "--")
    if answer.code:
        raise _explained(git, ref, answer.errors)
    return answer.output.decode("utf-8", "surrogateescape")


def end_of_range(ref: str) -> str | None:
    """The last commit of a range such as ``main..feature``; None for a single commit."""
    _, dots, end = ref.partition("..")
    return (end.removeprefix(".") or "HEAD") if dots else None


def git_file(root: Path, ref: str, path: str, cancel: CancelToken) -> str | None:
    """The text of a file in a commit, or None when the commit has no such file."""
    if ref.startswith("-"):
        return None
    answer = _git(root, cancel).run("show", "--no-textconv", f"{ref}:./{path}")
    return answer.output.decode("utf-8", "replace") if answer.code == 0 else None


def _git(root: Path, cancel: CancelToken) -> LocalGit:
    return LocalGit(root, timeout_s=_TIMEOUT_S, max_bytes=_MAX_BYTES, cancel=cancel)


def _explained(git: LocalGit, ref: str, stderr: str) -> UsageError | WorkspaceError:
    errors, root = stderr, git.folder
    if "not a git repository" in errors.lower():  # `git diff` says so too where git does not trust the repository
        errors = git.run("rev-parse", "--git-dir").errors
    text = errors.lower()
    if "not a git repository" in text:
        return WorkspaceError(f"{printable(str(root))} is in no git repository, so changes are not known. Give a diff.")
    if "dubious ownership" in text:
        top = _UNTRUSTED.search(errors)  # git compares with the top of the work tree
        shown = printable(top[1] if top else str(root))
        quoted = f'"{shown}"' if os.name == "nt" else shlex.quote(shown)
        fix = f"Run: git config --global --add safe.directory {quoted}"
        return WorkspaceError(f"git does not trust {shown}, because another user owns it. {fix}")
    if text.startswith("usage:"):
        return UsageError(
            f"git cannot compare with {printable(ref)}. Name a branch, a tag, a commit or a range of them."
        )
    if "bad revision" in text or "unknown revision" in text or "ambiguous argument" in text:
        if git.run("rev-parse", "--verify", "--quiet", "HEAD").code:
            return WorkspaceError(
                "The repository has no commit yet, so there is nothing to compare with. Commit first."
            )
        return UsageError(f"git knows no commit {printable(ref)}. Name a branch, a tag or a commit.")
    line = next((line for line in stderr.split("\n") if line.strip()), "no reason")
    return WorkspaceError(f"git diff failed ({printable(line.strip()[:300])}). Try it with git itself.")
