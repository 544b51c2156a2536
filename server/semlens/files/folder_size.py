"""The size of a folder on disk."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def folder_bytes(folder: Path) -> int:
    """Total size of the files in a folder and below it. Links are not followed. A file with two names counts once."""
    linked: set[tuple[int, int]] = set()  # the files with several names so far, by device and inode
    total = 0
    stack = [str(folder)]  # no recursion: a repository can hold deeper trees than Python's stack
    while stack:
        with contextlib.suppress(OSError), os.scandir(stack.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        stack.append(entry.path)
                        continue
                    status = entry.stat(follow_symlinks=False)
                    identity = status.st_dev, status.st_ino
                    if status.st_nlink > 1 and identity in linked:
                        continue
                    if status.st_nlink > 1:
                        linked.add(identity)
                    total += status.st_size
    return total
