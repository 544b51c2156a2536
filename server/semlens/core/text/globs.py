"""Globs as regular expressions that match in bounded time: git's patterns, and those of a question's ``path:``.

After a star, the earliest place where what follows fits is as good as any later one, as everything between two stars
has a fixed length, and everything between two ``**`` a fixed number of folders. So all but the last stretch are atomic
groups, and no pattern makes `re`, which holds the interpreter meanwhile, backtrack over several stars.
"""

from __future__ import annotations

import enum
import re
import string
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple, TypeAlias

_NEVER = r"(?!)"
_CLASSES = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "blank": " \t",
    "cntrl": "".join(map(chr, range(32))) + "\x7f",
    "digit": string.digits,
    "graph": string.ascii_letters + string.digits + string.punctuation,
    "lower": string.ascii_lowercase,
    "print": string.ascii_letters + string.digits + string.punctuation + " ",
    "punct": string.punctuation,
    "space": " \t\r\n",
    "upper": string.ascii_uppercase,
    "xdigit": string.hexdigits,
}


class _Wildcard(enum.Enum):
    """What may stand for several characters, and the slash between them."""

    STAR = enum.auto()
    """Anything within a folder's name."""
    SLASH = enum.auto()
    FOLDERS = enum.auto()
    """Any number of folders, each with its slash."""
    SOME_FOLDERS = enum.auto()
    """At least one folder."""
    REST = enum.auto()
    """Anything at all, at the end."""


_Token: TypeAlias = _Wildcard | str
"""A string is a regular expression of one character."""

_OPENERS = {_Wildcard.FOLDERS: "(?:[^/]*/)*?", _Wildcard.SOME_FOLDERS: "(?:[^/]*/)+?", _Wildcard.REST: ".*"}


@lru_cache(maxsize=4_096)
def compiled(expression: str, *, ignore_case: bool = False) -> re.Pattern[str]:
    """An expression of this module; the same ones are asked for again at every look at a workspace."""
    return re.compile(expression, re.DOTALL | re.ASCII | (re.IGNORECASE if ignore_case else 0))


def union(expressions: Iterable[str]) -> str:
    """An expression that matches what any of these does."""
    return "|".join(f"(?:{expression})" for expression in expressions)


def git_expression(pattern: str, *, on_path: bool) -> str:
    """The expression for one pattern of an ignore file, without its marks: ``!``, a slash at the start or end.

    :param on_path: it is matched against a whole path, not against a name.
    """
    return _expression(_git_tokens(pattern, on_path=on_path), on_path=on_path)


@lru_cache(maxsize=256)
def path_pattern(globs: tuple[str, ...]) -> re.Pattern[str]:
    """Matches the paths in a workspace that fit one of the globs.

    ``**`` crosses folders, ``*`` and ``?`` do not. A glob without a slash may match any part of the path. The name of a
    folder stands for all below it.
    """
    return compiled(union(_expression(_path_tokens(glob), on_path=True) + "(?:/.*)?" for glob in globs))


def _expression(tokens: Iterable[_Token], *, on_path: bool) -> str:
    sections: list[list[_Token]] = [[]]
    openers: list[_Wildcard] = []  # what stands before each section but the first
    for token in tokens:
        if isinstance(token, _Wildcard) and token in _OPENERS:
            openers.append(token)
            sections.append([])
        else:
            sections[-1].append(token)
    if not openers:
        return _section(sections[0], on_path=on_path)
    first, *others, last = sections
    expressions = [f"(?>{_section(first, on_path=on_path, earliest=True)})"]
    for opener, section in zip(openers[:-1], others, strict=True):
        expressions.append(f"(?>{_OPENERS[opener]}{_section(section, on_path=on_path, earliest=True)})")
    expressions.append(_OPENERS[openers[-1]] + _section(last, on_path=on_path))
    return "".join(expressions)


def _section(tokens: list[_Token], *, on_path: bool, earliest: bool = False) -> str:
    """A stretch without ``**``: in each folder's name all but the last star are atomic.

    :param earliest: it is to end as early as it can.
    """
    any_text = "[^/]*" if on_path else ".*"
    parts: list[str] = []
    folder: list[str] = [""]  # what stands between the stars of the current folder's name

    def close(last_star: str) -> None:
        parts.append(folder[0])
        parts.extend(f"(?>{any_text}?{stretch})" for stretch in folder[1:-1])
        if len(folder) > 1:
            parts.append(last_star + folder[-1])
        folder[:] = [""]

    for token in tokens:
        if token is _Wildcard.STAR:
            folder.append("")
        elif token is _Wildcard.SLASH:
            close(any_text)
            parts.append("/")
        else:
            folder[-1] += str(token)
    close(any_text + "?" if earliest else any_text)
    return "".join(parts)


def _path_tokens(glob: str) -> Iterator[_Token]:
    glob = glob.strip("/").removeprefix("./")
    if "/" not in glob:
        yield _Wildcard.FOLDERS
    position = 0
    while position < len(glob):
        if glob.startswith("**", position):
            yield _Wildcard.FOLDERS
            if glob.startswith("**/", position) and (position == 0 or glob[position - 1] == "/"):
                position += 3
            else:  # beside other text it is anything, slashes included
                yield _Wildcard.STAR
                position += 2
            continue
        match glob[position]:
            case "*":
                yield _Wildcard.STAR
            case "/":
                yield _Wildcard.SLASH
            case "?":
                yield "[^/]"
            case character:
                yield re.escape(character)
        position += 1


def _git_tokens(pattern: str, *, on_path: bool) -> Iterator[_Token]:
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if character == "*":
            start = position
            while position < len(pattern) and pattern[position] == "*":
                position += 1
            spans_folders = (
                on_path
                and position - start > 1
                and (start == 0 or pattern[start - 1] == "/")
                and (position == len(pattern) or pattern.startswith(("/", "\\/"), position))
            )
            if not spans_folders:
                yield _Wildcard.STAR
            elif position == len(pattern):
                yield _Wildcard.REST
            elif pattern[position] == "/":
                yield _Wildcard.FOLDERS
                position += 1
            else:
                yield _Wildcard.SOME_FOLDERS
                position += 2
            continue
        if character == "/":
            yield _Wildcard.SLASH
            position += 1
        elif character == "?":
            yield "[^/]" if on_path else "."
            position += 1
        elif character == "[":
            expression, position = _bracket(pattern, position, on_path=on_path)
            yield expression
        elif character == "\\":
            following = pattern[position + 1 : position + 2]
            yield _Wildcard.SLASH if following == "/" else re.escape(following) if following else _NEVER
            position += 2
        else:
            yield re.escape(character)
            position += 1


def _bracket(pattern: str, start: int, *, on_path: bool) -> tuple[str, int]:
    """The character class that opens at `start`, and where the pattern goes on. A malformed one matches nothing."""
    position = start + 1
    is_negated = pattern.startswith(("!", "^"), position)
    position += is_negated
    first = position
    characters: set[str] = set()
    range_start = ""
    while not (position > first and pattern.startswith("]", position)):
        member = _bracket_member(pattern, position, range_start)
        if member is None:
            return _NEVER, len(pattern)
        characters.update(member.characters)
        range_start, position = member.range_start, member.end
    matched = set(map(chr, range(256))) - characters if is_negated else characters
    if on_path:
        matched = matched - {"/"}
    if not matched:
        return _NEVER, position + 1
    return "[" + "".join(f"\\x{ord(character):02x}" for character in sorted(matched)) + "]", position + 1


class _BracketMember(NamedTuple):
    """:ivar range_start: the character that a following ``-`` makes the start of a range, or "".

    :ivar end: where the next member begins.
    """

    characters: Iterable[str]
    range_start: str
    end: int


def _bracket_member(pattern: str, position: int, range_start: str) -> _BracketMember | None:
    """The member of a character class at a position: a character, a range or a named class. None if malformed."""
    following = pattern[position + 1 : position + 2]
    if pattern.startswith("-", position) and range_start and following not in ("", "]"):
        last, end = _bracket_character(pattern, position + 1)
        return _BracketMember(map(chr, range(ord(range_start), ord(last) + 1)), "", end) if last else None
    if pattern.startswith("[:", position):
        return _named_class(pattern, position)
    character, end = _bracket_character(pattern, position)
    return _BracketMember(character, character, end) if character else None


def _bracket_character(pattern: str, position: int) -> tuple[str, int]:
    """The character at a position, which a backslash may escape, and where the next begins. "" past the end."""
    position += pattern.startswith("\\", position)
    return pattern[position : position + 1], position + 1


def _named_class(pattern: str, position: int) -> _BracketMember | None:
    """The named class at a position, such as ``[:alpha:]``. Without its closing ``:]``, the bracket is a character."""
    end = pattern.find("]", position + 2)
    if end < 0:
        return None
    if end == position + 2 or pattern[end - 1] != ":":
        return _BracketMember("[", "[", position + 1)
    characters = _CLASSES.get(pattern[position + 2 : end - 1])
    return None if characters is None else _BracketMember(characters, "", end + 1)
