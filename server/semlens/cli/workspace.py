"""The workspace of a command: its folder, its settings, and an engine that runs as long as the command does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from semlens.cli.runner import say
from semlens.core.status import WatchMode
from semlens.files.discovery import check_root
from semlens.settings.loading import Settings, cache_folder, load_settings

if TYPE_CHECKING:
    from semlens.engine.engine import Engine


@dataclass(frozen=True, slots=True)
class Workspace:
    """One folder to work on.

    :ivar explicit: the user named the folder. Only then may it be the home folder.
    """

    root: Path
    explicit: bool
    settings: Settings

    @property
    def cache_folder(self) -> Path:
        return cache_folder(self.settings)


def open_workspace(folder: str | None, *, must_exist: bool = True) -> Workspace:
    """The workspace that an argument names. Without an argument, it is the current folder.

    :raises WorkspaceError: when it is missing, is a file, or may not be a root.
    """
    explicit = folder is not None
    path = Path(folder if folder is not None else ".").expanduser()
    root = check_root(path, explicit) if must_exist else path.resolve()
    settings, problems = load_settings(root)
    for problem in problems:
        say(f"warning: {problem.message}")
    return Workspace(root, explicit, settings)


@contextlib.contextmanager
def running_engine(workspace: Workspace, *, read_only: bool = False, follows: bool = False) -> Iterator[Engine]:
    """An engine whose only root is the workspace. It is closed at the end.

    :param follows: when another process writes the index, wait for it instead of reading its last commit.
    :raises CacheError: when the cache folder cannot be used.
    """
    from semlens.engine.engine import Engine

    engine = Engine(
        workspace.settings, cache_folder=workspace.cache_folder, read_only=read_only, one_shot=True, follows=follows
    )
    try:
        engine.add_root(workspace.root, explicit=workspace.explicit, watching=WatchMode.NONE)
        engine.start()
        yield engine
    finally:
        engine.close()
