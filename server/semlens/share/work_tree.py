"""What git knows of a root: the hash of its tree, those of earlier commits, and whether files differ from the commit.

A tree's hash stands for its content. So equal trees share an index, whichever repository or commit they are of.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from semlens.core.text.printable import printable
from semlens.files.git_process import safe_environment
from semlens.files.git_repository import top_level
from semlens.share.errors import ShareError

GIT_SECONDS = 60.0
MAX_COMMITS = 50
"""Of the branch, newest first, whose trees may be shared when that of the newest is not."""

_NO_PROGRAMS = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
"""A repository may name programs that git would start."""


@dataclass(frozen=True, slots=True)
class WorkTree:
    """:ivar top: the top of the git work tree. :ivar relative: the root in it, "" for the top."""

    top: Path
    relative: str

    def trees(self) -> list[str]:
        """The hashes of the root's tree in the newest commits of the branch, newest first, each once.

        :raises ShareError: when there is no commit.
        """
        commits = self._git("rev-list", "--first-parent", f"--max-count={MAX_COMMITS}", "HEAD").split()
        names = [f"{commit}:{self.relative}" for commit in commits]
        found = self._git("rev-parse", *names, check=False).split()
        trees = [line for line in found if len(line) >= 40 and ":" not in line]
        if not trees:
            raise ShareError(f"{printable(str(self.top / self.relative))} is in no commit yet. Commit it first.")
        return list(dict.fromkeys(trees))

    def changed_files(self) -> list[str]:
        """Files that differ from the commit, or are new and not ignored."""
        listed = self._git("status", "--porcelain", "-z", "--no-renames", "--", self.relative or ".")
        return [entry[3:] for entry in listed.split("\0") if entry]

    def _git(self, *arguments: str, check: bool = True) -> str:
        return _run(self.top, arguments, check=check)


def work_tree_of(root: Path) -> WorkTree:
    """:raises ShareError: when the root is in no git work tree."""
    top = top_level(root)
    if top is None:
        raise ShareError(f"{printable(str(root))} is in no git repository. An index is shared by the commits of one.")
    relative = root.relative_to(top).as_posix()
    return WorkTree(top, "" if relative == "." else relative)


def _run(folder: Path, arguments: Sequence[str], *, check: bool) -> str:
    try:
        ran = subprocess.run(
            ["git", *_NO_PROGRAMS, *arguments],
            cwd=folder,
            env=safe_environment(folder),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GIT_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise ShareError("git is not installed. Install git: an index is shared by commits.") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ShareError(f"git does not answer in {printable(str(folder))} ({type(error).__name__}).") from error
    if check and ran.returncode:
        said = printable(ran.stderr.decode("utf-8", "replace").strip().partition("\n")[0])
        raise ShareError(f"git {arguments[0]} failed in {printable(str(folder))}: {said}")
    return ran.stdout.decode("utf-8", "surrogateescape")
