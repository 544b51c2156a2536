"""The workspaces that a command's arguments name: folders, or every root that is indexed."""

from __future__ import annotations

from collections.abc import Sequence

from semlens.cli.workspace import Workspace, named_workspace
from semlens.core.errors import UsageError


def workspaces_of(folders: Sequence[str] | None) -> list[Workspace]:
    """:param folders: the arguments of ``-w``. Without any, the current folder is meant.

    :raises WorkspaceError: when a folder may not be a root.
    """
    if not folders:
        return [named_workspace(None)]
    return list(dict.fromkeys(named_workspace(folder) for folder in folders))


def everywhere() -> list[Workspace]:
    """Every root that is indexed and still exists.

    :raises UsageError: when nothing is indexed.
    """
    from semlens.index.storage.root_store import stored_roots
    from semlens.settings.user_sources import cache_folder_of, read_user_settings

    cache_folder = cache_folder_of(read_user_settings().values.get("index.cacheFolder"))
    found = [Workspace(root, explicit=True) for root, _ in stored_roots(cache_folder) if root.is_dir()]
    if not found:
        raise UsageError("Nothing is indexed yet. Run 'semlens index DIR' first.")
    return found
