"""``PATH:LINE`` arguments: the file, the line, and the workspace that contains the file."""

from __future__ import annotations

import os
from pathlib import Path

from semlens.cli.roots import workspace_of_name
from semlens.cli.workspace import Workspace, named_workspace
from semlens.core.errors import UsageError
from semlens.core.paths import path_to_uri

_MARKERS = (".git", ".semlens.toml", "pyproject.toml", "package.json", "Cargo.toml", "go.mod")


def parse_place(text: str, option: str, name: str | None) -> tuple[Path, int, Workspace]:
    """Parse ``PATH:LINE`` into an absolute path and a line counted from 0, and choose the workspace.

    :param option: the name of the argument, for the error message.
    :param name: the folder or URL of the workspace, where the user gave one. A path may also be relative to it, as
        those of hits are.
    :raises UsageError: when the text is not ``PATH:LINE``, or the file does not exist.
    :raises WorkspaceError: as `workspace_of_name` does.
    """
    path, colon, line = text.rpartition(":")
    if not colon or not line.isdecimal() or int(line) < 1:
        raise UsageError(f"{option} must be PATH:LINE, e.g. src/app.py:40. Lines count from 1.")
    file = Path(os.path.realpath(os.path.expanduser(path)))  # noqa: PTH111 - a Path raises for loops and unknown users
    workspace = workspace_of_name(name) if name is not None else None
    if workspace is not None and not os.path.isfile(file):  # noqa: PTH113 - a Path raises for names that are too long
        file = Path(os.path.realpath(workspace.folder / path))
    if not os.path.isfile(file):  # noqa: PTH113
        raise UsageError(f"There is no file {path}. Check the path.")
    return file, int(line) - 1, workspace or named_workspace(_folder_of(file))


def _folder_of(file: Path) -> str | None:
    """The folder to index: none for the current one if it contains the file, else the file's project."""
    if file.is_relative_to(Path.cwd()):
        return None
    for parent in file.parents:
        if any((parent / marker).exists() for marker in _MARKERS):
            return str(parent)
    return str(file.parent)


def uri_of(file: Path) -> str:
    return path_to_uri(str(file))
