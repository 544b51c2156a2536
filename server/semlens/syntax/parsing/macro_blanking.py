"""Replaces macros that hide definitions from a grammar by blanks before parsing. Offsets do not change."""

from __future__ import annotations

import re
from functools import cache

from semlens.syntax.languages.language import Language


@cache
def _patterns(language: Language) -> tuple[re.Pattern[bytes], ...]:
    return tuple(re.compile(pattern.encode(), re.MULTILINE) for pattern in language.hidden_macros)


def blank_macros(language: Language, source: bytes) -> bytes:
    """The text without such macros, of the same length."""
    patterns = _patterns(language)
    if not patterns:
        return source
    source = b"\n" + source  # patterns for lines start with a line feed
    for pattern in patterns:
        source = pattern.sub(_blanked, source)
    return source[1:]


def _blanked(match: re.Match[bytes]) -> bytes:
    """The match with every group blanked out."""
    text = bytearray(match[0])
    for start, end in match.regs[1:]:
        if start >= 0:
            text[start - match.start() : end - match.start()] = b" " * (end - start)
    return bytes(text)
