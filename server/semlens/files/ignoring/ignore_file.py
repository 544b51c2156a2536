"""Compiles the lines of one ignore file and matches paths against them. `ignore_tree` decides which files apply.

The semantics are exactly those of git: dir.c and wildmatch.c of git 2.39, checked with `git check-ignore` in the tests.
Git matches bytes, so all text here is bytes decoded as Latin-1 (`byte_text`).

The cost of one file is bounded: patterns match without backtracking (`core.text.globs`), and their number is limited.
"""

from __future__ import annotations

import os
import re
import string
from collections.abc import Iterable
from dataclasses import dataclass

from semlens.core.text.globs import compiled, git_expression, union

_SPECIAL = re.compile(r"[*?\[\\]")
_MAX_LINE_CHARS = 4_096
"""A longer line is longer than any path, so it matches nothing."""

_MAX_WILDCARD_RULES = 2_000
"""Limit for one ignore file, because every rule is compared with every name. Later rules have no effect."""

_MAX_WILDCARD_CHARS = 100_000
"""Limit for all patterns of a file together, because each character is compiled. Later rules have no effect."""


def byte_text(path: str) -> str:
    """The path's bytes, one character each, as patterns are matched against it."""
    return path if path.isascii() else os.fsencode(path).decode("latin-1")


@dataclass(frozen=True, slots=True)
class _Rule:
    """A compiled line. Exactly one of the last four says how it matches.

    :ivar position: later lines win.
    :ivar name: matches files of this name, in any folder.
    :ivar extension: matches names whose last dot begins this.
    :ivar path: matches this path.
    :ivar expression: regular, matches the whole name, or the whole path if `on_path`.
    """

    position: int
    ignores: bool
    folders_only: bool
    on_path: bool = False
    name: str | None = None
    extension: str | None = None
    path: str | None = None
    expression: str = ""


class IgnoreRules:
    """The compiled lines of one ignore file. Immutable."""

    __slots__ = ("_any_name", "_any_path", "_extensions", "_fold", "_general", "_names", "_paths", "needs_path")

    def __init__(self, lines: Iterable[str], *, ignore_case: bool = False) -> None:
        """:param lines: as `byte_text`, without line ends."""
        self._fold = ignore_case
        self._names: dict[str, tuple[_Rule, ...]] = {}
        self._extensions: dict[str, tuple[_Rule, ...]] = {}
        self._paths: dict[str, tuple[_Rule, ...]] = {}
        general: list[_Rule] = []
        n_chars = 0
        for position, line in enumerate(lines):
            may_be_wildcard = len(general) < _MAX_WILDCARD_RULES and n_chars + len(line) <= _MAX_WILDCARD_CHARS
            rule = _compile(line, position, ignore_case=ignore_case, wildcards=may_be_wildcard)
            if rule is None:
                continue
            if rule.name is not None:
                _prepend(rule, self._names, rule.name)
            elif rule.path is not None:
                _prepend(rule, self._paths, rule.path)
            elif rule.extension is not None:
                _prepend(rule, self._extensions, rule.extension)
            else:
                general.append(rule)
                n_chars += len(line)
        self._general = tuple(reversed(general))
        self._any_name = self._union_of(rule for rule in general if not rule.on_path)
        self._any_path = self._union_of(rule for rule in general if rule.on_path)
        self.needs_path = bool(self._paths or self._any_path)

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
        # most names match no wildcard, so one expression checks all wildcards together first
        if (self._any_name is not None and self._any_name.fullmatch(name)) or (
            self._any_path is not None and self._any_path.fullmatch(path)
        ):
            best = self._later_general(best, name, path, is_folder)
        return None if best is None else best.ignores

    def _union_of(self, rules: Iterable[_Rule]) -> re.Pattern[str] | None:
        expression = union(rule.expression for rule in rules)
        return compiled(expression, ignore_case=self._fold) if expression else None

    def _later_general(self, best: _Rule | None, name: str, path: str, is_folder: bool) -> _Rule | None:
        for rule in self._general:
            if best is not None and rule.position < best.position:
                break
            if rule.folders_only and not is_folder:
                continue
            if compiled(rule.expression, ignore_case=self._fold).fullmatch(path if rule.on_path else name):
                return rule
        return best


def _prepend(rule: _Rule, rules: dict[str, tuple[_Rule, ...]], key: str) -> None:
    """Put a rule before the rules of the same key, and remove the rules that it makes ineffective."""
    older = rules.get(key, ()) if rule.folders_only else ()
    rules[key] = (rule, *(other for other in older if not other.folders_only))


def _later(best: _Rule | None, rules: tuple[_Rule, ...], is_folder: bool) -> _Rule | None:
    for rule in rules:
        if is_folder or not rule.folders_only:
            return rule if best is None or rule.position > best.position else best
    return best


_TO_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def _lower(text: str) -> str:
    return text.translate(_TO_LOWER)


def _compile(line: str, position: int, *, ignore_case: bool, wildcards: bool = True) -> _Rule | None:
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
    if len(line) > _MAX_LINE_CHARS:
        return None
    special = _SPECIAL.search(line)
    if special is None:
        return _Rule(position, ignores, folders_only, path=line if on_path else None, name=None if on_path else line)
    if line.startswith("*.") and not on_path and not _SPECIAL.search(line, 1) and line.rfind(".") == 1:
        return _Rule(position, ignores, folders_only, extension=line[1:])
    if not wildcards:
        return None
    # Git compares the literal start apart and matches the rest as a pattern of its own, which shows: "a**/b" names
    # "ab" and "a/b", for "**" then stands at a start.
    literal = line[: special.start()] if on_path else ""
    expression = re.escape(literal) + git_expression(line[len(literal) :], on_path=on_path)
    return _Rule(position, ignores, folders_only, on_path=on_path, expression=expression)


def _without_trailing_spaces(line: str) -> str:
    """The line without trailing spaces, except an escaped one."""
    stripped = line.rstrip(" ")
    if stripped != line:
        n_backslashes = len(stripped) - len(stripped.rstrip("\\"))
        if n_backslashes % 2:
            return stripped + " "
    return stripped
