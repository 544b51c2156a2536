"""What git knows of a root: the hash of its tree, those of earlier commits, and whether files differ from the commit.

A tree's hash stands for its content. So equal trees share an index, whichever repository or commit they are of.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from semlens.core.cancel import CancelToken
from semlens.core.errors import WorkspaceError
from semlens.core.text.printable import printable
from semlens.files.git_repository import top_level
from semlens.files.local_git import GitAnswer, LocalGit
from semlens.share.errors import ShareError

GIT_SECONDS = 60.0
MAX_COMMITS = 50
"""Of the branch, newest first, whose trees may be shared when that of the newest is not."""
_MAX_BYTES = 64 << 20
_SHOWN_FILES = 3


@dataclass(frozen=True, slots=True)
class WorkTree:
    """:ivar top: the top of the git work tree. :ivar relative: the root in it, "" for the top.

    :ivar cancel: ends git while it runs; the method then raises `Cancelled`.
    """

    top: Path
    relative: str
    cancel: CancelToken = field(default_factory=CancelToken)

    @property
    def root(self) -> Path:
        return self.top / self.relative

    def trees(self) -> list[str]:
        """The hashes of the root's tree in the newest commits of the branch, newest first, each once.

        :raises ShareError: when there is no commit.
        """
        listed = self._ask("rev-list", "--first-parent", f"--max-count={MAX_COMMITS}", "HEAD")
        if listed.code and self._ask("rev-parse", "--verify", "--quiet", "HEAD").code == 1:
            raise self._no_commit()  # git itself says that HEAD is ambiguous
        names = [f"{commit}:{self.relative}" for commit in self._output(listed).split()]
        found = self._ask("rev-parse", *names).output.decode("ascii", "replace").split()
        trees = [line for line in found if len(line) >= 40 and ":" not in line]
        if not trees:
            raise self._no_commit()
        return list(dict.fromkeys(trees))

    def _no_commit(self) -> ShareError:
        return ShareError(f"{printable(str(self.root))} is in no commit yet. Commit it first.")

    def check_committed(self, next_step: str) -> None:
        """Check that no file differs from the commit, or is new and not ignored. Submodules are not looked at.

        :param next_step: what the user can do once all is committed, such as "push again".
        :raises ShareError: when a file does.
        """
        listed = self._ask(
            "status", "--porcelain", "-z", "--no-renames", "--ignore-submodules", "--", ".", reads_files=True
        )
        changed = [printable(entry[3:]) for entry in self._output(listed).split("\0") if entry]
        if changed:
            more = f" and {len(changed) - _SHOWN_FILES} more" if len(changed) > _SHOWN_FILES else ""
            names = ", ".join(changed[:_SHOWN_FILES]) + more
            raise ShareError(f"Files differ from the commit: {names}. Commit, stash or ignore them, then {next_step}.")

    def committed_files(self) -> frozenset[str]:
        """Paths of the files below the root that git compares with the commit, relative to the root.

        These are not those that are ignored but indexed all the same, those of submodules, and those that git was
        told not to compare.
        """
        listed = self._output(self._ask("ls-files", "-z", "-v", "--cached", "--", ".")).split("\0")
        return frozenset(entry[2:] for entry in listed if entry.startswith("H "))

    def _ask(self, *arguments: str, reads_files: bool = False) -> GitAnswer:
        git = LocalGit(self.root, timeout_s=GIT_SECONDS, max_bytes=_MAX_BYTES, cancel=self.cancel)
        try:
            return git.run_on_files(*arguments) if reads_files else git.run(*arguments)
        except WorkspaceError as error:
            raise ShareError(str(error)) from error

    def _output(self, answer: GitAnswer) -> str:
        if answer.code:
            said = printable(answer.errors.strip().partition("\n")[0])
            raise ShareError(f"git failed in {printable(str(self.top))}: {said}")
        return answer.output.decode("utf-8", "surrogateescape")


def work_tree_of(root: Path, cancel: CancelToken | None = None) -> WorkTree:
    """:param cancel: see `WorkTree`. :raises ShareError: when the root is in no git work tree."""
    top = top_level(root)
    if top is None:
        raise ShareError(f"{printable(str(root))} is in no git repository. An index is shared by the commits of one.")
    relative = root.relative_to(top).as_posix()
    return WorkTree(top, "" if relative == "." else relative, cancel or CancelToken())
