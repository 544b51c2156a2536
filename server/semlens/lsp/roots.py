"""The workspace folders of the client, as paths, and the reasons why some cannot be indexed."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from lsprotocol import types

from semlens.core.errors import SemlensError
from semlens.core.paths import uri_to_path
from semlens.core.status import Problem, WatchMode
from semlens.lsp.engine_api import EngineApi

logger = logging.getLogger(__name__)


def local_path(uri: str) -> Path | None:
    """The file or folder that a URI names, or None when the URI names no local file."""
    path = uri_to_path(uri)
    return None if path is None else Path(path)


def initial_roots(params: types.InitializeParams) -> list[str]:
    """URIs of the roots, from ``workspaceFolders``, ``rootUri`` or the older ``rootPath``: the first that is set."""
    if params.workspace_folders:
        return [folder.uri for folder in params.workspace_folders]
    if params.root_uri:
        return [params.root_uri]
    if params.root_path:
        return [Path(params.root_path).as_uri()]
    return []


class Roots:
    """The folders that the engine indexes. `add` and `remove` access the disk, so call them from a thread."""

    def __init__(self) -> None:
        self.watching = WatchMode.NATIVE
        self._path_by_uri: dict[str, Path] = {}
        self._real_path_by_uri: dict[str, str] = {}
        self._problem_by_uri: dict[str, Problem] = {}
        self._missing: dict[str, Path] = {}

    @property
    def misses_folders(self) -> bool:
        """Whether a folder could not be added because it does not exist."""
        return bool(self._missing)

    def appeared(self) -> list[str]:
        """URIs of the folders that could not be added because they did not exist, and that exist now."""
        return [uri for uri, path in list(self._missing.items()) if not _is_missing(path)]

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(self._problem_by_uri.values())

    @property
    def first(self) -> Path | None:
        return next(iter(self._path_by_uri.values()), None)

    def is_first(self, real_path: Path) -> bool:
        """:param real_path: the root with all links resolved, as the engine knows it."""
        return next(iter(self._real_path_by_uri.values()), None) == str(real_path)

    def add(self, engine: EngineApi, uri: str) -> Problem | None:
        """Add one folder to the engine. One that does not exist yet can be added again; see `appeared`.

        :returns: the reason when it cannot be indexed, else None.
        """
        self._missing.pop(uri, None)
        self._problem_by_uri.pop(uri, None)
        path = local_path(uri)
        if path is None:
            logger.info("Ignored a workspace folder that is not a local file.")
            return None
        try:
            # Not explicit: an editor opens the current folder, which may be the home folder by chance.
            engine.add_root(path, explicit=False, watching=self.watching)
        except SemlensError as error:
            problem = Problem(str(path), str(error))
            if _is_missing(path):
                self._missing[uri] = path
                problem = Problem(str(path), f"The folder {path} does not exist. It is indexed once it does.")
            self._problem_by_uri[uri] = problem
            logger.warning("%s", problem.message)
            return problem
        self._path_by_uri[uri], self._real_path_by_uri[uri] = path, os.path.realpath(path)
        return None

    def remove(self, engine: EngineApi, uri: str) -> None:
        """Remove one folder from the engine, unless the client has it by another name too."""
        self._problem_by_uri.pop(uri, None)
        self._missing.pop(uri, None)
        self._path_by_uri.pop(uri, None)
        # the path as it was: meanwhile, a link may lead elsewhere or be gone
        real_path = self._real_path_by_uri.pop(uri, None)
        if real_path is not None and real_path not in self._real_path_by_uri.values():
            engine.remove_root(Path(real_path))

    def containing(self, path: Path) -> Path | None:
        """The innermost root that contains the path or is the path."""
        roots = [root for root in self._path_by_uri.values() if path.is_relative_to(root)]
        return max(roots, key=lambda root: len(root.parts), default=None)


def _is_missing(path: Path) -> bool:
    """Whether nothing is there. False where the system does not say, as below a folder that may not be read."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False
