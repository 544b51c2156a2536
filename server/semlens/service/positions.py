"""Converts columns between bytes, code points and the position encodings of LSP. Works on single lines."""

from __future__ import annotations

from typing import Literal, TypeAlias

PositionEncoding: TypeAlias = Literal["utf-8", "utf-16", "utf-32"]
"""The values of LSP's PositionEncodingKind."""

DEFAULT_ENCODING: PositionEncoding = "utf-16"
"""LSP's default when the client offers no encoding."""

_UTF8_CONTINUATION_MASK = 0b1100_0000
_UTF8_CONTINUATION = 0b1000_0000


def choose_encoding(offered: object) -> PositionEncoding:
    """The first supported encoding in the client's list, which is in order of preference."""
    if isinstance(offered, list | tuple):
        for name in offered:
            value = getattr(name, "value", name)
            if value in ("utf-8", "utf-16", "utf-32"):
                return value  # type: ignore[no-any-return] # narrowed by the test above
    return DEFAULT_ENCODING


def units_of(text: str, encoding: PositionEncoding) -> int:
    """The length of a text in code units of the encoding."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-8":
        return len(_utf8(text))
    return len(text) + sum(character > "\uffff" for character in text)


def index_of_units(line: str, units: int, encoding: PositionEncoding) -> int:
    """The index into ``line``, in code points, of a column in code units.

    A column after the end means the end. A column inside a character means the start of that character.
    """
    if units <= 0:
        return 0
    if encoding == "utf-32" or line.isascii():
        return min(units, len(line))
    if encoding == "utf-8":
        return _index_of_byte(_utf8(line), units)
    data = line.encode("utf-16-le", "surrogatepass")
    at = min(units * 2, len(data))
    if at < len(data) and 0xDC <= data[at + 1] <= 0xDF and 0xD8 <= data[at - 1] <= 0xDB:
        at -= 2  # between two halves of a surrogate pair
    return len(data[:at].decode("utf-16-le", "surrogatepass"))


def units_of_byte_column(line: str, column: int, encoding: PositionEncoding) -> int:
    """Convert a column in UTF-8 bytes, as spans have, to code units. A column after the end means the end."""
    if column <= 0:
        return 0
    if line.isascii():
        return min(column, len(line))
    data = _utf8(line)
    if encoding == "utf-8":
        return min(column, len(data))
    return units_of(line[: _index_of_byte(data, column)], encoding)


def _index_of_byte(data: bytes, column: int) -> int:
    column = min(column, len(data))
    while 0 < column < len(data) and data[column] & _UTF8_CONTINUATION_MASK == _UTF8_CONTINUATION:
        column -= 1
    return len(data[:column].decode("utf-8", "surrogatepass"))


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
