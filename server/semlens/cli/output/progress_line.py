"""Shows how far a step of known size is, where no index is followed."""

from __future__ import annotations

import sys
from typing import Self

from semlens.cli.output.terminal import colours_wanted


class ProgressLine:
    """One line on a terminal that changes; nothing elsewhere."""

    def __init__(self) -> None:
        self._shows = colours_wanted(sys.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._print("")

    def show(self, what: str, done: int, total: int) -> None:
        self._print(f"{what} ... {100 * done // total if total else 100} %")

    def clear(self) -> None:
        """Before another line is printed."""
        self._print("")

    def _print(self, text: str) -> None:
        if self._shows:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
