"""The types above and below a type, by the hint hashes of their names. Types of one name count as one.

In Go no type says which interfaces it implements. It is below those whose methods it has, by name and number of
parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from semlens.graph.segment_names import Method, SegmentNames

_MAX_BASES = 40  # types above a type
_MAX_DERIVED = 200  # types below a type
_MAX_COMPARED = 2_000  # types of Go that are compared with one another


class TypeHierarchy:
    """Over several segments. Answers are kept."""

    def __init__(self, segments: Sequence[SegmentNames]) -> None:
        self._segments = segments
        self._bases: dict[int, list[int]] = {}
        self._derived: dict[int, list[int]] = {}
        self._go_methods: dict[int, frozenset[Method]] = {}

    def bases(self, type_hint: int) -> list[int]:
        """The types above a type, nearest first."""
        found = self._bases.get(type_hint)
        if found is None:
            found = _reachable([one.above for one in self._segments], type_hint, _MAX_BASES)
            found += [one for one in self._interfaces(type_hint) if one not in found]
            self._bases[type_hint] = found
        return found

    def derived(self, type_hint: int) -> list[int]:
        """The types below a type, nearest first."""
        found = self._derived.get(type_hint)
        if found is None:
            found = _reachable([one.below for one in self._segments], type_hint, _MAX_DERIVED)
            found += [one for one in self._implementations(type_hint) if one not in found]
            self._derived[type_hint] = found
        return found

    def _methods(self, type_hint: int) -> frozenset[Method]:
        """The methods of a type of Go, with those of the types that it embeds."""
        found = self._go_methods.get(type_hint)
        if found is None:
            embedded = _reachable([one.above for one in self._segments], type_hint, _MAX_BASES)
            parts = [one.go_methods.get(owner) for one in self._segments for owner in (type_hint, *embedded)]
            found = self._go_methods[type_hint] = frozenset[Method]().union(*(part for part in parts if part))
        return found

    def _having(self, method: Method) -> list[int]:
        found = dict.fromkeys(owner for one in self._segments for owner in one.go_having.get(method, ()))
        return list(found)[:_MAX_COMPARED]

    def _is_interface(self, type_hint: int) -> bool:
        return any(type_hint in one.go_interfaces for one in self._segments)

    def _interfaces(self, type_hint: int) -> list[int]:
        """The interfaces that a type of Go implements."""
        if not any(type_hint in one.go_methods for one in self._segments) or self._is_interface(type_hint):
            return []
        methods = self._methods(type_hint)
        near = dict.fromkeys(owner for method in methods for owner in self._having(method))
        return [one for one in near if self._is_interface(one) and self._methods(one) <= methods]

    def _implementations(self, type_hint: int) -> list[int]:
        """The types that implement an interface of Go."""
        wanted = self._methods(type_hint) if self._is_interface(type_hint) else None
        if not wanted:
            return []
        below = [one.below for one in self._segments]
        fewest = min(map(self._having, wanted), key=len)
        near = dict.fromkeys(fewest)
        near.update(dict.fromkeys(one for owner in fewest for one in _reachable(below, owner, _MAX_DERIVED)))
        found = [one for one in near if not self._is_interface(one) and wanted <= self._methods(one)]
        return found[:_MAX_DERIVED]


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
