"""What is asked for and returned when code is packed for a prompt."""

from __future__ import annotations

from dataclasses import dataclass

from semlens.core.hit import SearchHit
from semlens.core.span import Span


@dataclass(frozen=True, slots=True)
class ContextRequest:
    """With neither query nor place: a map of the workspace.

    :ivar uri: document of the place, or "". :ivar lines: first and last line of it (from 0, inclusive).
    :ivar budget: tokens that the pack may have at most. :ivar tokenizer: a ``tokenizer.json``, or "" to estimate.
    :ivar tests: the tests of the seeds are wanted too.
    """

    query: str = ""
    uri: str = ""
    lines: tuple[int, int] = (-1, -1)
    budget: int = 4000
    tokenizer: str = ""
    tests: bool = False
    line_numbers: bool = False


@dataclass(frozen=True, slots=True)
class ContextItem:
    """:ivar form: ``full``, ``outline`` or ``signature``. :ivar why: why it was taken, in a few words."""

    uri: str
    path: str
    span: Span
    name: str
    form: str
    tokens: int
    why: str
    dirty: bool
    last_line_text: str


@dataclass(frozen=True, slots=True)
class ContextPack:
    """:ivar text: Markdown. :ivar counted_by: what counted the tokens. :ivar omitted: candidates that did not fit.

    :ivar masked: secrets that were replaced.
    """

    text: str
    tokens: int
    counted_by: str
    budget: int
    items: tuple[ContextItem, ...]
    omitted: int
    masked: int
    generation: int


@dataclass(frozen=True, slots=True)
class DuplicateSet:
    """Near-identical symbols.

    :ivar hits: largest first. :ivar similarity: of the least alike to the first, 0 to 1.
    :ivar saved_lines: lines that go when one of them is kept.
    """

    hits: tuple[SearchHit, ...]
    similarity: float
    saved_lines: int


@dataclass(frozen=True, slots=True)
class DuplicatesResult:
    """Groups of near-identical symbols, largest saving first."""

    groups: tuple[DuplicateSet, ...]
    generation: int
