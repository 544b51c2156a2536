"""The workspaces that arguments name: folders, git repositories elsewhere, or every root that is indexed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from semlens.cli.runner import say
from semlens.cli.workspace import Workspace, named_workspace
from semlens.core.errors import UsageError
from semlens.settings.user_sources import read_user_settings


def workspaces_of(names: Sequence[str] | None, *, refresh: bool = False) -> list[Workspace]:
    """:param names: folders and URLs of git repositories. Without any, the current folder is meant.

    :param refresh: fetch what is new in the repositories.
    :raises UsageError: when a folder may not be a root. :raises WorkspaceError: when a repository cannot be cloned.
    """
    if not names:
        return [named_workspace(None)]
    return list(dict.fromkeys(workspace_of_name(name, refresh=refresh) for name in names))


def workspace_of_name(name: str | None, *, refresh: bool = False) -> Workspace:
    """The workspace of one argument; see `workspaces_of`."""
    if name is None or not looks_like_url(name):
        return named_workspace(name)
    from semlens.files.git_clone import clone, clones
    from semlens.settings.loading import load_settings

    folder = cache_folder()
    max_mb = load_settings()[0].index.max_cache_mb
    if refresh or name not in {known.url for known in clones(folder)}:
        say(f"Fetching {name} ...")
    return Workspace(clone(name, folder, max_mb=max_mb, refresh=refresh).resolve(), explicit=True)


def looks_like_url(name: str) -> bool:
    """Whether an argument is the URL of a git repository.

    :raises UsageError: for a URL that is not allowed.
    """
    if ":" not in name or os.path.exists(name):  # noqa: PTH110 - a Path raises for long names
        return False
    from semlens.files.git_url import is_git_url  # slow to load, and few arguments have a colon

    return is_git_url(name)


def everywhere() -> list[Workspace]:
    """Every root that is indexed and can be reached.

    :raises UsageError: when nothing is indexed.
    """
    from semlens.index.storage.root_store import stored_roots

    reached = [root for root, _ in stored_roots(cache_folder()) if os.path.isdir(root)]  # noqa: PTH112 - never raises
    found = [Workspace(root, explicit=True) for root in reached]
    if not found:
        raise UsageError("Nothing is indexed yet. Run `semlens index DIR` first.")
    return found


def cache_folder() -> Path:
    """The user's cache folder. It need not exist."""
    return read_user_settings().cache_folder
