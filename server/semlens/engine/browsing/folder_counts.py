"""Counts files, symbols and lines by folder, for a map of the folders. Reads one snapshot and no files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from semlens.index.snapshot import IndexSnapshot, SegmentView

MAX_FOLDERS = 20_000
MAX_FILES = 5_000


@dataclass(slots=True)
class FolderCount:
    """What lies directly in a folder.

    :ivar path: relative to the root, "" for the root itself. :ivar languages: symbols by language.
    """

    root: str
    path: str
    files: int = 0
    symbols: int = 0
    lines: int = 0
    languages: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class FileCount:
    """What one file has. :ivar path: relative to the root."""

    root: str
    path: str
    symbols: int
    lines: int
    language: str


@dataclass(frozen=True, slots=True)
class FolderCounts:
    """:ivar files: those directly in the folder that was asked for. :ivar truncated: there are more."""

    folders: tuple[FolderCount, ...]
    files: tuple[FileCount, ...]
    truncated: bool
    generation: int


def count_folders(snapshot: IndexSnapshot, roots: Mapping[str, str], folder: str | None = None) -> FolderCounts:
    """:param roots: the roots to count, by real path, with the name to show.

    :param folder: relative to a root; count only in it, and list its files. None counts everything and lists none.
    """
    folders: dict[tuple[str, str], FolderCount] = {}
    files: list[FileCount] = []
    truncated = False
    for view in snapshot.views:
        if view.root not in roots or view.buffer_uri:
            continue
        root = roots[view.root]
        for file in _files_of(view, root):
            parent = file.path.rpartition("/")[0]
            if folder is not None and not _is_in(parent, folder):
                continue
            if (count := folders.get((root, parent))) is None:
                if len(folders) >= MAX_FOLDERS:
                    truncated = True
                    continue
                count = folders[root, parent] = FolderCount(root, parent)
            count.files += 1
            count.symbols += file.symbols
            count.lines += file.lines
            count.languages[file.language] += file.symbols
            if parent == folder:
                files.append(file)
    files.sort(key=lambda file: (file.root, file.path))
    return FolderCounts(
        tuple(folders[key] for key in sorted(folders)),
        tuple(files[:MAX_FILES]),
        truncated or len(files) > MAX_FILES,
        snapshot.generation,
    )


def _files_of(view: SegmentView, root: str) -> Iterator[FileCount]:
    """The living files of a view."""
    table = view.segment.files
    n_symbols = np.bincount(view.segment.symbols.files, minlength=len(table)).tolist()
    alive = range(len(table)) if view.alive is None else np.flatnonzero(view.alive).tolist()
    paths, lines, languages = table.paths.tolist(), table.n_lines.tolist(), table.languages.tolist()
    names = table.language_names.tolist()
    for row in alive:
        yield FileCount(root, paths[row], n_symbols[row], lines[row], names[languages[row]])


def _is_in(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")
