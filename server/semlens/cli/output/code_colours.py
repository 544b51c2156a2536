"""Colours for lines of code that can be read on black and on white: few, and none for most of the text."""

from __future__ import annotations

from collections.abc import Sequence

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, String, Token, _TokenType
from pygments.util import ClassNotFound

_STYLES: dict[_TokenType, str] = {
    Keyword: "1",
    Name.Function: "1",
    Name.Class: "1",
    String: "32",
    Number: "35",
    Comment: "32",  # not dim: a comment often is the line that matches best
}
"""Codes of ANSI terminals: bold, green and magenta."""


def colour_lines(lines: Sequence[str], language: str) -> list[str]:
    """Each line with escape codes that end with it. A line is coloured for itself, since others may be missing."""
    lexer = _lexer(language)
    return ["".join(_paint(kind, text) for kind, text in lexer.get_tokens(line)).rstrip("\n") for line in lines]


def _lexer(language: str) -> Lexer:
    for name in (language, "text"):
        try:
            lexer: Lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
        except ClassNotFound:
            continue
        return lexer
    raise AssertionError("pygments always has a lexer for plain text")


def _paint(kind: _TokenType, text: str) -> str:
    while kind is not Token and kind is not None:
        if (style := _STYLES.get(kind)) is not None:
            return f"\033[{style}m{text}\033[0m" if text.strip() else text
        kind = kind.parent
    return text
