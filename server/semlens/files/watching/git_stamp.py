"""Notices that a commit, a checkout, a fetch or ``git add`` changed a repository. Does not run git.

Files of the work tree are for `watcher`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from semlens.files.ignoring.git_config import git_folder, git_top, own_git_folder

GitStamp: TypeAlias = tuple[tuple[int, int, int], ...]

_MAX_FOLDERS = 2_000
"""Of branches and tags. What lies in others is noticed only together with another change."""


def git_stamp(folder: Path) -> GitStamp:
    """Another value when ``HEAD``, what is staged, a branch or a tag has changed; empty outside of work trees."""
    top = git_top(os.path.realpath(folder))
    own = None if top is None else own_git_folder(top)
    common = None if top is None else git_folder(top)
    if own is None or common is None:
        return ()
    names = [os.path.join(own, "HEAD"), os.path.join(own, "index"), os.path.join(common, "packed-refs")]
    # git replaces the file of a branch by another, which changes the time of its folder
    return tuple(map(_stamp, [*names, *_folders(os.path.join(common, "refs")), os.path.join(common, "reftable")]))


def _folders(top: str) -> Iterator[str]:
    waiting = [top]
    for _ in range(_MAX_FOLDERS):
        if not waiting:
            return
        folder = waiting.pop()
        yield folder
        try:
            with os.scandir(folder) as entries:
                waiting += sorted(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
        except OSError:
            continue  # it is gone, which the folder above it shows


def _stamp(path: str) -> tuple[int, int, int]:
    """Zeros for what is not there."""
    try:
        status = os.lstat(path)
    except OSError:
        return (0, 0, 0)
    return (status.st_mtime_ns, status.st_ino, status.st_size)
