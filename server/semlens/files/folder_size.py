"""The size of a folder on disk."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def folder_bytes(folder: Path) -> int:
    """Total size of the files in a folder and below it. Links are not followed. A file with two names counts once."""
    return sum(_file_sizes(str(folder), set()))


def _file_sizes(folder: str, linked: set[tuple[int, int]]) -> Iterator[int]:
    """:param linked: the files with several names so far, by device and inode."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    yield from _file_sizes(entry.path, linked)
                    continue
                status = entry.stat(follow_symlinks=False)
                if status.st_nlink > 1:
                    identity = status.st_dev, status.st_ino
                    if identity in linked:
                        continue
                    linked.add(identity)
                yield status.st_size
