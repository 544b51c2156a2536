"""Edits that only insert text, and their exact reversal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Splice(NamedTuple):
    """Text to insert. :ivar offset: where it goes, in characters of the text before any splice."""

    offset: int
    text: str


def insert_splices(text: str, splices: Sequence[Splice]) -> str:
    """:param splices: in the order of their offsets."""
    for splice in reversed(splices):
        text = text[: splice.offset] + splice.text + text[splice.offset :]
    return text


def remove_splices(text: str, splices: Sequence[Splice]) -> str:
    """The text before `insert_splices`.

    :raises ValueError: when the text does not have the splices at their places.
    """
    for splice in splices:  # in the same order, so that every offset is one of the text before
        end = splice.offset + len(splice.text)
        if text[splice.offset : end] != splice.text:
            raise ValueError("The text was changed.")
        text = text[: splice.offset] + text[end:]
    return text


def newline_of(text: str) -> str:
    """The line ending of the text, by its first line."""
    return "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"


def appended(text: str, block: str, *, empty_line: bool = True) -> Splice:
    r"""Insert lines at the end. :param block: lines that end with ``\n``. :param empty_line: put one in front."""
    newline = newline_of(text)
    gap = newline * ((not text.endswith("\n")) + empty_line) if text.strip() else ""
    return Splice(len(text), gap + block.replace("\n", newline))
