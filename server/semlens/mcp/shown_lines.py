"""Remembers which lines of code a session was given, so that no line is said twice.

A line counts as given when the same text was shown at the same place. Code that changed is shown again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from semlens.mcp.pack_blocks import PackBlock

_MAX_FILES = 2_000
_MIN_RUN = 2
"""A single line is repeated: a reference to it is as long."""


class ShownLines:
    """Thread-safe. Lines are 1-based here, as agents see them. Paths are those of the answers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: OrderedDict[str, dict[int, int]] = OrderedDict()
        self._blocks: OrderedDict[str, int] = OrderedDict()

    def add(self, path: str, first_line: int, lines: Sequence[str]) -> None:
        if not lines:
            return
        with self._lock:
            known = self._lines.setdefault(path, {})
            self._lines.move_to_end(path)
            known.update((number, hash(line)) for number, line in enumerate(lines, first_line))
            while len(self._lines) > _MAX_FILES:
                self._lines.popitem(last=False)

    def without_repeats(self, path: str, first_line: int, lines: Sequence[str]) -> list[str]:
        """The lines, with a reference instead of each run that was given before."""
        with self._lock:
            known = dict(self._lines.get(path, {}))
        out: list[str] = []
        run: list[str] = []
        for number, line in enumerate((*lines, None), first_line):
            if line is not None and known.get(number) == hash(line):
                run.append(line)
                continue
            out += run if len(run) < _MIN_RUN else [f"... lines {number - len(run)}-{number - 1} were given before"]
            run = []
            if line is not None:
                out.append(line)
        return out

    def without_block_repeats(self, block: PackBlock) -> list[str]:
        """The body of a block, with references instead of what was given before."""
        if block.is_whole:
            return self.without_repeats(block.path, block.first, block.body)
        with self._lock:
            is_repeated = self._blocks.get(block.place) == hash(block.body)
        return [f"... lines {block.first}-{block.last} were given before"] if is_repeated else list(block.body)

    def add_block(self, block: PackBlock) -> None:
        if block.is_whole:
            self.add(block.path, block.first, block.body)
        else:
            with self._lock:
                self._blocks[block.place] = hash(block.body)
                while len(self._blocks) > _MAX_FILES:
                    self._blocks.popitem(last=False)
