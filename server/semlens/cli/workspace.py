"""What several commands need: the folder meant, its settings, and an engine over it for as long as a command runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from semlens.cli.runner import say
from semlens.files.discovery import check_root
from semlens.settings.loading import Settings, cache_folder, load_settings

if TYPE_CHECKING:
    from semlens.engine.engine import Engine


@dataclass(frozen=True, slots=True)
class Workspace:
    """One folder to work on.

    :ivar asked: the user named it, rather than happening to stand in it: only then may it be the home folder.
    """

    root: Path
    asked: bool
    settings: Settings

    @property
    def cache_folder(self) -> Path:
        return cache_folder(self.settings)


def open_workspace(folder: str | None, *, must_exist: bool = True) -> Workspace:
    """The workspace meant by an argument, none being the folder we stand in.

    :raises WorkspaceError: when it is missing, is a file, or may not be taken as a root.
    """
    asked = folder is not None
    named = Path(folder if folder is not None else ".").expanduser()
    root = check_root(named, asked) if must_exist else named.resolve()
    settings, problems = load_settings(root)
    for problem in problems:
        say(f"warning: {problem.message}")
    return Workspace(root, asked, settings)


@contextlib.contextmanager
def running_engine(workspace: Workspace, *, read_only: bool = False, follows: bool = False) -> Iterator[Engine]:
    """An engine that has the workspace as its only root and is closed in the end.

    :param follows: wait for another process that writes the index, rather than take what it committed.
    :raises CacheError: when the cache folder cannot be used.
    """
    from semlens.engine.engine import Engine

    engine = Engine(
        workspace.settings, cache_folder=workspace.cache_folder, read_only=read_only, one_shot=True, follows=follows
    )
    try:
        engine.add_root(workspace.root, asked=workspace.asked, watching="none")
        engine.start()
        yield engine
    finally:
        engine.close()
