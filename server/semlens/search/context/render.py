"""Renders pieces of code as Markdown, in fences that the code cannot end, with language and place."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from semlens.core.text.printable import printable, printable_lines
from semlens.search.context.forms import Piece

_BACKTICKS = re.compile("`{3,}")
_BACKTICK_ESCAPED = r"\x60"
_MAX_LINE_CHARS = 400
_ELLIPSIS = "..."
_NUMBER_WIDTH = 6
_MERGED_GAP = 2
"""Pieces with at most this many lines between them share a fence, because a fence costs more tokens."""


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block.

    :ivar path: relative to the root, as shown.
    :ivar lines: (0-based number, text) of each shown line. ``(-1, "...")`` replaces omitted lines.
    """

    path: str
    language: str
    first_line: int
    last_line: int
    lines: tuple[tuple[int, str], ...]

    @property
    def code(self) -> str:
        return "\n".join(text for _, text in self.lines)


def blocks_of(path: str, language: str, pieces: Sequence[Piece], lines: Sequence[str]) -> list[Block]:
    """The pieces of one document in source order. Pieces that nest, overlap or adjoin share a block."""
    return [
        Block(path, language, first, last, _elided(shown, lines, first, last)) for first, last, shown in _merged(pieces)
    ]


def _merged(pieces: Sequence[Piece]) -> list[tuple[int, int, set[int]]]:
    merged: list[tuple[int, int, set[int]]] = []
    for piece in sorted(pieces, key=lambda piece: (piece.first_line, -piece.last_line)):
        gap = _MERGED_GAP if merged and merged[-1][1] in merged[-1][2] and piece.first_line in piece.shown else -1
        if merged and piece.first_line <= merged[-1][1] + 1 + gap:
            first, last, shown = merged[-1]
            between = range(last + 1, piece.first_line)
            merged[-1] = (first, max(last, piece.last_line), shown | set(piece.shown) | set(between))
        else:
            merged.append((piece.first_line, piece.last_line, set(piece.shown)))
    return merged


def _elided(shown: set[int], lines: Sequence[str], first: int, last: int) -> tuple[tuple[int, str], ...]:
    """The shown lines, with an ellipsis for omitted ones. A single line no longer than the ellipsis is shown."""
    out: list[tuple[int, str]] = []
    previous = first - 1
    for line in sorted(shown):
        if line == previous + 2 and len(lines[line - 1].strip()) <= len(_ELLIPSIS):
            out.append((line - 1, lines[line - 1]))
        elif line != previous + 1:
            out.append((-1, _indent(lines[line]) + _ELLIPSIS))
        text = lines[line]
        out.append((line, text if len(text) <= _MAX_LINE_CHARS else text[:_MAX_LINE_CHARS] + _ELLIPSIS))
        previous = line
    if previous < last:
        inner = next((lines[line] for line in range(previous + 1, last + 1) if lines[line].strip()), lines[previous])
        out.append((-1, _indent(inner) + _ELLIPSIS))
    return tuple(out)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def render_block(block: Block, *, line_numbers: bool) -> str:
    """The code in a fence, with ``path:first-last`` in the info string."""
    place = f"{block.path}:{block.first_line + 1}-{block.last_line + 1}"
    code = "\n".join(_numbered(*line) for line in block.lines) if line_numbers else block.code
    return fenced(f"{block.language} {place}", code)


def fenced(info: str, body: str) -> str:
    """A Markdown code block that its text cannot end in any Markdown parser.

    Control characters are escaped, because some parsers treat them as line ends. The fence is longer than any run of
    backticks in the text. Markdown allows no backtick in the info string, so these are escaped too.
    """
    body = printable_lines(body)
    longest = max((len(run) for run in _BACKTICKS.findall(body)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{printable(info).replace('`', _BACKTICK_ESCAPED)}\n{body}\n{fence}\n"


def _numbered(number: int, text: str) -> str:
    return f"{number + 1 if number >= 0 else '':>{_NUMBER_WIDTH}}  {text}"


def render(blocks: Sequence[Block], *, line_numbers: bool) -> str:
    return "\n".join(render_block(block, line_numbers=line_numbers) for block in blocks)


@dataclass(frozen=True, slots=True)
class MapEntry:
    """One symbol of a map.

    :ivar line: 0-based. :ivar depth: number of containers. :ivar summary: first sentence of its documentation, or "".
    """

    path: str
    line: int
    depth: int
    signature: str
    summary: str = ""


def render_map(entries: Collection[MapEntry], summaries: Mapping[str, str]) -> str:
    """Folders, files and signatures, indented by nesting, each with its summary.

    :param summaries: summaries of files and folders, by path.
    """
    out: list[str] = []
    folder, path = None, None
    for entry in sorted(entries, key=lambda entry: (entry.path.rpartition("/")[0], entry.path, entry.line)):
        entry_folder, _, name = entry.path.rpartition("/")
        if entry_folder != folder:
            folder = entry_folder
            out.append(_with_summary(f"{folder or '.'}/", summaries.get(folder, "")))
        if entry.path != path:
            path = entry.path
            out.append(_with_summary(f"  {name}", summaries.get(path, "")))
        out.append(_with_summary(f"    {'  ' * entry.depth}{entry.line + 1}: {entry.signature}", entry.summary))
    return fenced("text", "\n".join(map(printable, out))) if out else ""


def _with_summary(title: str, summary: str) -> str:
    return f"{title}  # {summary}" if summary else title
