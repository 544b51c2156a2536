"""Bytes to text, for files in whatever encoding; and text made ready for the grammars."""

from __future__ import annotations

import codecs
import re

_LONE_CR = re.compile(rb"\r(?!\n)")
_BINARY_HEAD_BYTES = 8_000  # bytes in which a NUL makes a file binary, as git decides it


def decode(source: bytes) -> str | None:
    """The text of a file without its byte order mark, or None when it is binary.

    UTF-8, UTF-16 and UTF-32 with a mark, UTF-16 without one when every other byte is zero, else Windows' Latin-1, in
    which every sequence of bytes is some text.
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
    """A few broken bytes among many good characters are damage; otherwise it is another encoding."""
    text = source.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    good = len(source) - len(text)  # every good character beyond ASCII takes at least one byte more than its place
    return good > 4 * broken


def split_lines(text: str) -> list[str]:
    """Lines as the language server protocol counts them: ends are LF, CRLF and CR alone."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")
