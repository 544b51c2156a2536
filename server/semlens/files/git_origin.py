"""The name by which a team knows a repository: host and path of its origin, the same for every clone. Runs no git."""

from __future__ import annotations

import os
import re

from semlens.core.guarded_reader import read_regular
from semlens.files.ignoring.git_config import git_folder, git_top

_MAX_CONFIG_BYTES = 1_000_000
_ORIGIN = re.compile(r'^\s*\[\s*remote\s+"origin"\s*\]', re.IGNORECASE)
_SECTION = re.compile(r"^\s*\[")
_URL = re.compile(r"^\s*url\s*=\s*(.*?)\s*$", re.IGNORECASE)
_WITH_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/@]*@)?([^/:]+)(?::\d+)?/(.+)")
_SCP = re.compile(r"(?:[^/@]*@)?([A-Za-z0-9.-]+):([^/\\].*)")
_UNUSUAL = re.compile(r"[^A-Za-z0-9._/~+-]+")
_MAX_CHARS = 300


def repository_name(root: str) -> str:
    """``github.com/org/name`` of a root's origin, whatever the protocol; without one the name of the root's folder.

    A root below the top of its repository has its place after the name.
    """
    top = git_top(root)
    url = _origin_url(top) if top is not None else ""
    name = name_of_url(url) if url else ""
    if not name or top is None:
        return _usable(os.path.basename(os.path.normpath(root))) or "root"
    below = os.path.relpath(root, top).replace(os.sep, "/")
    return name if below == "." else _usable(f"{name}/{below}")


def name_of_url(url: str) -> str:
    """Host and path of the URL of a repository, without user, password and ``.git``; "" for a local one."""
    found = _WITH_SCHEME.fullmatch(url) or (None if "://" in url else _SCP.fullmatch(url))
    if found is None:
        return ""
    path = found[2].strip("/").removesuffix(".git")
    return _usable(f"{found[1].lower()}/{path}")


def is_repository_name(name: str) -> bool:
    """Whether `repository_name` may give such a name. It leads out of no folder."""
    return bool(name) and _usable(name) == name


def _usable(name: str) -> str:
    """The name with only the characters that patterns of repositories may have."""
    parts = [part for part in _UNUSUAL.sub("-", name).split("/") if part not in ("", ".", "..")]
    return "/".join(parts)[:_MAX_CHARS]


def _origin_url(top: str) -> str:
    folder = git_folder(top)
    if folder is None:
        return ""
    try:
        text = read_regular(os.path.join(folder, "config"), _MAX_CONFIG_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
    is_origin = False
    for line in text.splitlines():
        if _SECTION.match(line):
            is_origin = _ORIGIN.match(line) is not None
        elif is_origin and (found := _URL.match(line)):
            return found[1].strip('"')
    return ""
