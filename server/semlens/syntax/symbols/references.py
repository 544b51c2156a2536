"""Which definition each use of a name stands in."""

from __future__ import annotations

from operator import itemgetter

from semlens.syntax.symbols.definition import Definition

Reference = tuple[int, bytes]
"""Start byte and name."""


def assign_references(references: list[Reference], definitions: list[Definition]) -> dict[tuple[int, bytes], None]:
    """Each reference to the innermost definition around it; distinct, in order of first use."""
    found: dict[tuple[int, bytes], None] = {}
    if not references:
        return found
    references.sort(key=itemgetter(0))
    stack = [-1]
    following = 0
    count = len(definitions)
    for start, name in references:
        while following < count and definitions[following].start <= start:
            while stack[-1] != -1 and definitions[stack[-1]].end <= definitions[following].start:
                stack.pop()
            stack.append(following)
            following += 1
        while stack[-1] != -1 and definitions[stack[-1]].end <= start:
            stack.pop()
        found[stack[-1], name] = None
    return found
