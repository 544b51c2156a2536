"""``PATH:LINE`` arguments: a place in a file, and the workspace that holds it."""

from __future__ import annotations

from pathlib import Path

from semlens.core.errors import UsageError
from semlens.core.paths import path_to_uri

_MARKERS = (".git", ".semlens.toml", "pyproject.toml", "package.json", "Cargo.toml", "go.mod")


def parse_place(text: str, option: str) -> tuple[Path, int]:
    """The file, absolute, and the line counted from 0.

    :param option: how the user named the argument, for the message.
    :raises UsageError: when it is not ``PATH:LINE``, or there is no such file.
    """
    path, colon, line = text.rpartition(":")
    if not colon or not line.isdecimal() or int(line) < 1:
        raise UsageError(f"{option} must be PATH:LINE, lines counted from 1, e.g. src/app.py:40.")
    file = Path(path).expanduser().resolve()
    if not file.is_file():
        raise UsageError(f"There is no file {path}: name one that exists.")
    return file, int(line) - 1


def workspace_of(file: Path, named: str | None) -> str | None:
    """The folder to index for a place: the one named, the one we stand in if it holds the file, else its project."""
    if named is not None:
        return named
    if file.is_relative_to(Path.cwd()):
        return None
    for folder in file.parents:
        if any((folder / marker).exists() for marker in _MARKERS):
            return str(folder)
    return str(file.parent)


def uri_of(file: Path) -> str:
    return path_to_uri(str(file))
