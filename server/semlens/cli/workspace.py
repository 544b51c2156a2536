"""The folders that a command works on, and an engine in this process for them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from semlens.cli.runner import hide_log, say
from semlens.core.errors import UsageError, WorkspaceError

if TYPE_CHECKING:
    from semlens.core.hit import SearchHit
    from semlens.engine.engine import Engine
    from semlens.settings.loading import Settings


class Workspace(NamedTuple):
    """One folder to work on.

    :ivar folder: without links. :ivar explicit: the user named the folder. Only then may it be the home folder, and
        only then are hits outside of it left out.
    """

    folder: Path
    explicit: bool

    def load_settings(self) -> Settings:
        """Its settings. Problems in them are printed."""
        from semlens.settings.loading import load_settings

        settings, problems = load_settings(self.folder)
        for problem in problems:
            say(f"warning: {problem.message}")
        return settings


def named_workspace(folder: str | None, *, must_exist: bool = True) -> Workspace:
    """The workspace that an argument names. Without an argument, it is the current folder.

    :raises UsageError: when its name is empty, or it is missing, is a file, or may not be a root.
    """
    from semlens.files.roots import check_root

    explicit = folder is not None
    if folder == "":  # a variable of the shell that is not set
        raise UsageError("The name of the folder is empty. Name a folder, or leave the argument out.")
    path = os.path.expanduser(folder or ".")  # noqa: PTH111 - a Path raises for loops and unknown users
    if not must_exist:
        return Workspace(Path(os.path.realpath(path)), explicit)
    try:
        return Workspace(check_root(Path(path), explicit), explicit)
    except WorkspaceError as error:  # what was typed names no workspace, as a wrong file or symbol names none
        raise UsageError(str(error)) from error


def relative_path_of(hit: SearchHit, workspaces: Sequence[Workspace]) -> tuple[str, str]:
    """The folder of the workspace that a hit belongs to, and the path of the hit there, with forward slashes."""
    absolute = str(Path(hit.root, hit.path))
    folders = [str(workspace.folder) for workspace in workspaces]
    containing = [folder for folder in folders if absolute.startswith(folder.rstrip(os.sep) + os.sep)]
    folder = max(containing, key=len, default=folders[0] if folders else hit.root)
    return folder, os.path.relpath(absolute, folder).replace(os.sep, "/")


@contextlib.contextmanager
def running_engine(
    workspaces: Sequence[Workspace], settings: Settings, *, read_only: bool = False, follows: bool = False
) -> Iterator[Engine]:
    """An engine in this process with the roots of the workspaces. It is closed at the end.

    :param settings: of the first workspace.
    :param follows: when another process writes the index, wait for it instead of reading its last commit.
    :raises CacheError: when the cache folder cannot be used.
    """
    hide_log()
    from semlens.engine.engine import Engine
    from semlens.files.git_repository import index_root_of
    from semlens.settings.loading import cache_folder, load_settings

    def settings_of(root: Path) -> Settings:
        return settings if root == workspaces[0].folder else load_settings(root)[0]

    engine = Engine(
        settings,
        cache_folder=cache_folder(settings),
        settings_of=settings_of,
        read_only=read_only,
        one_shot=True,
        follows=follows,
    )
    try:
        for workspace in workspaces:
            root, _ = index_root_of(workspace.folder, settings_of)
            engine.add_root(root, explicit=workspace.explicit)
        engine.start()
        yield engine
    finally:
        engine.close()
