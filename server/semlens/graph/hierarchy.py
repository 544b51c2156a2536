"""The types above and below a type, by the hint hashes of their names. Types of one name count as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from semlens.graph.segment_names import SegmentNames

_MAX_BASES = 40  # types above a type
_MAX_DERIVED = 200  # types below a type


class TypeHierarchy:
    """Over several segments. Answers are kept."""

    def __init__(self, segments: Sequence[SegmentNames]) -> None:
        self._segments = segments
        self._bases: dict[int, list[int]] = {}
        self._derived: dict[int, list[int]] = {}

    def bases(self, type_hint: int) -> list[int]:
        """The types above a type, nearest first."""
        found = self._bases.get(type_hint)
        if found is None:
            found = _reachable([one.above for one in self._segments], type_hint, _MAX_BASES)
            self._bases[type_hint] = found
        return found

    def derived(self, type_hint: int) -> list[int]:
        """The types below a type, nearest first."""
        found = self._derived.get(type_hint)
        if found is None:
            found = _reachable([one.below for one in self._segments], type_hint, _MAX_DERIVED)
            self._derived[type_hint] = found
        return found


def _reachable(graphs: Sequence[Mapping[int, Sequence[int]]], start: int, limit: int) -> list[int]:
    """What is reached over the edges of several graphs, nearest first."""
    found: dict[int, None] = {}
    frontier = [start]
    while frontier and len(found) < limit:
        nexts = [sorted({one for graph in graphs for one in graph.get(node, ())}) for node in frontier]
        frontier = [one for ones in nexts for one in ones if one not in found]
        found.update(dict.fromkeys(frontier))
    found.pop(start, None)
    return list(found)[:limit]
