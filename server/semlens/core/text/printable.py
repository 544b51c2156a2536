"""Text of a repository for people: what would steer a terminal, reorder a line or hide in it is shown escaped.

File names, code, settings and arguments may hold any characters. Whoever prints them, or sends them to an editor in a
message, passes them through here. Two invisible characters stay, because the words of many scripts need them: the
zero-width joiner and non-joiner. Tabs stay too.
"""

from __future__ import annotations

import re
from functools import cache

_STEERING = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
"""Control characters: C0 without tab and line feed, DEL, C1."""
_HIDDEN = (
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # order of writing (bidi controls)
    "\u2028\u2029"  # line and paragraph separators
    "\u00ad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"  # invisible
    "\U000e0000-\U000e007f"  # tags, which spell hidden text
    "\ud800-\udfff"  # lone surrogates: bytes of file names that are not UTF-8, and broken strings
)
_NAMED = {"\n": r"\n", "\r": r"\r"}
_LINK = re.compile(r"\](?=[(\[])")


def printable(text: str) -> str:
    """The text on one line: line ends are escaped too."""
    return text if text.isascii() and text.isprintable() else _pattern(line_feeds=True).sub(_escaped, text)


def printable_lines(text: str) -> str:
    """The text with its line feeds, e.g. code."""
    return text if text.isascii() and text.isprintable() else _pattern(line_feeds=False).sub(_escaped, text)


def message_text(text: str) -> str:
    """The text for a message of an editor: printable, and without links.

    VS Code makes a link of ``[label](command:...)`` in a notification, and would run the command.
    """
    return _LINK.sub("] ", printable(text))


@cache
def _pattern(*, line_feeds: bool) -> re.Pattern[str]:
    """What is escaped. It is compiled only for text that is not plain, because that takes a millisecond."""
    return re.compile(f"[{_STEERING}{chr(10) if line_feeds else ''}{_HIDDEN}]")


def _escaped(match: re.Match[str]) -> str:
    letter = match[0]
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that Python could not decode
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return _NAMED.get(letter) or f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
