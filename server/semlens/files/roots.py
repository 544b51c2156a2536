"""Which folders may be workspace roots."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from semlens.core.errors import WorkspaceError
from semlens.core.paths import relative_path


def check_root(path: Path, explicit: bool) -> Path:
    """The folder as an absolute path without links, if it may be a workspace root.

    :param explicit: the user named this very folder, rather than an editor by the way.
    :raises WorkspaceError: for what is missing or no folder or unreadable, and unless asked, for the home folder, a
        folder above it, and the top of the file system.
    """
    try:
        root = Path(os.path.realpath(os.path.expanduser(path)))
        status = root.stat()
    except FileNotFoundError:
        raise WorkspaceError(f"The folder {path} does not exist. Name a folder that exists.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise WorkspaceError(f"The folder {path} cannot be used: {reason}. Name another folder.") from None
    if not stat.S_ISDIR(status.st_mode):
        raise WorkspaceError(f"{path} is not a folder. Name the folder that contains it.")
    try:
        with os.scandir(root):
            pass
    except OSError as error:
        raise WorkspaceError(f"The folder {root} cannot be read: {error.strerror}. Check its permissions.") from None
    if not explicit:
        home = os.path.realpath(os.path.expanduser("~"))
        if root.parent == root:
            raise WorkspaceError(f"{root} is the whole file system. Open a folder in it, or index it by its name.")
        if relative_path(str(root), home) is not None:
            raise WorkspaceError(f"{root} holds your home folder. Open a project in it, or index it by its name.")
    return root
