"""Says which root a document belongs to, and its path there. Resolves symbolic links."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cache

from semlens.engine.indexing.root_state import RootState


def locate(uri: str, path: str, root: str, states: Mapping[str, RootState]) -> tuple[str, str]:
    """Return the innermost root of a document and its path there; outside every root, "" and the absolute path.

    :param path: the current path; absolute when ``root`` is "".
    """
    if not uri.startswith("file:"):
        return "", path
    absolute = path if not root else f"{root.rstrip('/')}/{path}"
    best = ("", absolute)
    for name, state in states.items():
        relative = state.discovery.relative(absolute)
        if relative is not None and len(name) > len(best[0]):
            best = (name, relative)
    return best


def real_path(path: str) -> str:
    """Resolve symbolic links of the folder. This reads the disk, so do not call it on the event loop."""
    return real_paths([path])[0]


def real_paths(paths: Iterable[str]) -> list[str]:
    """Like `real_path`, for many paths. Each folder is resolved once."""
    resolved = cache(os.path.realpath)
    return [os.path.join(resolved(folder), name) for folder, name in map(os.path.split, paths)]
