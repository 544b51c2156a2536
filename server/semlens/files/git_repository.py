"""Finds the git work tree that a folder belongs to, and the root whose index answers for it. Does not run git.

Archives that others made may hold a ``.git`` file or link of any content. So a worktree shares a repository only when
the repository names that worktree too.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from semlens.core.errors import WorkspaceError
from semlens.core.paths import relative_path
from semlens.files.ignoring.git_config import first_line, local_path
from semlens.files.ignoring.ignore_tree import IgnoreTree
from semlens.files.roots import check_root
from semlens.settings.loading import WORKSPACE_FILE, Settings

_GIT = ".git"


def top_level(folder: Path) -> Path | None:
    """The top of the innermost work tree that contains the folder, without links; None outside of work trees.

    A ``.git`` that is no repository does not count, as in git. A folder within ``.git`` is in no work tree.
    """
    real = Path(os.path.realpath(folder))
    for candidate in (real, *real.parents):
        if candidate.name == _GIT:
            return None
        if _is_work_tree(candidate):
            return candidate
    return None


def common_folder(top: Path) -> Path | None:
    """The repository folder that a work tree shares with the other worktrees of the repository.

    None for submodules and separate repository folders, which no other work tree shares, and for a ``.git`` that the
    repository does not confirm.

    :param top: of the work tree, without links.
    """
    git = top / _GIT
    if git.is_symlink():
        return None
    if git.is_dir():
        return git if _is_repository(git) else None
    folder = _pointed_folder(top)
    if folder is None:
        return None
    common, work_tree = _path_in(folder, "commondir"), _path_in(folder, "gitdir")
    is_confirmed = common is not None and folder.parent == common / "worktrees" and work_tree == git
    return common if is_confirmed and common is not None and _is_repository(common) else None


def work_trees(common: Path) -> list[Path]:
    """The work trees that a repository names. Some may be gone; none of them is looked at.

    :param common: see `common_folder`.
    """
    found = [common.parent] if common.name == _GIT else []
    with contextlib.suppress(OSError):
        for name in sorted(os.listdir(common / "worktrees")):
            folder = str(common / "worktrees" / name)
            git = local_path(folder, first_line(os.path.join(folder, "gitdir")))
            if git is not None and os.path.basename(git) == _GIT:
                found.append(Path(git).parent)
    return found


def index_root_of(folder: Path, settings_of: Callable[[Path], Settings]) -> tuple[Path, str]:
    """The root whose index answers for a folder, and the path of the folder in it ("" for the root itself).

    A folder of a git work tree uses the index of its top level. It is a root of its own outside of work trees, when the
    top level is no root by itself (a home folder that is a repository), when the top level leaves it out, and when it
    has a ``.semlens.toml`` of its own.

    :param settings_of: returns the settings of one root.
    """
    real = Path(os.path.realpath(folder))
    top = top_level(real)
    relative = relative_path(str(top), str(real)) if top is not None else None
    if top is None or not relative or os.path.lexists(real / WORKSPACE_FILE):
        return real, ""
    try:
        check_root(top, explicit=False)
    except WorkspaceError:
        return real, ""
    files = settings_of(top).files
    tree = IgnoreTree(str(top), follow=files.follow_ignore, exclude=files.exclude, include=files.include)
    if tree.rules(relative) is None or not tree.includes(f"{relative}/{WORKSPACE_FILE}"):
        return real, ""
    return top, relative


def _is_work_tree(folder: Path) -> bool:
    git = folder / _GIT
    if git.is_dir():
        return _is_repository(git)
    pointed = _pointed_folder(folder)
    return pointed is not None and _is_repository(pointed)


def _is_repository(folder: Path) -> bool:
    """Whether the folder has what git demands of a repository, or of the part that belongs to one worktree."""
    if not os.path.lexists(folder / "HEAD"):
        return False
    return ((folder / "objects").is_dir() and (folder / "refs").is_dir()) or (folder / "commondir").is_file()


def _pointed_folder(top: Path) -> Path | None:
    """The folder that a ``.git`` file names, without links."""
    line = first_line(str(top / _GIT))
    if line is None or not line.startswith("gitdir:"):
        return None
    return _resolved(top, line.removeprefix("gitdir:").strip())


def _path_in(folder: Path, name: str) -> Path | None:
    """The path in a file of a worktree's folder, without links."""
    return _resolved(folder, first_line(str(folder / name)))


def _resolved(base: Path, target: str | None) -> Path | None:
    joined = local_path(str(base), target)
    return None if joined is None else Path(os.path.realpath(joined))
