"""Colours for terminals, plain text for pipes. Most output needs only these few codes, so rich is not loaded."""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import Literal, TextIO

Style = Literal["bold", "dim", "red", "green", "magenta"]
"""What can be read on black and on white. Yellow and cyan cannot be read on white, blue not on black."""

_CODES: dict[Style, str] = {"bold": "1", "dim": "2", "red": "31", "green": "32", "magenta": "35"}


_FORCED: dict[str, bool] = {"always": True, "never": False}
_choice = "auto"


def choose_colours(choice: str) -> None:
    """Follow the option ``--color``: ``auto``, ``always`` or ``never``."""
    global _choice  # noqa: PLW0603 - one process prints for one command
    _choice = choice
    shows_colours.cache_clear()


def colours_wanted(stream: TextIO) -> bool:
    """Whether the stream is a terminal that shows colours. ``NO_COLOR`` and ``TERM=dumb`` turn them off."""
    if stream is sys.stdout and _choice in _FORCED:
        return _FORCED[_choice]
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


@cache
def shows_colours() -> bool:
    """Whether stdout shows colours."""
    return colours_wanted(sys.stdout)


def paint(text: str, *styles: Style) -> str:
    """The text with these styles when stdout shows colours, else the plain text."""
    if not text or not shows_colours():
        return text
    return f"\033[{';'.join(_CODES[style] for style in styles)}m{text}\033[0m"


def human_bytes(n_bytes: int) -> str:
    """A number of bytes as text, such as ``1.4 MB``, in powers of ten."""
    value = float(n_bytes)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "bytes" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")
