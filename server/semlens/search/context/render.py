"""Pieces to Markdown: fences that code cannot break, with language and place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from semlens.search.context.forms import Piece

_FENCE_RUN = re.compile(r"(?m)^\s*(`{3,}|~{3,})")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. :ivar path: as shown, relative to the root."""

    path: str
    language: str
    piece: Piece
    text: str


def render_block(block: Block) -> str:
    """``path:first-last`` above, the code in a fence longer than any that it holds."""
    longest = max((len(match[1]) for match in _FENCE_RUN.finditer(block.text)), default=2)
    fence = "`" * max(3, longest + 1)
    place = f"{block.path}:{block.piece.first_line + 1}-{block.piece.last_line + 1}"
    return f"{fence}{block.language} {place}\n{block.text}\n{fence}\n"


def render(blocks: Sequence[Block]) -> str:
    return "\n".join(render_block(block) for block in blocks)


@dataclass(frozen=True, slots=True)
class MapEntry:
    """One symbol of a map. :ivar depth: containers around it."""

    path: str
    line: int
    depth: int
    signature: str


def render_map(entries: Sequence[MapEntry]) -> str:
    """Folders, files, and signatures below them, indented as they are nested."""
    out: list[str] = []
    folder, path = None, None
    for entry in sorted(entries, key=lambda entry: (entry.path.rpartition("/")[0], entry.path, entry.line)):
        entry_folder, _, name = entry.path.rpartition("/")
        if entry_folder != folder:
            folder = entry_folder
            out.append(f"{folder or '.'}/")
        if entry.path != path:
            path = entry.path
            out.append(f"  {name}")
        out.append(f"    {'  ' * entry.depth}{entry.line + 1}: {entry.signature}")
    body = "\n".join(out)
    return f"```text\n{body}\n```\n" if out else ""
