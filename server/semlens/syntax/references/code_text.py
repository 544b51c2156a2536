"""Blanks comments and documentation strings, so that words in them do not count as code. Positions stay."""

from __future__ import annotations

import re
from functools import cache

from semlens.syntax.languages.language import Language

_TRIPLE_QUOTED = frozenset(("python", "julia", "elixir", "kotlin", "scala", "swift", "java"))
_CHARACTER_LITERALS = frozenset(("rust", "go", "c", "cpp", "objc", "java", "csharp", "kotlin", "scala", "swift", "zig"))
_QUOTED = rb"\"(?:\\.|[^\"\\])*+(?:\"|(?P<open>\\?\Z))|`[^`]*+(?:`|(?P<open_backtick>\Z))"
_STRINGS = re.compile(_QUOTED + rb"|'(?:\\.|[^'\\])'")
_STRINGS_AND_APOSTROPHES = re.compile(_QUOTED + rb"|'(?:\\.|[^'\\])*+(?:'|(?P<open_apostrophe>\\?\Z))")
_RUST_STRING = re.compile(rb"\"(?:\\.|[^\"\\])*\"", re.DOTALL)
PLAIN_STRINGS = frozenset("c cpp go java javascript lua objc python tsx typescript zig".split())
"""Languages whose strings hold no code, but for those that `code_only` leaves. Elsewhere code may stand in `"${…}"`."""

_MAX_HASHES = 8  # around a raw string
_BLANKS = bytes(byte if byte == 0x0A else 0x20 for byte in range(256))


def without_comments(language: Language, source: bytes) -> bytes:
    """The text with blanks for comments and strings of several lines.

    Strings of one line stay, because finding them takes as long as all the rest. Only marks are searched by pattern,
    since `re` takes as long for the bytes of comments as the parser does.
    """
    marks, ends = _marks(language.name, language.line_comments, language.block_comments)
    strings = _STRINGS if language.name in _CHARACTER_LITERALS else _STRINGS_AND_APOSTROPHES
    pieces: list[bytes] = []
    position = scanned = strings_end = 0
    is_rust = language.name == "rust"
    match = marks.search(source) if marks is not None else None
    while marks is not None and match is not None:
        start, after = match.span()
        mark = match[0]
        end_mark = ends[mark]
        line = max(position, source.rfind(b"\n", 0, start))
        if is_rust and (mark == b"/*" or source.find(b'"', line, start) != -1):
            scanned, end_of_string = _rust_string_around(source, max(position, scanned), start)
            if end_of_string:
                match = marks.search(source, end_of_string)
                continue
        elif mark != end_mark:
            strings_end, end_of_string = _string_around(source, max(line, strings_end), start, strings)
            if end_of_string:
                match = marks.search(source, end_of_string)
                continue
        end = source.find(end_mark, after)
        if end < 0:
            end = len(source)
        elif end_mark != b"\n":
            end += len(end_mark)
        if mark != b"//" or source[start - 1 : start] != b":":  # else the middle of a URL
            pieces += (source[position:start], source[start:end].translate(_BLANKS))
            position = end
        match = marks.search(source, end)
    return b"".join((*pieces, source[position:])) if pieces else source


def _string_around(source: bytes, position: int, place: int, strings: re.Pattern[bytes]) -> tuple[int, int]:
    """Where to continue, and the end of the string of one line around a place, or 0, as in ``glob("src/*.go")``.

    :param position: on the line of the place, outside of strings and comments.
    """
    for match in strings.finditer(source, position, place):
        if match.lastgroup:  # it is open at the place
            line_end = source.find(b"\n", place)
            whole = strings.match(source, match.start(), line_end if line_end >= 0 else len(source))
            end = whole.end() if whole is not None else place
            return end, end
        position = match.end()
    return position, 0


def _rust_string_around(source: bytes, position: int, place: int) -> tuple[int, int]:
    """Where to continue, and the end of the string around a place, or 0. Strings of Rust may have several lines.

    :param position: outside of strings and comments; from there to the place are no comments.
    """
    while (opening := source.find(b'"', position, place)) != -1:
        if source[opening - 1 : opening + 2] == b"'\"'" or source[opening - 2 : opening + 2] == b"'\\\"'":
            position = opening + 2  # a character
            continue
        before = source[max(position, opening - _MAX_HASHES) : opening]
        hashes = len(before) - len(before.rstrip(b"#"))
        is_raw = before.rstrip(b"#").endswith((b"r", b"br", b"cr"))
        if is_raw:
            closing = source.find(b'"' + b"#" * hashes, opening + 1)
            end = closing + 1 + hashes if closing != -1 else 0
        else:
            match = _RUST_STRING.match(source, opening)
            end = match.end() if match is not None else 0
        if not end:  # it does not parse
            return len(source), 0
        if end > place:
            return opening, end
        position = end
    return place, 0


def code_only(language: Language, source: bytes) -> bytes:
    """The text with blanks for comments and for all strings but formatted ones."""
    pattern = _comments_and_strings(language.name, language.line_comments, language.block_comments)
    return pattern.sub(_blank, source)


def _blank(match: re.Match[bytes]) -> bytes:
    text = match[0]
    start = match.start()
    if text.startswith(b"//") and start and match.string[start - 1] == 0x3A:
        return text  # the middle of a URL
    return text.translate(_BLANKS)


def _comment_marks(name: str, lines: tuple[str, ...], blocks: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """What begins a comment or a string of several lines, with what ends it."""
    triple = (['"""'] if name in _TRIPLE_QUOTED else []) + (["'''"] if name == "python" else [])
    shortest = [mark for mark in lines if not any(mark != other and mark.startswith(other) for other in lines)]
    return {**dict(blocks), **dict(zip(triple, triple, strict=True)), **dict.fromkeys(shortest, "\n")}


def _opening(mark: str) -> str:
    return re.escape(mark) + ("(?!{)" if mark == "#" else "")  # "#{" is a part of a string


@cache
def _marks(
    name: str, lines: tuple[str, ...], blocks: tuple[tuple[str, str], ...]
) -> tuple[re.Pattern[bytes] | None, dict[bytes, bytes]]:
    marks = _comment_marks(name, lines, blocks)
    pattern = re.compile("|".join(map(_opening, marks)).encode()) if marks else None
    return pattern, {mark.encode(): end.encode() for mark, end in marks.items()}


def _comment_patterns(name: str, lines: tuple[str, ...], blocks: tuple[tuple[str, str], ...]) -> list[str]:
    return [
        _opening(mark) + (r"[^\n]*" if end == "\n" else rf"[\s\S]*?(?:{re.escape(end)}|\Z)")
        for mark, end in _comment_marks(name, lines, blocks).items()
    ]


@cache
def _comments_and_strings(name: str, lines: tuple[str, ...], blocks: tuple[tuple[str, str], ...]) -> re.Pattern[bytes]:
    formatted = r"(?<![fF])" if name == "python" else ""
    # An escaped quote begins no string. Else each of them behind an open quote would read the rest of the line.
    quoted = r"'(?:\\.|[^\\'\n]){1,6}'" if name in _CHARACTER_LITERALS else r"(?<!\\)'(?:\\.|[^\\'\n])*+'"
    raw = ["`[^`]*+`"] if name == "go" else []  # elsewhere there may be code in it
    strings = [formatted + r'(?<!\\)"(?:\\.|[^\\"\n])*+"', formatted + quoted, *raw]
    comments = _comment_patterns(name, lines, blocks)
    triple = [pattern for pattern in comments if pattern.startswith(('"""', "'''"))]
    others = [pattern for pattern in comments if pattern not in triple]
    return re.compile("|".join([*triple, *strings, *others]).encode())
