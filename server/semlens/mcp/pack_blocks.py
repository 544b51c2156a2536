"""Reads the fenced blocks of a context pack, which `search.context.render` wrote, with the place of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_OPENING = re.compile(r"(`{3,})\S* (.+):(\d+)-(\d+)$")


@dataclass(frozen=True, slots=True)
class PackBlock:
    """One block.

    :ivar head: the line with the opening fence, the language and the place. :ivar fence: the closing fence.
    :ivar first: the number of its first line, 1-based. :ivar last: of its last line.
    """

    head: str
    fence: str
    path: str
    first: int
    last: int
    body: tuple[str, ...]

    @property
    def place(self) -> str:
        return f"{self.path}:{self.first}-{self.last}"

    @property
    def is_whole(self) -> bool:
        """Whether no line is left out, so that the number of each is known."""
        return len(self.body) == self.last - self.first + 1

    def rendered(self, body: Sequence[str]) -> str:
        """The block with another body. A single line that stands for all of it needs no fence."""
        if len(body) == 1 and tuple(body) != self.body[:1]:
            return f"{self.place} was given before"
        return "\n".join((self.head, *body, self.fence))


def parts_of_pack(text: str) -> Iterator[str | PackBlock]:
    """The blocks of a pack, and the lines around them."""
    lines = iter(text.split("\n"))
    for line in lines:
        opening = _OPENING.match(line)
        if opening is None:
            yield line
            continue
        body = []
        for inner in lines:
            if inner == opening[1]:
                break
            body.append(inner)
        yield PackBlock(line, opening[1], opening[2], int(opening[3]), int(opening[4]), tuple(body))


def blocks_of_pack(text: str) -> list[PackBlock]:
    return [part for part in parts_of_pack(text) if isinstance(part, PackBlock)]
