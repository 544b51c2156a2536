"""Assigns references that a query found in the tree to the definitions that contain them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from semlens.core.reference import ReferenceKind
from semlens.syntax.symbols.definition import Definition


class TreeReference(NamedTuple):
    """:ivar start: byte where the name begins."""

    start: int
    name: bytes
    kind: ReferenceKind


def innermost_definitions(
    references: list[TreeReference], definitions: Sequence[Definition]
) -> Iterator[tuple[int, TreeReference]]:
    """Each reference with the index of the innermost definition around it, or -1; in order of position."""
    references.sort(key=itemgetter(0))
    stack = [-1]
    next_definition = 0
    n_definitions = len(definitions)
    for reference in references:
        start = reference.start
        while next_definition < n_definitions and definitions[next_definition].start <= start:
            while stack[-1] != -1 and definitions[stack[-1]].end <= definitions[next_definition].start:
                stack.pop()
            stack.append(next_definition)
            next_definition += 1
        while stack[-1] != -1 and definitions[stack[-1]].end <= start:
            stack.pop()
        yield stack[-1], reference
