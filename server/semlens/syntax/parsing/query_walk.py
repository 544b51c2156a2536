"""Finds the matches of a query without a walk over every expression.

Running a query over a whole tree takes 30 to 100 % of the time of the parse, and nearly all of that inside functions.
So patterns start only near the root or near a type, module or scope that was found. The body of a function is searched
only if it holds a keyword that starts a definition. `calls` reads calls from the text instead.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter

from tree_sitter import Node, QueryCursor

from semlens.syntax.languages.language import Language
from semlens.syntax.parsing.grammars import Grammar

_MATCH_LIMIT = 4_096  # matches in progress at once; beyond it tree-sitter drops the earliest

_NOT_A_NAME = frozenset(bytes((byte,)) for byte in b"(){}[]<>,;:.=+-*/|&!? ")

_MAX_CLIMB = 3  # levels from a keyword to the definition that it starts: annotation, modifiers, definition

QueryMatch = tuple[int, dict[str, list[Node]]]


def query_matches(language: Language, grammar: Grammar, root: Node, source: bytes) -> list[QueryMatch]:
    """Pattern indices and captures, in any order. A match may occur twice."""
    assert grammar.query is not None
    cursor = QueryCursor(grammar.query, match_limit=_MATCH_LIMIT)
    if language.symbol_depth:
        cursor.set_max_start_depth(language.symbol_depth)
    matches = cursor.matches(root)
    if grammar.top_query is not None:
        top = QueryCursor(grammar.top_query, match_limit=_MATCH_LIMIT)
        top.set_max_start_depth(0)
        first = grammar.query.pattern_count
        matches += [(first + index, captures) for index, captures in top.matches(root)]
    if not language.symbol_depth:
        return matches
    cursor.set_max_start_depth(language.member_depth)
    known_starts, functions = _add_matches_in_containers(cursor, grammar, matches)
    if language.definition_keywords:
        places = _unmatched_keywords(language, source, known_starts)
        if places:
            _add_matches_at_keywords(language, grammar, root, source, matches, places, functions)
    return matches


def _add_matches_in_containers(
    cursor: QueryCursor, grammar: Grammar, matches: list[QueryMatch]
) -> tuple[set[int], list[tuple[int, int, Node]]]:
    """Add the matches within containers.

    :return: start bytes of definitions and names; and for each definition that is no container its start, the start of
        its body, and its node.
    """
    defining, contains = grammar.defining, grammar.contains
    known_starts: set[int] = set()
    functions: list[tuple[int, int, Node]] = []
    entered_ids: set[int] = set()
    for index, captures in matches:  # grows
        name = captures.get("name")
        if name is None:
            continue
        known_starts.add(name[0].start_byte)
        nodes = captures.get(defining[index])
        if nodes is None:
            continue
        node = nodes[0]
        start = node.start_byte
        known_starts.add(start)
        body = captures.get("body")
        if not contains[index]:
            functions.append((start, body[0].start_byte if body is not None else name[0].end_byte, node))
            continue
        if body is not None and body[0].is_named:
            node = body[0]
        if node.id not in entered_ids:
            entered_ids.add(node.id)
            matches.extend(cursor.matches(node))
    return known_starts, functions


def _unmatched_keywords(language: Language, source: bytes, known_starts: set[int]) -> list[int]:
    """The positions of keywords whose definition was not found, in order."""
    places: list[int] = []
    find = source.find
    for keyword in language.definition_keywords:
        mark = keyword.encode()
        width = len(mark)
        before_name = mark.endswith(b" ")
        position = find(mark)
        while position != -1:
            after = position + width
            named = not before_name or source[after : after + 1] not in _NOT_A_NAME
            if named and after not in known_starts and position not in known_starts:
                places.append(position)
            position = find(mark, after)
    places.sort()
    return places


def _add_matches_at_keywords(
    language: Language,
    grammar: Grammar,
    root: Node,
    source: bytes,
    matches: list[QueryMatch],
    places: list[int],
    functions: list[tuple[int, int, Node]],
) -> None:
    """Add all matches in the functions, or in the statements outside functions, that hold the keywords."""
    assert grammar.query is not None
    cursor = QueryCursor(grammar.query, match_limit=_MATCH_LIMIT)
    comments = (*[mark.encode() for mark in language.line_comments], b"*")
    functions.sort(key=itemgetter(0, 1))
    starts = [start for start, _, _ in functions]
    searched_until = -1
    for position in places:
        if position < searched_until:
            continue
        index = bisect_right(starts, position) - 1
        if index >= 0 and position < functions[index][1]:
            continue  # in the head of a definition
        if source[source.rfind(b"\n", 0, position) + 1 : position].lstrip().startswith(comments):
            continue
        node = functions[index][2] if index >= 0 else None
        if node is None or node.end_byte <= position:
            node = _statement_at(root, position)
            if node is None:
                continue
        matches.extend(cursor.matches(node))
        searched_until = node.end_byte


def _statement_at(root: Node, position: int) -> Node | None:
    """The statement that a keyword starts, with its decorators; None if the word is no keyword there."""
    token = root.descendant_for_byte_range(position, position + 1)
    if token is None or token.start_byte != position or (token.is_named and token.type != "identifier"):
        return None  # "identifier": the keywords of Elixir are names of macros
    node = token.parent
    if node is None:
        return None
    around = node.parent
    for _ in range(_MAX_CLIMB):
        if around is None or around.start_byte != node.start_byte or around.parent is None:
            break
        node, around = around, around.parent
    if around is not None and around.end_byte == node.end_byte and around.parent is not None:
        return around
    return node
