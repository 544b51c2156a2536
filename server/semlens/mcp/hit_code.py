"""The code of a hit as an agent may see it: as it stands now, masked, in a fence that it cannot end.

Each line that is left out or was given before has a mark with its number, so the numbers of all others are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from semlens.core.hit import SearchHit
from semlens.core.text.printable import printable, printable_lines
from semlens.engine.query.file_text_cache import FileTextCache
from semlens.engine.query.hit_builder import MAX_LINE_CHARS
from semlens.engine.query.masking import mask_hit
from semlens.engine.sessions.borrowed_buffers import BorrowedBuffers
from semlens.mcp.long_code import Stretch, elision
from semlens.mcp.shown_lines import ShownLines
from semlens.search.context.render import fenced

_ELLIPSIS = "..."


@dataclass(frozen=True, slots=True)
class Body:
    """The code of a hit, as lines to show.

    :ivar has_code: whether any line is of the repository. Its text cannot tell, because code may look like a mark.
    """

    lines: tuple[str, ...] = ()
    has_code: bool = False


class HitCode:
    """Belongs to one session."""

    def __init__(self, shown_lines: ShownLines, texts: FileTextCache, borrowed: BorrowedBuffers | None) -> None:
        """:param borrowed: what the user lets the agent see of an editor."""
        self._shown_lines = shown_lines
        self._texts = texts
        self._borrowed = borrowed

    def snippet(self, hit: SearchHit) -> Stretch:
        """The best lines. The hit must have been masked."""
        return Stretch(hit.snippet_span.start_line + 1, _marked(hit.snippet)) if hit.snippet else Stretch(1, ())

    def whole(self, hit: SearchHit) -> Stretch:
        """All lines, masked. None where the document cannot be read."""
        lines = self._lines_of(hit)
        if hit.span.last_line >= len(lines):
            return Stretch(1, ())
        return self.snippet(mask_hit(hit._replace(snippet_span=hit.span), lines))

    def body(self, hit: SearchHit, parts: Sequence[Stretch]) -> Body:
        """The parts of a hit's code, with marks for its other lines and for what was given before."""
        path, first, last = printable(hit.path), hit.span.start_line + 1, hit.span.last_line + 1
        lines: list[str] = []
        has_code = False
        for before, part in pairwise((None, *parts, None)):
            lines += elision(before, part, first, last)
            if part is not None:
                shown = self._shown_lines.without_repeats(path, part.first, part.lines)
                has_code = has_code or len(shown) > 1 or len(shown) == len(part.lines) == 1  # else one mark for all
                lines += map(printable_lines, shown)
        return Body(tuple(lines), has_code)

    def add(self, hit: SearchHit, parts: Sequence[Stretch]) -> None:
        """Remember that the parts were given."""
        for part in parts:
            self._shown_lines.add(printable(hit.path), part.first, part.lines)

    def _lines_of(self, hit: SearchHit) -> Sequence[str]:
        """All lines of the document of a hit; none when it cannot be read."""
        if hit.dirty and self._borrowed is not None:
            return self._borrowed.lines(hit.uri) or ()
        document = self._texts.read(hit.root, hit.path) if hit.root else None
        return document.lines if document is not None else ()


def in_fence(body: Body) -> list[str]:
    """The lines of an answer. Marks alone need no fence."""
    if not body.has_code:
        return list(body.lines)
    return fenced("", "\n".join(body.lines)).rstrip("\n").split("\n")


def _marked(snippet: str) -> tuple[str, ...]:
    """The lines. `mask_hit` has cut long ones."""
    return tuple(line if len(line) < MAX_LINE_CHARS else line + _ELLIPSIS for line in snippet.split("\n"))
