"""Assigns each use of a name to the definition that contains it."""

from __future__ import annotations

from operator import itemgetter

from semlens.syntax.symbols.definition import Definition

Reference = tuple[int, bytes]
"""Start byte and name."""


def assign_references(references: list[Reference], definitions: list[Definition]) -> dict[tuple[int, bytes], None]:
    """Each reference to the innermost definition around it; distinct, in order of first use."""
    assigned: dict[tuple[int, bytes], None] = {}
    if not references:
        return assigned
    references.sort(key=itemgetter(0))
    stack = [-1]
    next_definition = 0
    n_definitions = len(definitions)
    for start, name in references:
        while next_definition < n_definitions and definitions[next_definition].start <= start:
            while stack[-1] != -1 and definitions[stack[-1]].end <= definitions[next_definition].start:
                stack.pop()
            stack.append(next_definition)
            next_definition += 1
        while stack[-1] != -1 and definitions[stack[-1]].end <= start:
            stack.pop()
        assigned[stack[-1], name] = None
    return assigned
