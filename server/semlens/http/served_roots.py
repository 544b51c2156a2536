"""The folders that are served, and the check that a request names nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semlens.core.errors import UsageError
from semlens.core.paths import path_to_uri, relative_path, uri_to_path
from semlens.http.errors import RefusedError
from semlens.service.params import refuse, string, strings

MAX_PATH_CHARACTERS = 8_192


@dataclass(frozen=True, slots=True)
class ServedRoot:
    """:ivar path: as its hits name it. :ivar real: without links. :ivar host_path: where the editor has it.

    :ivar repository: its name in a team, see `files/git_origin`.
    :ivar is_copy: whether it holds copies of files of the team's server, which arrive after the hits.
    """

    path: str
    real: str
    host_path: str
    repository: str = ""
    is_copy: bool = False

    @property
    def name(self) -> str:
        return Path(self.real).name or self.real


class ServedRoots:
    """Fields of requests become paths of the served folders. Thread-safe."""

    def __init__(self, roots: Sequence[ServedRoot], copies: str = "") -> None:
        """:param copies: the folder of the copies of files of the team's server, "" where they are not served."""
        self.all = tuple(roots)
        self._copies = copies

    def root(self, fields: Mapping[str, Any]) -> ServedRoot:
        """The root that ``root`` names. It may be left out where there is only one.

        :raises UsageError: when it is missing. :raises RefusedError: when it is not served.
        """
        name = string(fields, "root")
        if name is None:
            if len(self.all) == 1:
                return self.all[0]
            raise UsageError("`root` is missing. Name the folder, as `root` of a hit does.")
        path = _path_of(name, "root")
        for root in self.all:
            if path in (root.path, root.real):
                return root
        repository = relative_path(self._copies, path) if self._copies else None
        if repository:
            return ServedRoot(path, path, "", repository, is_copy=True)
        raise _not_served(path)

    def roots(self, fields: Mapping[str, Any]) -> tuple[ServedRoot, ...]:
        """The root that ``root`` names, or all."""
        return self.all if fields.get("root") is None else (self.root(fields),)

    def file(self, fields: Mapping[str, Any]) -> tuple[ServedRoot, str]:
        """The root and the path of the file that ``root`` and ``path`` name. The file need not exist."""
        root = self.root(fields)
        return root, inner_path(fields, "path")

    def folder_uris(self, fields: Mapping[str, Any]) -> list[str] | None:
        """The folders of ``roots``, given as paths or URIs, as URIs; None for all."""
        names = strings(fields, "roots")
        if fields.get("roots") is None:
            return None
        return [self.checked_uri(name, "roots") for name in names]

    def checked_uri(self, name: str, field: str) -> str:
        """The URI of a file or folder, given as a path or URI, that lies in a served root."""
        path = _path_of(name, field)
        real = os.path.realpath(path)
        if not any(relative_path(root.real, real) is not None for root in self.all):
            raise _not_served(path)
        return path_to_uri(path)


def inner_path(fields: Mapping[str, Any], name: str) -> str:
    """A path below a root, with forward slashes.

    :raises UsageError: when it is missing or leads out of the root.
    """
    path = string(fields, name)
    if path is None:
        refuse(f"`{name}` is missing. Give a path relative to the root.")
    _check_characters(path, name)
    if path.startswith(("/", "\\")) or ".." in path.split("/"):
        refuse(f"`{name}` must be relative to the root, without `..`.")
    return path.rstrip("/")


def _path_of(name: str, field: str) -> str:
    """The absolute path of a path or a `file:` URI."""
    _check_characters(name, field)
    path = uri_to_path(name) if name.lower().startswith("file:") else name
    if path is None or not Path(path).is_absolute():
        refuse(f"`{field}` must be an absolute path or a file URI.")
    return os.path.normpath(path)


def _check_characters(path: str, field: str) -> None:
    """:raises UsageError: for what no file system takes."""
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        refuse(f"`{field}` has characters that no path has.")
    if "\0" in path or len(path) > MAX_PATH_CHARACTERS:
        refuse(f"`{field}` must have at most {MAX_PATH_CHARACTERS} characters, and no zero byte.")


def _not_served(path: str) -> RefusedError:
    return RefusedError(f"The folder {path} is not served. Start `semlens http -w` with it.")
