"""Reads unified diffs: which lines of which files change. It runs no git and reads no files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from semlens.core.errors import UsageError

MAX_DIFF_CHARS = 20_000_000

_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@", re.ASCII)
_QUOTED = re.compile(r"\\([0-7]{3}|.)")
_ESCAPES = {"n": b"\n", "t": b"\t", '"': b'"', "\\": b"\\", "r": b"\r"}


class Hunk(NamedTuple):
    """One hunk. Lines count from 0.

    :ivar old: first line before, and the lines. :ivar new: first line after, and the lines.
    :ivar old_changed: removed lines, or where lines are added. :ivar new_changed: the same for the text after.
    """

    old: tuple[int, tuple[str, ...]]
    new: tuple[int, tuple[str, ...]]
    old_changed: tuple[int, ...]
    new_changed: tuple[int, ...]


class FileDiff(NamedTuple):
    """:ivar path: after the change, or before it for a deleted file; with forward slashes."""

    path: str
    hunks: tuple[Hunk, ...]
    is_deleted: bool = False


def parse_diff(text: str) -> list[FileDiff]:
    """:raises UsageError: when the text is no unified diff."""
    if len(text) > MAX_DIFF_CHARS:
        raise UsageError("The diff is larger than 20 million characters. Give a smaller one.")
    files: list[FileDiff] = []
    lines = text.split("\n")
    old_path = new_path = ""
    hunks: list[Hunk] = []
    position = 0

    def close() -> None:
        if new_path or old_path:
            files.append(FileDiff(new_path or old_path, tuple(hunks), not new_path))

    while position < len(lines):
        line = lines[position]
        if line.startswith("--- ") and position + 1 < len(lines) and lines[position + 1].startswith("+++ "):
            close()
            hunks = []
            old_path, new_path = _path(line[4:]), _path(lines[position + 1][4:])
            position += 2
            continue
        match = _HUNK.match(line)
        if match is not None and (old_path or new_path):
            hunk, position = _read_hunk(match, lines, position + 1)
            hunks.append(hunk)
            continue
        position += 1
    close()
    if (
        not files
        and text.strip()
        and not re.search(r"^(?:diff --git|Binary files|old mode|rename )", text, re.MULTILINE)
    ):
        raise UsageError("The diff has no file headers (--- and +++). Give a unified diff, as `git diff` prints it.")
    return files


def _read_hunk(match: re.Match[str], lines: Sequence[str], position: int) -> tuple[Hunk, int]:
    """:raises UsageError: when the hunk ends too early."""
    n_old, n_new = (int(match[group]) if match[group] else 1 for group in (2, 4))
    old_start, new_start = int(match[1]) - (n_old > 0), int(match[3]) - (n_new > 0)
    old: list[str] = []
    new: list[str] = []
    old_changed: dict[int, None] = {}
    new_changed: dict[int, None] = {}
    while len(old) < n_old or len(new) < n_new:
        if position >= len(lines):
            raise UsageError("The diff ends within a hunk. Give the whole diff.")
        mark, text = lines[position][:1], lines[position][1:].removesuffix("\r")
        if mark == "-":
            old_changed[old_start + len(old)] = None
            if not lines[position + 1 : position + 2] or lines[position + 1][:1] not in "-+":
                # nothing replaces the lines: the line before them stands in the same symbol
                new_changed.setdefault(max(new_start + len(new) - 1, 0))
            old.append(text)
        elif mark == "+":
            if text.strip():
                new_changed[new_start + len(new)] = None
                if not old_changed:
                    old_changed[max(old_start + len(old) - 1, 0)] = None
            new.append(text)
        elif mark in (" ", ""):
            old.append(text)
            new.append(text)
        elif mark != "\\":
            raise UsageError("The diff ends within a hunk. Give the whole diff.")
        position += 1
    hunk = Hunk((old_start, tuple(old)), (new_start, tuple(new)), tuple(old_changed), tuple(new_changed))
    return hunk, position


def _path(header: str) -> str:
    """The path of a header line, without the prefix of git; "" for /dev/null."""
    name = header.removesuffix("\r").split("\t")[0]
    if name.startswith('"') and name.endswith('"'):
        encoded = name[1:-1].encode("utf-8", "surrogateescape")
        pieces = re.split(rb"(\\(?:[0-7]{3}|.))", encoded)
        name = b"".join(map(_unquoted, pieces)).decode("utf-8", "surrogateescape")
    if name == "/dev/null":
        return ""
    return name[2:] if name[:2] in ("a/", "b/", "i/", "w/", "c/", "o/") else name


def _unquoted(piece: bytes) -> bytes:
    match = _QUOTED.fullmatch(piece.decode("latin-1"))
    if match is None:
        return piece
    return _ESCAPES.get(match[1], piece[1:]) if len(match[1]) == 1 else bytes([int(match[1], 8) & 0xFF])


def changed_lines(diff: FileDiff, text: Sequence[str]) -> list[int] | None:
    """The changed lines of a file in its present text; None when the diff fits neither before nor after the change.

    A diff that was not applied yet counts by the lines that it would change.
    """
    for is_new in (True, False):
        sides = [(hunk.new, hunk.new_changed) if is_new else (hunk.old, hunk.old_changed) for hunk in diff.hunks]
        if all(tuple(text[start : start + len(lines)]) == lines for (start, lines), _ in sides):
            last = max(len(text) - 1, 0)
            return sorted({min(line, last) for _, changed in sides for line in changed})
    return None
