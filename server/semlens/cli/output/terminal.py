"""Colour and width for people; plain text for pipes. Not rich: most output needs no more than these few codes."""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import TextIO

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}


def colours_wanted(stream: TextIO) -> bool:
    """Colours go to a terminal that did not refuse them (the NO_COLOR convention, and TERM=dumb)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


@cache
def _on_stdout() -> bool:
    return colours_wanted(sys.stdout)


def paint(text: str, *styles: str) -> str:
    """The text in these styles where stdout shows colours, else as it is."""
    if not text or not _on_stdout():
        return text
    return f"\033[{';'.join(_CODES[style] for style in styles)}m{text}\033[0m"


def human_bytes(n_bytes: int) -> str:
    """``1.4 MB`` and the like, in powers of ten."""
    value = float(n_bytes)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "bytes" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")
