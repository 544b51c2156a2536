"""Reads from a text how it uses names. The receiver before a name tells which symbols it can refer to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NAME = re.compile(
    r"(?:(?P<receiver>[^\W\d]\w*)(?:\(\))?\s*(?:\??\.|::|->|\\)\s*|(?P<member>(?:\??\.|::|->)\s*))?(?P<name>[^\W\d]\w*[?!]?)"
)
_OWN = frozenset(("self", "this", "super", "cls", "Self", "parent", "static", "me", "@"))
MAX_NAMES = 400


@dataclass(frozen=True, slots=True)
class Use:
    """How a text uses a name.

    :ivar bare: without a receiver. :ivar on_self: with the object itself as receiver, as in ``self.name``.
    :ivar receivers: names of other receivers in lower case, "" for receivers that are not names.
    :ivar line: line of the first use, counted from the first line of the text.
    """

    bare: bool
    on_self: bool
    receivers: frozenset[str]
    line: int


def uses_of(lines: Sequence[str]) -> dict[str, Use]:
    """The uses of every identifier in the lines. The caller knows which identifiers are references."""
    receivers_by_name: dict[str, tuple[set[str], int]] = {}
    for number, line in enumerate(lines):
        at = 0
        while (match := _NAME.search(line, at)) is not None:
            receiver, name = match["receiver"], match["name"]
            before = receiver if receiver is not None else ("" if match["member"] else ".")
            receivers_by_name.setdefault(name, (set(), number))[0].add(before)
            # a receiver is a name too, and the name after it may be a receiver itself
            at = match.end()
            if receiver is not None:
                receivers_by_name.setdefault(receiver, ({"."}, number))
                at = match.start("name")
                after = _NAME.match(line, at)
                if after is None or after["receiver"] is None:
                    at = match.end()
        if len(receivers_by_name) > MAX_NAMES:
            break
    return {
        name: Use(
            "." in before,
            bool(before & _OWN),
            frozenset(receiver.lower().strip("_") for receiver in before - _OWN - {"."}),
            line,
        )
        for name, (before, line) in receivers_by_name.items()
    }
