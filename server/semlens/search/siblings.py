"""What ranking knows of a file by those beside it: whether newer code took its place, whether a source holds its code.

A workspace is many segments, and an open document is one of its own: what stands beside a file is often in another.
Little of each segment matters, and is kept with it; it is put together again when the segments on disk change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from semlens.core.words import split_identifier
from semlens.index.segment import Segment
from semlens.index.snapshot import SegmentView
from semlens.search.facts import FileFacts, facts_of, stem_of

Floats = npt.NDArray[np.float32]

_OLD_FOLDERS = frozenset("old legacy deprecated compat compatibility obsolete archive attic backcompat v0".split())
_VERSION = re.compile(r"v(\d{1,2})$")
_FIRST_VERSION = 1
_LEAST_COPIES = 3
_HEADERS = (".h", ".hpp", ".hh", ".hxx")
_SOURCES = (".c", ".cc", ".cpp", ".cxx", ".m", ".mm")


@dataclass(frozen=True, slots=True)
class Standing:
    """Columns over a segment's files, shape (f,). ``old``: 1 for superseded code. ``header``: 1 where a source is."""

    old: Floats
    header: Floats


@dataclass(frozen=True, slots=True)
class _Traits:
    """Of one segment.

    :ivar old: rows whose own path says so. :ivar headers: rows of headers, and what each is called.
    :ivar versioned: row, folder and number for each folder ``vN`` above a file.
    :ivar sources: what the sources are called.
    """

    old: Sequence[int]
    headers: Sequence[tuple[int, str]]
    versioned: Sequence[tuple[int, str, int]]
    sources: frozenset[str]


_TRAITS: WeakKeyDictionary[Segment, _Traits] = WeakKeyDictionary()
_KEPT: WeakKeyDictionary[Segment, tuple[frozenset[str], Standing]] = WeakKeyDictionary()


def standings(views: Sequence[SegmentView]) -> list[Standing]:
    """Of the files of each view, by all files on disk below the same root."""
    found = []
    for view in views:
        beside = [other.segment for other in views if other.root == view.root and not other.buffer_uri]
        ids = frozenset(segment.id for segment in beside)
        kept = _KEPT.get(view.segment)
        if kept is None or kept[0] != ids:
            kept = _KEPT[view.segment] = (ids, _standing(view.segment, beside))
        found.append(kept[1])
    return found


def _standing(segment: Segment, beside: Sequence[Segment]) -> Standing:
    own, everyone = _traits(segment), [_traits(other) for other in beside]
    old, header = np.zeros((2, len(segment.files)), np.float32)
    old[list(own.old)] = 1.0
    if own.versioned:
        newest = _newest(place for traits in everyone for place in traits.versioned)
        mirrors = {folder for folder in {place[1] for place in own.versioned} if _is_mirror(folder, beside)}
        for row, folder, number in own.versioned:
            if number < newest.get(_parent(folder), 0) or folder in mirrors:
                old[row] = 1.0
    for row, name in own.headers:
        header[row] = any(name in traits.sources for traits in everyone)
    return Standing(old, header)


def _traits(segment: Segment) -> _Traits:
    found = _TRAITS.get(segment)
    if found is None:
        paths = facts_of(segment).paths
        found = _TRAITS[segment] = _Traits(
            [row for row, path in enumerate(paths) if _is_named_old(path)],
            [(row, stem_of(path)) for row, path in enumerate(paths) if path.endswith(_HEADERS)],
            [place for row, path in enumerate(paths) for place in _versions(row, path)],
            frozenset(stem_of(path) for path in paths if path.endswith(_SOURCES)),
        )
    return found


def _is_named_old(path: str) -> bool:
    *folders, base = path.split("/")
    return not (_OLD_FOLDERS.isdisjoint(folders) and _OLD_FOLDERS.isdisjoint(split_identifier(base.partition(".")[0])))


def _versions(row: int, path: str) -> Iterable[tuple[int, str, int]]:
    parts = path.split("/")[:-1]
    for depth, part in enumerate(parts, start=1):
        version = _VERSION.match(part)
        if version:
            yield row, "/".join(parts[:depth]), int(version[1])


def _newest(places: Iterable[tuple[int, str, int]]) -> dict[str, int]:
    """The highest N of the folders ``vN`` within each folder."""
    newest: dict[str, int] = {}
    for _, folder, number in places:
        parent = _parent(folder)
        newest[parent] = max(newest.get(parent, 0), number)
    return newest


def _is_mirror(folder: str, beside: Sequence[Segment]) -> bool:
    """Whether it is a ``v1`` most of whose files stand again beside the folder: what lives on there came after them."""
    version = _VERSION.match(folder.rpartition("/")[2])
    if version is None or int(version[1]) > _FIRST_VERSION:
        return False
    facts = [facts_of(segment) for segment in beside]
    inside, outside = _names_in(folder, facts), _names_in(_parent(folder), facts)
    copies = len(inside & outside)
    return copies >= _LEAST_COPIES and 2 * copies >= len(inside)


def _names_in(folder: str, facts: Iterable[FileFacts]) -> set[str]:
    return {
        known.paths[row].rpartition("/")[2]
        for known in facts
        if folder in known.places
        for row in np.flatnonzero(known.place_of == known.places.index(folder)).tolist()
    }


def _parent(folder: str) -> str:
    return folder.rpartition("/")[0]
