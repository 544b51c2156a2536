"""The changes of a work tree, as the user's own git reports them. The repository can start nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from semlens.core.errors import UsageError, WorkspaceError
from semlens.core.text.printable import printable

_TIMEOUT_S = 30.0
_MAX_REF_CHARACTERS = 1_000
_SAFE = {"core.hooksPath": os.devnull, "core.fsmonitor": "false", "core.quotePath": "false", "gc.auto": "0"}
_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
    "LANGUAGE": "",
}


def git_diff(root: Path, ref: str, *, staged: bool = False) -> str:
    """The unified diff from a commit to the work tree or to what is staged, or of a range of commits.

    Paths are relative to the root.

    :raises UsageError: when git does not know the commit.
    :raises WorkspaceError: when there is no git, no repository or no commit.
    """
    if ref.startswith("-") or not ref.isprintable() or len(ref) > _MAX_REF_CHARACTERS:
        raise UsageError(f"{printable(ref[:100])} is no commit. Name a branch, a tag or a commit.")
    filters = _run(root, ["config", "--name-only", "--get-regexp", r"^filter\..*\.(clean|process|smudge)$"])
    off = [
        part for name in filters.stdout.decode("utf-8", "replace").split("\n") if name for part in ("-c", f"{name}=")
    ]
    options = ["--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--ignore-submodules", "--relative"]
    options += ["--unified=0", "--src-prefix=a/", "--dst-prefix=b/", *(["--cached"] if staged else [])]
    done = _run(root, [*off, "diff", *options, ref, "--"])
    if done.returncode:
        raise _explained(root, ref, done.stderr.decode("utf-8", "replace"))
    return done.stdout.decode("utf-8", "surrogateescape")


def end_of_range(ref: str) -> str | None:
    """The last commit of a range such as ``main..feature``; None for a single commit."""
    _, dots, end = ref.partition("..")
    return (end.removeprefix(".") or "HEAD") if dots else None


def git_file(root: Path, ref: str, path: str) -> str | None:
    """The text of a file in a commit, or None when the commit has no such file."""
    if ref.startswith("-"):
        return None
    done = _run(root, ["show", "--no-textconv", f"{ref}:./{path}"])
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def _run(root: Path, arguments: list[str]) -> subprocess.CompletedProcess[bytes]:
    """:raises WorkspaceError: when git is missing or takes too long."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | _ENVIRONMENT
    settings = [part for name, value in _SAFE.items() for part in ("-c", f"{name}={value}")]
    try:
        return subprocess.run(
            ["git", "--no-pager", *settings, *arguments],
            cwd=root, env=environment, capture_output=True, stdin=subprocess.DEVNULL, timeout=_TIMEOUT_S, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        raise WorkspaceError("git is not installed, so changes are not known. Install git, or give a diff.") from None
    except subprocess.TimeoutExpired:
        raise WorkspaceError(
            f"git diff in {printable(str(root))} took more than {_TIMEOUT_S:.0f} s. Give a diff."
        ) from None


def _explained(root: Path, ref: str, stderr: str) -> UsageError | WorkspaceError:
    text = stderr.lower()
    if "not a git repository" in text:
        return WorkspaceError(f"{printable(str(root))} is in no git repository, so changes are not known. Give a diff.")
    if "dubious ownership" in text:
        return WorkspaceError(f"git does not trust the owner of {printable(str(root))}. See git's safe.directory.")
    if "bad revision" in text or "unknown revision" in text or "ambiguous argument" in text:
        if _run(root, ["rev-parse", "--verify", "--quiet", "HEAD"]).returncode:
            return WorkspaceError(
                "The repository has no commit yet, so there is nothing to compare with. Commit first."
            )
        return UsageError(f"git knows no commit {printable(ref)}. Name a branch, a tag or a commit.")
    line = next((line for line in stderr.split("\n") if line.strip()), "no reason")
    return WorkspaceError(f"git diff failed ({printable(line.strip()[:300])}). Try it with git itself.")
