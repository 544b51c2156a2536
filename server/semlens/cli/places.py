"""``PATH:LINE`` arguments: parsing, and the workspace that contains the file."""

from __future__ import annotations

from pathlib import Path

from semlens.core.errors import UsageError
from semlens.core.paths import path_to_uri

_MARKERS = (".git", ".semlens.toml", "pyproject.toml", "package.json", "Cargo.toml", "go.mod")


def parse_place(text: str, option: str, folder: str | None) -> tuple[Path, int]:
    """Parse ``PATH:LINE`` into an absolute path and a line counted from 0.

    :param option: the name of the argument, for the error message.
    :param folder: the workspace, where the user named one. A path may also be relative to it, as those of hits are.
    :raises UsageError: when the text is not ``PATH:LINE``, or the file does not exist.
    """
    path, colon, line = text.rpartition(":")
    if not colon or not line.isdecimal() or int(line) < 1:
        raise UsageError(f"{option} must be PATH:LINE, e.g. src/app.py:40. Lines count from 1.")
    file = Path(path).expanduser().resolve()
    if not file.is_file() and folder is not None:
        file = Path(folder).expanduser().joinpath(path).resolve()
    if not file.is_file():
        raise UsageError(f"There is no file {path}. Check the path.")
    return file, int(line) - 1


def workspace_of(file: Path, folder: str | None) -> str | None:
    """The folder to index: the named one, else the current one if it contains the file, else the file's project."""
    if folder is not None:
        return folder
    if file.is_relative_to(Path.cwd()):
        return None
    for parent in file.parents:
        if any((parent / marker).exists() for marker in _MARKERS):
            return str(parent)
    return str(file.parent)


def uri_of(file: Path) -> str:
    return path_to_uri(str(file))
