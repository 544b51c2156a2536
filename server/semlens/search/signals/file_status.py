"""The status of a file among other files: whether newer code supersedes it, and whether a header has a source file.

The other files are often in another segment, because a root has many segments and an open document has its own. The
relevant traits of each segment are cached. Statuses are computed again when the segments on disk change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np

from semlens.core.symbol import Role
from semlens.core.text.identifiers import split_identifier
from semlens.index.arrays import Floats
from semlens.index.segment.segment import Segment
from semlens.index.snapshot import SegmentView
from semlens.search.signals.static_signals import static_signals_of, stem_of

_OLD_FOLDERS = frozenset("old legacy deprecated compat compatibility obsolete archive attic backcompat v0".split())
_VERSION = re.compile(r"v(\d{1,2})$")
_FIRST_VERSION = 1
_LEAST_COPIES = 3
_HEADERS = (".h", ".hpp", ".hh", ".hxx")
_LEAST_OF_A_HEADER = 0.5
_NO_SOURCE = int(Role.TEST | Role.EXAMPLE)
_SOURCES = (".c", ".cc", ".cpp", ".cxx", ".m", ".mm")


@dataclass(frozen=True, slots=True)
class FileStatus:
    """Columns over the files of a segment, each of shape (f,).

    :ivar old: 1 for superseded code. :ivar header: 1 for a header whose code is in a source file.
    """

    old: Floats
    header: Floats


@dataclass(frozen=True, slots=True)
class _Traits:
    """Traits of the files of one segment.

    :ivar old: rows of files whose own path says that they are old. :ivar headers: rows and stems of headers.
    :ivar versioned: row, folder and N for each folder ``vN`` above a file.
    :ivar sources: number of lines of source files by stem. Tests and examples are no source of a header.
    """

    old: Sequence[int]
    headers: Sequence[tuple[int, str]]
    versioned: Sequence[tuple[int, str, int]]
    sources: Mapping[str, int]


_TRAITS: WeakKeyDictionary[Segment, _Traits] = WeakKeyDictionary()
_STATUSES: WeakKeyDictionary[Segment, tuple[frozenset[str], FileStatus]] = WeakKeyDictionary()


def file_statuses(views: Sequence[SegmentView]) -> list[FileStatus]:
    """The statuses of the files of each view, relative to all files on disk below the same root."""
    on_disk: dict[str, list[Segment]] = {view.root: [] for view in views}
    for view in views:
        if not view.buffer_uri:
            on_disk[view.root].append(view.segment)
    neighbourhoods = {root: _Neighbourhood(segments) for root, segments in on_disk.items()}
    statuses = []
    for view in views:
        neighbourhood = neighbourhoods[view.root]
        cached = _STATUSES.get(view.segment)
        if cached is None or cached[0] != neighbourhood.ids:
            cached = _STATUSES[view.segment] = (neighbourhood.ids, _file_status(view.segment, neighbourhood))
        statuses.append(cached[1])
    return statuses


class _Neighbourhood:
    """The files on disk below one root. Its properties are computed on demand.

    :ivar ids: ids of the segments.
    """

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        self.ids = frozenset(segment.id for segment in segments)

    @cached_property
    def sources(self) -> dict[str, int]:
        """Lines of the longest source file of each stem."""
        longest: dict[str, int] = {}
        for segment in self._segments:
            for name, n_lines in _traits(segment).sources.items():
                longest[name] = max(longest.get(name, 0), n_lines)
        return longest

    @cached_property
    def newest(self) -> dict[str, int]:
        """The highest N of the folders ``vN`` in each folder."""
        newest: dict[str, int] = {}
        for _, folder, number in self._versioned():
            newest[_parent(folder)] = max(newest.get(_parent(folder), 0), number)
        return newest

    @cached_property
    def mirrors(self) -> frozenset[str]:
        """Folders ``v1`` most of whose files exist again in the parent folder, as newer versions."""
        firsts = {folder for _, folder, number in self._versioned() if number <= _FIRST_VERSION}
        return frozenset(folder for folder in firsts if self._has_newer_copy(folder))

    def _versioned(self) -> Iterable[tuple[int, str, int]]:
        return (place for segment in self._segments for place in _traits(segment).versioned)

    def _has_newer_copy(self, folder: str) -> bool:
        inside = self._names_in(folder)
        copies = len(inside & self._names_in(_parent(folder)))
        return copies >= _LEAST_COPIES and 2 * copies >= len(inside)

    def _names_in(self, folder: str) -> set[str]:
        return {
            known.paths[row].rpartition("/")[2]
            for known in map(static_signals_of, self._segments)
            if folder in known.places
            for row in np.flatnonzero(known.place_of == known.places.index(folder)).tolist()
        }


def _file_status(segment: Segment, neighbourhood: _Neighbourhood) -> FileStatus:
    traits = _traits(segment)
    old, header = np.zeros((2, len(segment.files)), np.float32)
    old[list(traits.old)] = 1.0
    for row, folder, number in traits.versioned:
        if number < neighbourhood.newest.get(_parent(folder), 0) or folder in neighbourhood.mirrors:
            old[row] = 1.0
    n_lines = segment.files.n_lines
    for row, name in traits.headers:  # the code of a longer header is in the header
        header[row] = neighbourhood.sources.get(name, -1) >= int(n_lines[row]) * _LEAST_OF_A_HEADER
    return FileStatus(old, header)


def _traits(segment: Segment) -> _Traits:
    traits = _TRAITS.get(segment)
    if traits is None:
        paths = static_signals_of(segment).paths
        traits = _TRAITS[segment] = _Traits(
            [row for row, path in enumerate(paths) if _is_named_old(path)],
            [(row, stem_of(path)) for row, path in enumerate(paths) if path.endswith(_HEADERS)],
            [place for row, path in enumerate(paths) for place in _versions(row, path)],
            _sources(segment, paths),
        )
    return traits


def _sources(segment: Segment, paths: Sequence[str]) -> dict[str, int]:
    longest: dict[str, int] = {}
    for row, path in enumerate(paths):
        if path.endswith(_SOURCES) and not int(segment.files.roles[row]) & _NO_SOURCE:
            longest[stem_of(path)] = max(longest.get(stem_of(path), 0), int(segment.files.n_lines[row]))
    return longest


def _is_named_old(path: str) -> bool:
    *folders, base = path.split("/")
    return not (_OLD_FOLDERS.isdisjoint(folders) and _OLD_FOLDERS.isdisjoint(split_identifier(base.partition(".")[0])))


def _versions(row: int, path: str) -> Iterable[tuple[int, str, int]]:
    parts = path.split("/")[:-1]
    for depth, part in enumerate(parts, start=1):
        version = _VERSION.match(part)
        if version:
            yield row, "/".join(parts[:depth]), int(version[1])


def _parent(folder: str) -> str:
    return folder.rpartition("/")[0]
