"""Reads signatures: declarations without bodies, on one line. Works on text, without a tree."""

from __future__ import annotations

import re
from functools import cache

from semlens.syntax.languages.language import Language
from semlens.syntax.symbols.comments import comment_reader

MAX_SIGNATURE = 300  # characters


class SignatureReader:
    """The declaration of a definition, white space folded."""

    __slots__ = ("_comments", "_cut", "_is_line", "_skip", "_trailing")

    def __init__(self, language: Language) -> None:
        self._comments = comment_reader(language)
        self._skip = re.compile(language.signature_skip) if language.signature_skip else None
        self._cut = re.compile(language.signature_cut) if language.signature_cut else None
        self._is_line = language.signature_is_line
        self._trailing = language.signature_trim + " \t\r\n"

    def read(self, source: bytes, start: int, body: int, end: int) -> str:
        """:param body: its first byte, or -1 for none. All are offsets in bytes."""
        stop = body if body >= 0 else end
        text = source[start : min(stop, start + 8 * MAX_SIGNATURE)].decode("utf-8", "replace")
        if self._skip is not None:
            skipped = self._skip.match(text)
            if skipped is not None:
                text = text[skipped.end() :]
        if self._is_line:
            text = text.partition("\n")[0]
        elif "\n" in text:
            text = " ".join(self._comments.without_comments(text).split())
        elif "  " in text or "\t" in text:
            text = " ".join(text.split())
        text = text.rstrip(self._trailing)
        if self._cut is not None:
            text = self._cut.sub("", text)
        return text[:MAX_SIGNATURE].rstrip()


_BORDER = re.compile(r"(?<=[(\[]) |,? (?=[)\]])")


def on_one_line(signature: str) -> str:
    """For people: without the spaces and the last comma that a signature of several lines leaves at its brackets."""
    return _BORDER.sub("", signature)


@cache
def signature_reader(language: Language) -> SignatureReader:
    return SignatureReader(language)
