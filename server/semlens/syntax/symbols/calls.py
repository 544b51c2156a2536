"""Finds calls in the text: words before an opening parenthesis.

Finding calls in the tree would mean walking all of it. Words in strings and comments that look like calls count too,
because references only tell which names a symbol uses.
"""

from __future__ import annotations

from semlens.syntax.symbols.definition import Definition
from semlens.syntax.symbols.references import Reference, assign_references

_ONLY_CALL_BYTES = bytes(
    byte if byte in b"(!" or byte >= 0x80 or chr(byte).isalnum() or byte == 0x5F else 0x20 for byte in range(256)
)
_MAX_ARGUMENTS = 200  # bytes between the angle brackets of a generic call
_KEYWORDS = frozenset(
    b"if elif else while for return and or not in is lambda assert yield await del with except raise import from as"
    b" match case switch catch func fn fun function def let var mut loop unsafe move where impl dyn go defer select"
    b" range map chan type struct interface super self this Some Ok Err None sizeof typeof throw foreach using lock new"
    b" synchronized try do when guard init deinit constructor defined echo print array isset list unset empty elseif"
    b" declare fixed checked do defp unquote quote nameof alignof decltype noexcept static_assert alignas".split()
)


def calls_in(source: bytes, definitions: list[Definition]) -> dict[tuple[int, bytes], None]:
    """The names that each definition calls, by its index, or -1 for code outside all; in order of first use.

    :param definitions: in source order, outermost first.
    """
    text = source.translate(_ONLY_CALL_BYTES)
    calls: dict[tuple[int, bytes], None] = {}
    generic = _generic_calls(source, text) if b">(" in source else []
    stack = [-1]
    ends = [len(source) + 1]
    position = 0
    for index, definition in enumerate(definitions):
        start = definition.start
        while ends[-1] <= start:
            position = _add_calls(calls, text, position, ends.pop(), stack.pop())
        if position < start:
            position = _add_calls(calls, text, position, start, stack[-1])
        stack.append(index)
        ends.append(definition.end)
        # the name of what is defined is no call of it
        if definition.code != start:
            _add_calls(calls, text, position, definition.code, index)
        position = max(position, definition.name_end)
    while ends:
        position = _add_calls(calls, text, position, ends.pop(), stack.pop())
    if generic:
        calls |= assign_references(generic, definitions)
    return calls


def _add_calls(calls: dict[tuple[int, bytes], None], text: bytes, start: int, end: int, index: int) -> int:
    """Add the calls between two bytes. Returns the position to continue at."""
    if end <= start:
        return start
    last = text.rfind(b"(", start, end)
    if last != -1:
        for piece in {piece.rpartition(b" ")[2]: None for piece in text[start:last].split(b"(")}:
            if piece and piece not in _KEYWORDS:
                word = piece.strip(b"!")
                if word and word[0] > 0x39:
                    calls[index, word] = None
    return end


def _generic_calls(source: bytes, text: bytes) -> list[Reference]:
    """Calls with type arguments between the name and the parenthesis: ``parse::<u8>(``."""
    calls: list[Reference] = []
    position = source.find(b">(")
    while position != -1:
        floor = max(0, position - _MAX_ARGUMENTS)
        opening = source.rfind(b"<", floor, position)
        while opening != -1 and source.count(b">", opening, position) >= source.count(b"<", opening, position):
            opening = source.rfind(b"<", floor, opening)
        if opening != -1:
            word = text[max(0, opening - _MAX_ARGUMENTS) : opening].rstrip(b" ").rpartition(b" ")[2]
            if word and word not in _KEYWORDS and word[0] > 0x39:
                calls.append((opening - len(word), word))
        position = source.find(b">(", position + 2)
    return calls
