"""Matches without a walk over every expression: shallow first, and deeper only where a definition is written.

Walking a whole tree with a query costs 30 to 45 % of parsing it. Definitions of some languages stand near the root, but
for those that follow a keyword: so the query starts no pattern below a depth, and the keywords that no match explains
lead to the rest. Calls, which stand deep, are then read from the text.
"""

from __future__ import annotations

from tree_sitter import Node, QueryCursor

from semlens.syntax.grammars import Grammar
from semlens.syntax.language import Language

_MATCH_LIMIT = 4_096  # matches in progress at once; beyond it tree-sitter drops the earliest

RawMatch = tuple[int, dict[str, list[Node]]]

_WORDS = bytes(
    byte if byte == 0x28 or byte >= 0x80 or chr(byte).isalnum() or byte == 0x5F else 0x20 for byte in range(256)
)
_KEYWORDS = frozenset(
    b"if elif else while for return and or not in is lambda assert yield await del with except raise import from as"
    b" match case switch catch func fn let mut loop unsafe move where impl dyn go defer select range map chan var type"
    b" struct interface super self Some Ok Err None".split()
)


def raw_matches(language: Language, grammar: Grammar, root: Node, source: bytes) -> list[RawMatch]:
    """Pattern indices and captures, in no promised order; some may come twice."""
    assert grammar.query is not None
    cursor = QueryCursor(grammar.query, match_limit=_MATCH_LIMIT)
    if not language.symbol_depth:
        return cursor.matches(root)
    cursor.set_max_start_depth(language.symbol_depth)
    matches = cursor.matches(root)
    known = _starts(grammar, matches)
    for mark in language.deep_marks:
        for node in _unexplained(mark.encode(), root, source, known):
            found = QueryCursor(grammar.query, match_limit=_MATCH_LIMIT).matches(node)
            known |= _starts(grammar, found)
            matches.extend(found)
    return matches


def _starts(grammar: Grammar, matches: list[RawMatch]) -> set[int]:
    """Where the definitions that were found start, and where their names do."""
    starts: set[int] = set()
    for index, captures in matches:
        name = captures.get("name")
        if name is not None:
            starts.add(name[0].start_byte)
            defining = captures.get(grammar.patterns[index].capture)
            if defining is not None:
                starts.add(defining[0].start_byte)
    return starts


def _unexplained(mark: bytes, root: Node, source: bytes, known: set[int]) -> list[Node]:
    """The nodes that start with a keyword whose definition was not found."""
    nodes: dict[int, Node] = {}
    width = len(mark)
    covered = -1
    position = source.find(mark)
    while position != -1:
        if position + width not in known and position not in known and position > covered:
            token = root.descendant_for_byte_range(position, position + 1)
            node = token.parent if token is not None and not token.is_named else None
            if node is not None and node.parent is not None:
                around = node.parent
                if around.end_byte == node.end_byte and around.start_byte < node.start_byte:
                    node = around  # with its decorators
                nodes[node.id] = node
                covered = node.end_byte
        position = source.find(mark, position + width)
    return list(nodes.values())


def calls_in(source: bytes, names: set[int]) -> list[tuple[int, bytes]]:
    """Words before an opening parenthesis, with where they start; those in strings and comments too.

    :param names: start bytes of the names of definitions, which are no calls.
    """
    found: list[tuple[int, bytes]] = []
    position = 0
    pieces = source.translate(_WORDS).split(b"(")
    pieces.pop()
    for piece in pieces:
        position += len(piece)
        word = piece.rpartition(b" ")[2]
        if word:
            start = position - len(word)
            if start not in names and word not in _KEYWORDS and not word[0] < 0x3A:
                found.append((start, word))
        position += 1
    return found
