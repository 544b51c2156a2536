"""Keeps other users out of a cache folder that exists already. New ones are created private."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

from semlens.core.errors import CacheError

PULLS_FOLDER = "pulls"
"""What is being fetched of shared indexes."""

BUILDS_FOLDER = "cluster-build"
"""What a build of a cluster has computed and not shared yet."""

TEAM_FOLDER = "team"
"""Copies of files that a team's server has."""

MAPS_FOLDER = "maps"
"""Positions of the map of an index, and labels from words of the code."""

CACHE_NAMES = (
    "roots",
    "roots-*",
    "clones",
    MAPS_FOLDER,
    TEAM_FOLDER,
    PULLS_FOLDER,
    BUILDS_FOLDER,
    "vectors*",
    "sent.*",
    "server",
    "server.log*",
    "bound.lock",
    "agents.lock",
)
"""What semlens creates in its cache folder, of any version. The folder may be one that the user named and shares."""


def tighten_cache_folder(folder: Path) -> None:
    """Make sure that no other user can change the cache, or read its names.

    A folder of this user that holds nothing but a cache gets the mode 0700. Any other folder keeps its mode, because it
    may be shared on purpose. What semlens creates in it is private.

    :raises CacheError: when another user can put an index of theirs there, or has done so.
    """
    try:
        status = folder.stat()
    except OSError:  # it is created later, as a private folder
        return
    if sys.platform == "win32":
        return
    if status.st_mode & 0o077:
        _tighten(folder, status)
    _refuse_foreign_entries(folder)


def temporary_cache(problem: CacheError) -> tempfile.TemporaryDirectory[str]:
    """A folder as private as the cache, in place of one that cannot be used.

    :raises CacheError: the problem, when no temporary folder can be written either.
    """
    try:
        return tempfile.TemporaryDirectory(prefix="semlens-", ignore_cleanup_errors=True)
    except OSError:
        raise problem from None


def _tighten(folder: Path, status: os.stat_result) -> None:
    is_own = sys.platform == "win32" or status.st_uid == os.geteuid()
    if is_own and not status.st_mode & stat.S_ISVTX and _holds_only_a_cache(folder):
        with contextlib.suppress(OSError):
            folder.chmod(0o700)
            return
    if _is_foreign(status):
        raise CacheError(
            f"The cache folder {folder} belongs to another user, who could change what is found. "
            "Set SEMLENS_CACHE_DIR to a folder of your own."
        )
    if status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX:
        raise CacheError(
            f"Every user can change the cache folder {folder}, and it holds other files. "
            "Run 'chmod o-w' on it, or set SEMLENS_CACHE_DIR to a folder of your own."
        )


def _refuse_foreign_entries(folder: Path) -> None:
    """Refuse what another user put there while the folder was open. Its owner could still change it."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if _is_of_a_cache(path) and _is_foreign(path.lstat()):
                raise CacheError(
                    f"{path} in the cache belongs to another user, who could change what is found. "
                    "Delete it, or set SEMLENS_CACHE_DIR to a folder of your own."
                )


def _is_foreign(status: os.stat_result) -> bool:
    """Whether it belongs to neither this user nor root. Root may use what is any user's."""
    return sys.platform != "win32" and status.st_uid not in (os.geteuid(), 0) and os.geteuid() != 0


def _holds_only_a_cache(folder: Path) -> bool:
    try:
        return all(_is_of_a_cache(path) for path in folder.iterdir())
    except OSError:
        return False


def _is_of_a_cache(path: Path) -> bool:
    return any(fnmatchcase(path.name, name) for name in CACHE_NAMES)
