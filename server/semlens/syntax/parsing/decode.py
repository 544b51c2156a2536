"""Decodes files of any encoding, and prepares their text for the grammars."""

from __future__ import annotations

import codecs
import re

_LONE_CR = re.compile(rb"\r(?!\n)")
_BINARY_HEAD_BYTES = 8_000  # bytes in which a NUL makes a file binary, as git decides it


def decode(source: bytes) -> str | None:
    """The text of a file without its byte order mark, or None when it is binary.

    Detects UTF-8, UTF-16 and UTF-32 with a mark, and UTF-16 without one if every other byte is zero. All else is
    decoded as Windows-1252.
    """
    if source.startswith(codecs.BOM_UTF8):
        source = source[3:]
    elif source.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return source.decode("utf-32", "replace")
    elif source.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return source.decode("utf-16", "replace")
    if b"\0" in source[:_BINARY_HEAD_BYTES]:
        guess = _utf16_without_mark(source[:_BINARY_HEAD_BYTES])
        return source.decode(guess, "replace") if guess else None
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError:
        return source.decode("cp1252", "replace") if not _mostly_utf8(source) else source.decode("utf-8", "replace")


def to_utf8(source: bytes) -> bytes | None:
    """The text of a file as UTF-8 with lone carriage returns turned into line feeds; None when it is binary.

    Same length as the UTF-8 of :func:`decode`, so that spans fit both.
    """
    text = decode(source)
    if text is None:
        return None
    data = source if text.isascii() and not source.startswith(b"\xef") and len(text) == len(source) else None
    if data is None:
        data = text.encode("utf-8", "surrogatepass")
    if b"\r" in data:
        data = _LONE_CR.sub(b"\n", data)
    return data


def _utf16_without_mark(head: bytes) -> str:
    """Latin text in UTF-16 has a zero in every other byte, and hardly any in the others."""
    head = head[: len(head) & ~1]
    half = len(head) // 2
    if half < 2:
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.7 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.7 * half and odd < 0.05 * half:
        return "utf-16-be"
    return ""


def _mostly_utf8(source: bytes) -> bool:
    """Whether invalid bytes are rare: then the text is damaged UTF-8, otherwise it has another encoding."""
    text = source.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    good = len(source) - len(text)  # every valid character beyond ASCII takes at least one more byte than one character
    return good > 4 * broken


def split_lines(text: str) -> list[str]:
    """The lines of a text as the language server protocol counts them: they end at LF, CRLF or CR."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")
