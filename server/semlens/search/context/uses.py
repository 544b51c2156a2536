"""How a piece of code uses names, read off its text: what stands before them tells whose they can be."""

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
    """:ivar bare: without anything before it. :ivar own: on the object itself.

    :ivar receivers: names that it is used on, lower-case, "" for what is no name.
    :ivar line: of the first use, counted from the text's first.
    """

    bare: bool
    own: bool
    receivers: frozenset[str]
    line: int


def uses_of(lines: Sequence[str]) -> dict[str, Use]:
    """Every identifier of the lines, whatever it is; who asks knows which are references."""
    found: dict[str, tuple[set[str], int]] = {}
    for number, line in enumerate(lines):
        at = 0
        while (match := _NAME.search(line, at)) is not None:
            receiver, name = match["receiver"], match["name"]
            before = receiver if receiver is not None else ("" if match["member"] else ".")
            found.setdefault(name, (set(), number))[0].add(before)
            # what is a receiver here is a name of its own, seen when the search goes on behind it
            at = match.end()
            if receiver is not None:
                found.setdefault(receiver, ({"."}, number))
                at = match.start("name")
                after = _NAME.match(line, at)
                if after is None or after["receiver"] is None:
                    at = match.end()
        if len(found) > MAX_NAMES:
            break
    return {
        name: Use(
            "." in before,
            bool(before & _OWN),
            frozenset(one.lower().strip("_") for one in before - _OWN - {"."}),
            line,
        )
        for name, (before, line) in found.items()
    }
