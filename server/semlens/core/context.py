"""The request for a context pack and its result, and the result of the search for duplicates."""

from __future__ import annotations

import enum
from typing import NamedTuple

from semlens.core.hit import SearchHit
from semlens.core.span import Span


class ContextRequest(NamedTuple):
    """A request for a context pack. With neither a query nor a place, the pack is a map of the workspace.

    :ivar uri: document of the place, or "". :ivar lines: first and last line of the place (from 0, inclusive).
    :ivar budget: tokens that the pack may have at most. :ivar tokenizer: a ``tokenizer.json``, or "" to estimate.
    :ivar tests: include the tests of the seeds.
    :ivar folders: absolute paths; only code below one of them is shown. Without any, all roots.
    """

    query: str = ""
    uri: str = ""
    lines: tuple[int, int] = (-1, -1)
    budget: int = 4000
    tokenizer: str = ""
    tests: bool = False
    line_numbers: bool = False
    folders: tuple[str, ...] = ()


class Form(enum.StrEnum):
    """How much of a symbol is shown. The values are the protocol's."""

    SIGNATURE = "signature"
    OUTLINE = "outline"
    FULL = "full"


class Relation(enum.StrEnum):
    """How an item of a pack is related to what was asked. The values are the protocol's."""

    ANSWER = "answer"
    """It answers the query."""
    PLACE = "place"
    """It is the code at the place."""
    CONTAINER = "container"
    """It contains such code, or constructs what contains it."""
    USED = "used"
    """Such code uses it, or has it in its signature."""
    USER = "user"
    """It uses such code."""
    TEST = "test"
    """It is a test that uses such code."""
    IMPORTS = "imports"
    OVERVIEW = "overview"
    """It is on the map of the workspace."""


class ContextReason(NamedTuple):
    """Why an item was chosen. :ivar text: the same in a few words, for people."""

    relation: Relation
    text: str


class ContextItem(NamedTuple):
    """:ivar tokens: of the item alone. :ivar last_line_text: the line at which the span ends."""

    uri: str
    path: str
    span: Span
    name: str
    form: Form
    tokens: int
    reason: ContextReason
    dirty: bool
    last_line_text: str


class ContextPack(NamedTuple):
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


class DuplicateSet(NamedTuple):
    """Near-identical symbols.

    :ivar hits: largest first. :ivar similarity: similarity of the first hit and the one least like it, 0 to 1.
    :ivar saved_lines: lines saved when only one of them is kept.
    """

    hits: tuple[SearchHit, ...]
    similarity: float
    saved_lines: int


class DuplicatesResult(NamedTuple):
    """Groups of near-identical symbols, sorted by saved lines, largest first."""

    groups: tuple[DuplicateSet, ...]
    generation: int
