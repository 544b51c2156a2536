"""Blanks comments and documentation strings, so that words in them do not count as code. Positions stay."""

from __future__ import annotations

import re
from functools import cache

from semlens.syntax.languages.language import Language

_TRIPLE_QUOTED = frozenset(("python", "julia", "elixir", "kotlin", "scala", "swift", "java"))
_CHARACTER_LITERALS = frozenset(("rust", "go", "c", "cpp", "objc", "java", "csharp", "kotlin", "scala", "swift", "zig"))
_NOT_SPACE = re.compile(rb"[^\n]")


def without_comments(language: Language, source: bytes) -> bytes:
    """The text with blanks for comments and strings of several lines.

    Strings of one line stay, because finding them takes as long as all the rest. What follows a comment mark in a
    string is lost up to the end of its line.
    """
    pattern = _comments(language.name, language.line_comments, language.block_comments)
    return source if pattern is None else pattern.sub(_blank, source)


def code_only(language: Language, source: bytes) -> bytes:
    """The text with blanks for comments and for all strings but formatted ones."""
    pattern = _comments_and_strings(language.name, language.line_comments, language.block_comments)
    return pattern.sub(_blank, source)


def _blank(match: re.Match[bytes]) -> bytes:
    text = match[0]
    start = match.start()
    if text.startswith(b"//") and start and match.string[start - 1] == 0x3A:
        return text  # the middle of a URL
    if b"\n" in text:
        return _NOT_SPACE.sub(b" ", text)
    return b" " * len(text)


def _comment_patterns(name: str, lines: tuple[str, ...], blocks: tuple[tuple[str, str], ...]) -> list[str]:
    patterns = [rf"{re.escape(start)}[\s\S]*?(?:{re.escape(end)}|\Z)" for start, end in blocks]
    if name in _TRIPLE_QUOTED:
        patterns += ['"""[\\s\\S]*?(?:"""|\\Z)']
    if name == "python":
        patterns += ["'''[\\s\\S]*?(?:'''|\\Z)"]
    shortest = [mark for mark in lines if not any(mark != other and mark.startswith(other) for other in lines)]
    patterns += [rf"{re.escape(mark)}{r'(?!{)' if mark == '#' else ''}[^\n]*" for mark in shortest]
    return patterns


@cache
def _comments(name: str, lines: tuple[str, ...], blocks: tuple[tuple[str, str], ...]) -> re.Pattern[bytes] | None:
    patterns = _comment_patterns(name, lines, blocks)
    return re.compile("|".join(patterns).encode()) if patterns else None


@cache
def _comments_and_strings(name: str, lines: tuple[str, ...], blocks: tuple[tuple[str, str], ...]) -> re.Pattern[bytes]:
    formatted = r"(?<![fF])" if name == "python" else ""
    quoted = r"'(?:\\.|[^\\'\n]){1,6}'" if name in _CHARACTER_LITERALS else r"'(?:\\.|[^\\'\n])*'"
    strings = [formatted + r'"(?:\\.|[^\\"\n])*"', formatted + quoted]
    comments = _comment_patterns(name, lines, blocks)
    triple = [pattern for pattern in comments if pattern.startswith(('"""', "'''"))]
    others = [pattern for pattern in comments if pattern not in triple]
    return re.compile("|".join([*triple, *strings, *others]).encode())
