"""Reads the variables of Go's functions: what each is set to where it is declared, and the parameters of closures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_CLOSURE = re.compile(rb"func\(([^()\n]*)\)")
_PARAMETER = re.compile(rb"(?<!\w)(\w++)[ \t]++\*?([\w.]++)[ \t]*+(?=,|$)")
_VARIABLE = re.compile(rb"var(?<!\wvar)[ \t]+(\w+)[ \t]+\*?([\w.]+)[ \t]*(?=[=\n])")
_VALUE = re.compile(rb"[ \t]*(&?)([A-Za-z_][\w.]*)(?:\[[\w.,* ]*\])?([({\n;]|[ \t]*\{)")
_ASSERTION = re.compile(rb"\.\(\*?([\w.]+)\)[ \t]*(?:[;{]|$)")
_NEW = re.compile(rb"([\w.]+)\)")


class GoVariable(NamedTuple):
    """:ivar position: byte of the declaration. :ivar written: its type, or b"". :ivar called: the function whose
    first result it is, or b"". :ivar copied: what else it is set to, such as ``server.client``, or b"".
    """

    position: int
    name: bytes
    written: bytes = b""
    called: bytes = b""
    copied: bytes = b""


def go_variables(code: bytes) -> Iterator[GoVariable]:
    """:param code: the text without comments."""
    for match in _CLOSURE.finditer(code):
        for name, written in _PARAMETER.findall(match[1]):
            yield GoVariable(match.start(), name, written)
    for match in _VARIABLE.finditer(code):
        yield GoVariable(match.start(), match[1], match[2])
    position = code.find(b":=")
    while position != -1:
        found = _declared(code, position)
        if found is not None:
            yield found
        position = code.find(b":=", position + 2)


def _declared(code: bytes, position: int) -> GoVariable | None:
    left = code[code.rfind(b"\n", 0, position) + 1 : position].partition(b",")[0].split()
    end = code.find(b"\n", position)
    if not left or left[-1] == b"_":
        return None
    name = left[-1]
    assertion = _ASSERTION.search(code, position, end) if end > 0 else None
    if assertion is not None:
        return None if assertion[1] == b"type" else GoVariable(position, name, assertion[1])
    match = _VALUE.match(code, position + 2)
    if match is None or match[2] in (b"range", b"func", b"struct", b"map"):
        return None
    if match[3].endswith(b"{"):
        is_block = not match[1] and match[3] != b"{"  # `if x := y {`
        return None if is_block else GoVariable(position, name, match[2])
    if match[3] != b"(":
        return GoVariable(position, name, copied=match[2])
    if match[2] == b"new":
        created = _NEW.match(code, match.end())
        return None if created is None else GoVariable(position, name, created[1])
    return GoVariable(position, name, called=match[2])
