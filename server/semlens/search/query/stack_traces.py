"""Finds the frames of a stack trace or compiler message: file, line and function, innermost first.

Resolving frames to indexed files belongs to `search/signals/locations`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_FRAMES = 40

_PYTHON = re.compile(r'File "(?P<path>[^"\n]+)", line (?P<line>\d+)(?:, in (?P<name>[^\s]+))?')
_JAVASCRIPT = re.compile(
    r"\bat (?:async )?(?:(?P<name>[\w$.<> \[\]]{1,200}?) \()?(?P<path>(?:file://)?[^\s()]+?):(?P<line>\d+):\d+\)?"
)
_JVM = re.compile(r"\bat (?P<qualified>[\w$.<>/@]+)\((?P<path>[\w$-]+\.(?:java|kt|scala|groovy)):(?P<line>\d+)\)")
_DOTNET = re.compile(r"\bat (?P<name>[\w.`<>]+)\([^)\n]{0,500}\) in (?P<path>[^\n]{1,500}?):line (?P<line>\d+)")
_RUBY = re.compile(r"(?P<path>[\w./@+-]+\.rb):(?P<line>\d+):in [`'](?P<name>[^'\n]+)'")
_PHP = re.compile(r"(?P<path>[\w./@+-]+\.php)(?:\((?P<line>\d+)\)| on line (?P<other>\d+))")
_PLAIN = re.compile(r"(?P<path>(?:[A-Za-z]:)?[\w./\\@+-]*[\w-]\.[A-Za-z]\w{0,4}):(?P<line>\d+)(?P<column>:\d+)?\b")

_SURE = (_PYTHON, _JVM, _DOTNET, _RUBY, _JAVASCRIPT, _PHP)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame.

    :ivar path: as written, with forward slashes. :ivar line: 0-based. :ivar name: name of the function, or "".
    :ivar is_sure: the text has a runtime's format or a column number, and is more than ``path:line``.
    """

    path: str
    line: int
    name: str
    is_sure: bool


def find_frames(text: str) -> tuple[Frame, ...]:
    """The frames of a trace, innermost first. Frames of runtimes that print the innermost last are reversed."""
    for pattern in _SURE:
        frames = [_frame(match, is_sure=True) for match in pattern.finditer(text)][:MAX_FRAMES]
        if frames:
            return tuple(reversed(frames)) if pattern is _PYTHON else tuple(frames)
    return tuple(_frame(match, is_sure=match["column"] is not None) for match in _PLAIN.finditer(text))[:MAX_FRAMES]


def _frame(match: re.Match[str], *, is_sure: bool) -> Frame:
    groups = match.groupdict()
    path = groups["path"].replace("\\", "/").removeprefix("file://")
    name = groups.get("name") or (groups.get("qualified") or "")
    if groups.get("qualified") and "/" not in path:
        package = groups["qualified"].rpartition("/")[2].split(".")[:-2]
        path = "/".join([*package, path])
    line = int(groups.get("line") or groups.get("other") or 1)
    return Frame(path, max(0, line - 1), re.split(r"[.#: ]", name)[-1], is_sure)
