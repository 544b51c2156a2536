"""Runs a symbol query over one tree and sorts its matches: definitions, prefixes, documentation, references."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import cast

from tree_sitter import Node

from semlens.core.reference import ReferenceKind
from semlens.syntax.languages.language import Language
from semlens.syntax.parsing.grammars import Grammar, Pattern, PatternRole
from semlens.syntax.parsing.query_walk import query_matches
from semlens.syntax.parsing.recovery import ByteRange, recovered
from semlens.syntax.references.tree_references import TreeReference

MAX_NAME = 200  # characters; a longer name is data
_REFERENCE_KINDS = {
    "": ReferenceKind.CALL,
    "use": ReferenceKind.USE,
    "base": ReferenceKind.BASE,
    "import": ReferenceKind.IMPORT,
}
"""By what follows ``@reference`` in the name of a capture."""

Place = Node | ByteRange
Captures = dict[str, list[Place]]
Match = tuple[int, int, Pattern, Place, Captures]
"""Start byte, minus end byte, pattern, defining node, captures."""


@dataclass(frozen=True, slots=True)
class Matches:
    """:ivar definitions: outermost first, one for each name."""

    definitions: list[Match]
    prefixes: list[Node]
    documentations: list[Node]
    references: list[TreeReference]


def sorted_matches(language: Language, grammar: Grammar, root: Node, source: bytes) -> Matches:
    """The matches of the query in the tree, with one definition for each name."""
    patterns = [(pattern.role, pattern.capture, pattern.capture.endswith(".body")) for pattern in grammar.patterns]
    ranks = grammar.ranks
    reference_role, prefix_role = PatternRole.REFERENCE, PatternRole.PREFIX
    best: dict[int, tuple[int, int, int, Node, dict[str, list[Node]]]] = {}
    prefixes: list[Node] = []
    documentations: list[Node] = []
    references: list[TreeReference] = []
    for index, captures in query_matches(language, grammar, root, source):
        role, capture, body_follows = patterns[index]
        if role is reference_role:
            _add_references(references, captures[capture], source, _REFERENCE_KINDS[capture.partition(".")[2]])
            continue
        defining = captures.get(capture)
        if defining is None:
            continue
        node = defining[0]
        if role is prefix_role:
            prefixes.append(node)
            continue
        if role is PatternRole.DOCUMENTATION:
            documentations.append(node)
            continue
        names = captures.get("name") or captures.get("name.chain")
        if names is None:
            continue
        for position, name in enumerate(names):
            key = name.start_byte
            best_so_far = best.get(key)
            if best_so_far is not None and (ranks[best_so_far[2]], -len(best_so_far[4])) <= (
                ranks[index],
                -len(captures),
            ):
                continue
            end = node.end_byte
            if body_follows:
                end = max(end, captures["body"][-1].end_byte)
            found = captures if position == 0 else {**captures, "name": [name]}
            best[key] = (node.start_byte, -end, index, node, found)
    definitions: list[Match] = [
        (start, end, grammar.patterns[index], node, cast("Captures", captures))
        for start, end, index, node, captures in best.values()
    ]
    definitions += _recovered_matches(language, root, source, best.keys())
    definitions.sort(key=itemgetter(0, 1))
    return Matches(definitions, prefixes, documentations, references)


def _add_references(references: list[TreeReference], nodes: list[Node], source: bytes, kind: ReferenceKind) -> None:
    for node in nodes:
        start, end = node.start_byte, node.end_byte
        if 0 < end - start <= MAX_NAME:
            references.append(TreeReference(start, source[start:end], kind))


def _recovered_matches(language: Language, root: Node, source: bytes, known_starts: Collection[int]) -> Iterator[Match]:
    """Definitions in erroneous parts of the tree, in the form of matches."""
    for definition in recovered(language, root, source, known_starts):
        pattern = Pattern(PatternRole.SYMBOL, "", definition.kind)
        captures: Captures = {"name": [definition.name], "body": [definition.body]}
        yield definition.whole.start_byte, -definition.whole.end_byte, pattern, definition.whole, captures
