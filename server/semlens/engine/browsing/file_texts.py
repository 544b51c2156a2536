"""A part of a file's text to show: bounded in lines, in their length and in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAX_LINES = 5_000
MAX_LINE_CHARACTERS = 2_000
MAX_CHARACTERS = 1 << 20


@dataclass(frozen=True, slots=True)
class TextPart:
    """Lines of a file. Lines count from 0, and ``end_line`` is inclusive.

    :ivar cut_lines: lines that are longer than what is shown of them. :ivar truncated: whether lines that were asked
        for are missing at the end.
    """

    text: str
    start_line: int
    end_line: int
    n_lines: int
    cut_lines: tuple[int, ...]
    truncated: bool


def text_part(lines: Sequence[str], start_line: int, end_line: int | None) -> TextPart:
    """The lines from a start to an end, both 0-based and inclusive, as far as the bounds allow.

    A start behind the last line gives no lines.
    """
    if lines and not lines[-1]:
        lines = lines[:-1]  # what follows the last line break is no line
    wanted_end = len(lines) - 1 if end_line is None else min(end_line, len(lines) - 1)
    shown: list[str] = []
    cut_lines: list[int] = []
    n_characters = 0
    for number in range(start_line, min(wanted_end, start_line + MAX_LINES - 1) + 1):
        line = lines[number]
        if len(line) > MAX_LINE_CHARACTERS:
            line = line[:MAX_LINE_CHARACTERS]
            cut_lines.append(number)
        n_characters += len(line) + 1
        if n_characters > MAX_CHARACTERS and shown:
            break
        shown.append(line)
    last = start_line + len(shown) - 1
    cut = tuple(number for number in cut_lines if number <= last)
    return TextPart("\n".join(shown), start_line, last, len(lines), cut, truncated=last < wanted_end)
