"""The types above and below a type, by the hint hashes of their names. Types of one name count as one.

In Go no type says which interfaces it implements. It is below those whose methods it has, by name and number of
parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from semlens.graph.segment_names import Method, SegmentNames

_MAX_BASES = 40  # types above a type
_MAX_DERIVED = 200  # types below a type
_MAX_COMPARED = 2_000  # types of Go that are compared with an interface


class TypeHierarchy:
    """Over several segments. Answers are kept."""

    def __init__(self, segments: Sequence[SegmentNames]) -> None:
        self._segments = segments
        self._bases: dict[int, list[int]] = {}
        self._derived: dict[int, list[int]] = {}
        self._implementing: tuple[dict[int, list[int]], dict[int, list[int]]] | None = None

    def bases(self, type_hint: int) -> list[int]:
        """The types above a type, nearest first."""
        found = self._bases.get(type_hint)
        if found is None:
            found = _reachable([one.above for one in self._segments], type_hint, _MAX_BASES)
            found += [one for one in self._interfaces()[0].get(type_hint, ()) if one not in found]
            self._bases[type_hint] = found
        return found

    def derived(self, type_hint: int) -> list[int]:
        """The types below a type, nearest first."""
        found = self._derived.get(type_hint)
        if found is None:
            found = _reachable([one.below for one in self._segments], type_hint, _MAX_DERIVED)
            found += [one for one in self._interfaces()[1].get(type_hint, ()) if one not in found]
            self._derived[type_hint] = found
        return found

    def _interfaces(self) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
        """Of Go: the interfaces that each type implements, and the types that implement each interface."""
        if self._implementing is None:
            self._implementing = _implementing(self._segments)
        return self._implementing


def _implementing(segments: Sequence[SegmentNames]) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    above = [one.above for one in segments]
    own: dict[int, frozenset[Method]] = {}
    for segment in segments:
        for owner, methods in segment.go_methods.items():
            own[owner] = own.get(owner, frozenset()) | methods
    interfaces = {one for segment in segments for one in segment.go_interfaces}
    having: dict[Method, list[int]] = {}
    all_methods: dict[int, frozenset[Method]] = {}
    for owner, methods in own.items():
        embedded = [own[base] for base in _reachable(above, owner, _MAX_BASES) if base in own]
        all_methods[owner] = methods.union(*embedded)
        if owner not in interfaces:
            for method in all_methods[owner]:
                having.setdefault(method, []).append(owner)
    implemented: dict[int, list[int]] = {}
    implementing: dict[int, list[int]] = {}
    for interface in sorted(interfaces & all_methods.keys()):
        wanted = all_methods[interface]
        fewest = min((having.get(method, []) for method in wanted), key=len)
        found = [owner for owner in fewest[:_MAX_COMPARED] if wanted <= all_methods[owner]][:_MAX_DERIVED]
        implementing[interface] = found
        for owner in found:
            implemented.setdefault(owner, []).append(interface)
    return implemented, implementing


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
