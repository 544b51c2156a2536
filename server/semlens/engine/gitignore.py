"""One ignore file: its lines compiled, and asked whether they name a path. Which files count where is `ignore`'s.

The semantics are git's to the byte (dir.c and wildmatch.c of git 2.39 were the reference for behaviour, `git
check-ignore` is it in the tests). Git matches bytes, so all text here is bytes decoded as Latin-1: `byte_text`.

Matching is linear in the length of the path for every pattern: a hostile ignore file cannot stall a scan.
"""

from __future__ import annotations

import os
import re
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_SPECIAL = re.compile(r"[*?\[\\]")
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


def byte_text(path: str) -> str:
    """The path's bytes, one character each, as patterns are matched against it."""
    return path if path.isascii() else os.fsencode(path).decode("latin-1")


@dataclass(frozen=True, slots=True)
class _Rule:
    """A compiled line. Exactly one of the last four says how it matches.

    :ivar position: later lines win.
    :ivar name: matches files of this name, in any folder.
    :ivar suffix: matches file names that end so.
    :ivar path: matches this path.
    :ivar regex: matches the whole name, or the whole path if `on_path`.
    """

    position: int
    ignores: bool
    folders_only: bool
    on_path: bool = False
    name: str | None = None
    suffix: str | None = None
    path: str | None = None
    regex: re.Pattern[str] | None = None


class IgnoreRules:
    """The compiled lines of one ignore file. Immutable."""

    __slots__ = ("_extensions", "_fold", "_general", "_names", "_paths", "needs_path")

    def __init__(self, lines: Iterable[str], *, ignore_case: bool = False) -> None:
        """:param lines: as `byte_text`, without line ends."""
        self._fold = ignore_case
        self._names: dict[str, tuple[_Rule, ...]] = {}
        self._extensions: dict[str, tuple[_Rule, ...]] = {}
        self._paths: dict[str, tuple[_Rule, ...]] = {}
        general: list[_Rule] = []
        for position, line in enumerate(lines):
            rule = _compile(line, position, ignore_case=ignore_case)
            if rule is None:
                continue
            if rule.name is not None:
                self._names[rule.name] = (rule, *self._names.get(rule.name, ()))
            elif rule.path is not None:
                self._paths[rule.path] = (rule, *self._paths.get(rule.path, ()))
            elif rule.suffix is not None and rule.suffix.rfind(".") == 0:
                self._extensions[rule.suffix] = (rule, *self._extensions.get(rule.suffix, ()))
            else:
                general.append(rule)
        self._general = tuple(reversed(general))
        self.needs_path = bool(self._paths) or any(rule.on_path for rule in general)

    @classmethod
    def parse(cls, data: bytes, *, ignore_case: bool = False) -> IgnoreRules:
        """The rules of an ignore file's content."""
        text = data.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
        return cls((line.removesuffix("\r") for line in text.split("\n")), ignore_case=ignore_case)

    @property
    def is_empty(self) -> bool:
        return not (self._names or self._extensions or self._paths or self._general)

    def match(self, name: str, path: str, is_folder: bool) -> bool | None:
        """True where the last line that matches ignores, False where it re-includes, None where none matches.

        :param name: last component of the path, as `byte_text`.
        :param path: relative to the ignore file's folder, as `byte_text`; not looked at unless `needs_path`.
        """
        if self._fold:
            name = _lower(name)
            path = _lower(path)
        best: _Rule | None = None
        for rule in self._names.get(name, ()):
            if is_folder or not rule.folders_only:
                best = rule
                break
        if self._extensions:
            dot = name.rfind(".")
            if dot >= 0:
                best = _later(best, self._extensions.get(name[dot:], ()), is_folder)
        if self._paths:
            best = _later(best, self._paths.get(path, ()), is_folder)
        for rule in self._general:
            if best is not None and rule.position < best.position:
                break
            if rule.folders_only and not is_folder:
                continue
            if rule.suffix is not None:
                if name.endswith(rule.suffix):
                    best = rule
                    break
            elif rule.regex is not None and rule.regex.fullmatch(path if rule.on_path else name):
                best = rule
                break
        return None if best is None else best.ignores


def _later(best: _Rule | None, rules: tuple[_Rule, ...], is_folder: bool) -> _Rule | None:
    for rule in rules:
        if is_folder or not rule.folders_only:
            return rule if best is None or rule.position > best.position else best
    return best


_TO_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def _lower(text: str) -> str:
    return text.translate(_TO_LOWER)


def _compile(line: str, position: int, *, ignore_case: bool) -> _Rule | None:
    if line.startswith("#"):
        return None
    line = _without_trailing_spaces(line)
    ignores = not line.startswith("!")
    if not ignores:
        line = line[1:]
    folders_only = line.endswith("/")
    if folders_only:
        line = line[:-1]
    if not line:
        return None
    on_path = "/" in line
    line = line.removeprefix("/")
    if ignore_case:
        line = _lower(line)
    special = _SPECIAL.search(line)
    if special is None:
        return _Rule(position, ignores, folders_only, path=line if on_path else None, name=None if on_path else line)
    if not on_path and special.start() == 0 and line[0] == "*" and not _SPECIAL.search(line, 1):
        return _Rule(position, ignores, folders_only, suffix=line[1:])
    # Git compares the literal start apart and matches the rest as a pattern of its own, which shows: "a**/b" names
    # "ab" and "a/b", for "**" then stands at a start.
    literal = line[: special.start()] if on_path else ""
    expression = re.escape(literal) + _regex(line[len(literal) :], on_path=on_path)
    flags = re.DOTALL | re.ASCII | (re.IGNORECASE if ignore_case else 0)
    return _Rule(position, ignores, folders_only, on_path=on_path, regex=re.compile(expression, flags))


def _without_trailing_spaces(line: str) -> str:
    """Strips spaces at the end, but for one that is escaped."""
    stripped = line.rstrip(" ")
    if stripped != line:
        n_backslashes = len(stripped) - len(stripped.rstrip("\\"))
        if n_backslashes % 2:
            return stripped + " "
    return stripped


_STAR = "*"
_STAR_STAR = "**"  # any number of folders, none included
_FOLDERS = "**+"  # at least one folder
_REST = "**$"  # anything at all, at the end
_SLASH = "/"
_OPENERS = {_STAR_STAR: "(?:[^/]*/)*?", _FOLDERS: "(?:[^/]*/)+?", _REST: ".*"}


def _regex(pattern: str, *, on_path: bool) -> str:
    """A regular expression for a pattern that is matched against a whole path or a name.

    After a star, the earliest place where what follows fits is as good as any later one, as everything between two
    stars has a fixed length, and everything between two ``**`` a fixed number of folders. So all but the last stretch
    are atomic groups, and matching takes no backtracking over several stars.
    """
    sections: list[list[str]] = [[]]
    openers: list[str] = []  # what stands before each section but the first
    for token in _tokens(pattern, on_path=on_path):
        if token in (_STAR_STAR, _FOLDERS, _REST):
            openers.append(token)
            sections.append([])
        else:
            sections[-1].append(token)
    first, *others = (_section(section, on_path=on_path) for section in sections)
    expressions = [first]
    for opener, section in zip(openers[:-1], others[:-1], strict=True):
        expressions += ("(?>", _OPENERS[opener], section, ")")
    if openers:
        expressions.append(_OPENERS[openers[-1]] + others[-1])
    return "".join(expressions)


def _section(tokens: list[str], *, on_path: bool) -> str:
    """A stretch without ``**``: in each folder's name all but the last star are atomic."""
    any_text = "[^/]*" if on_path else ".*"
    parts: list[str] = []
    folder: list[list[str]] = [[]]  # what stands between the stars of the current folder's name

    def close() -> None:
        first, *others = ("".join(stretch) for stretch in folder)
        parts.append(first)
        parts.extend(f"(?>{any_text}?{stretch})" for stretch in others[:-1])
        if others:
            parts.append(any_text + others[-1])
        folder[:] = [[]]

    for token in tokens:
        if token == _STAR:
            folder.append([])
        elif token == _SLASH:
            close()
            parts.append("/")
        else:
            folder[-1].append(token)
    close()
    return "".join(parts)


def _tokens(pattern: str, *, on_path: bool) -> Iterator[str]:
    """Stars and slashes as the marks above, everything else as regular expressions of one character."""
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
                yield _STAR
            elif position == len(pattern):
                yield _REST
            elif pattern[position] == "/":
                yield _STAR_STAR
                position += 1
            else:
                yield _FOLDERS
                position += 2
            continue
        if character == "/":
            yield _SLASH
            position += 1
        elif character == "?":
            yield "[^/]" if on_path else "."
            position += 1
        elif character == "[":
            expression, position = _bracket(pattern, position, on_path=on_path)
            yield expression
        elif character == "\\":
            following = pattern[position + 1 : position + 2]
            yield _SLASH if following == "/" else re.escape(following) if following else _NEVER
            position += 2
        else:
            yield re.escape(character)
            position += 1


def _bracket(pattern: str, start: int, *, on_path: bool) -> tuple[str, int]:
    """The character class that opens at `start`, and where the pattern goes on. A malformed one matches nothing."""
    position = start + 1
    negated = pattern[position : position + 1] in ("!", "^") and position < len(pattern)
    if negated:
        position += 1
    members: set[str] = set()
    previous = ""
    first = True
    while True:
        if position >= len(pattern):
            return _NEVER, len(pattern)
        character = pattern[position]
        if character == "]" and not first:
            break
        first = False
        following = pattern[position + 1 : position + 2]
        if character == "\\":
            if not following:
                return _NEVER, len(pattern)
            members.add(following)
            previous = following
            position += 2
        elif character == "-" and previous and following and following != "]":
            position += 1
            if following == "\\":
                position += 1
                following = pattern[position : position + 1]
                if not following:
                    return _NEVER, len(pattern)
            members.update(map(chr, range(ord(previous), ord(following) + 1)))
            previous = ""
            position += 1
        elif character == "[" and following == ":":
            end = pattern.find("]", position + 2)
            if end < 0:
                return _NEVER, len(pattern)
            if end == position + 2 or pattern[end - 1] != ":":
                members.add("[")
                previous = "["
                position += 1
                continue
            members_of_class = _CLASSES.get(pattern[position + 2 : end - 1])
            if members_of_class is None:
                return _NEVER, len(pattern)
            members.update(members_of_class)
            previous = ""
            position = end + 1
        else:
            members.add(character)
            previous = character
            position += 1
    everything = set(map(chr, range(256)))
    matched = (everything - members) if negated else members
    if on_path:
        matched = matched - {"/"}
    if not matched:
        return _NEVER, position + 1
    return "[" + "".join(f"\\x{ord(member):02x}" for member in sorted(matched)) + "]", position + 1
