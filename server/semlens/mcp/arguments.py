"""Checks the arguments of the tools. An agent writes them, so anything may be in them.

A wrong argument raises `UsageError` with a sentence that names it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from semlens.core.request import ContentFilter, TestFilter
from semlens.service.params import fields_of, integer, refuse, string, strings

MIN_BUDGET, MAX_BUDGET = 50, 50_000
"""Tokens. Fewer hold no answer. A larger budget counts as the largest: no agent reads more at once."""

MAX_LIMIT = 50
MAX_QUERY_CHARS = 20_000
MAX_PLACE_CHARS = 2_000
MAX_ROOTS = 32
MAX_DEPTH = 3
_MAX_OFFSET = 1_000

_Choice = TypeVar("_Choice", bound=enum.Enum)


class Detail(enum.StrEnum):
    """How much of each hit is shown. The values are the tool's."""

    LOCATIONS = "locations"
    SNIPPETS = "snippets"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page begins. :ivar check: a hash of the question that the page belongs to."""

    offset: int = 0
    check: str = ""

    def __str__(self) -> str:
        return f"{self.offset}.{self.check}"


@dataclass(frozen=True, slots=True)
class SearchArguments:
    """Arguments of ``search_code``. :ivar content: None where the agent named no kind of file."""

    query: str
    roots: tuple[str, ...]
    limit: int
    detail: Detail
    budget: int
    languages: frozenset[str]
    paths: tuple[str, ...]
    tests: TestFilter
    content: ContentFilter | None
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class ContextArguments:
    """Arguments of ``get_context``. At least one of ``query`` and ``place``, or neither for a map."""

    query: str
    place: str
    roots: tuple[str, ...]
    budget: int


@dataclass(frozen=True, slots=True)
class ExploreArguments:
    """Arguments of ``explore_symbol``."""

    place: str
    roots: tuple[str, ...]
    depth: int
    budget: int


def search_arguments(arguments: object) -> SearchArguments:
    fields = _known(
        arguments,
        ("query", "roots", "limit", "detail", "budget_tokens", "languages", "paths", "tests", "kind_of_file", "cursor"),
    )
    return SearchArguments(
        query=_text(fields, "query", MAX_QUERY_CHARS, required=True),
        roots=_roots(fields),
        limit=_at_most(fields, "limit", default=10, low=1, high=MAX_LIMIT),
        detail=_choice(fields, "detail", Detail.LOCATIONS),
        budget=_budget(fields, 2000),
        languages=frozenset(name.lower() for name in strings(fields, "languages")),
        paths=strings(fields, "paths"),
        tests=_choice(fields, "tests", TestFilter.INCLUDE),
        content=_choice(fields, "kind_of_file", ContentFilter.CODE) if fields.get("kind_of_file") is not None else None,
        cursor=_cursor(string(fields, "cursor") or ""),
    )


def context_arguments(arguments: object) -> ContextArguments:
    fields = _known(arguments, ("query", "place", "roots", "budget_tokens"))
    return ContextArguments(
        query=_text(fields, "query", MAX_QUERY_CHARS),
        place=_text(fields, "place", MAX_PLACE_CHARS),
        roots=_roots(fields),
        budget=_budget(fields, 4000),
    )


def explore_arguments(arguments: object) -> ExploreArguments:
    fields = _known(arguments, ("place", "roots", "depth", "budget_tokens"))
    return ExploreArguments(
        place=_text(fields, "place", MAX_PLACE_CHARS, required=True),
        roots=_roots(fields),
        depth=_at_most(fields, "depth", default=1, low=1, high=MAX_DEPTH),
        budget=_budget(fields, 3000),
    )


def status_arguments(arguments: object) -> tuple[str, ...]:
    """The roots that the agent names."""
    return _roots(_known(arguments, ("roots",)))


def _known(arguments: object, names: tuple[str, ...]) -> Mapping[str, Any]:
    fields = fields_of(arguments)
    for name in fields:
        if name not in names:
            refuse(f"There is no argument `{str(name)[:60]}`. There are: {', '.join(names)}.")
    return fields


def _text(fields: Mapping[str, Any], name: str, longest: int, *, required: bool = False) -> str:
    text = (string(fields, name) or "").strip()
    if required and not text:
        refuse(f"`{name}` is missing. Give a string that is not empty.")
    if len(text) > longest:
        refuse(f"`{name}` is longer than {longest} characters. Make it shorter.")
    return text


def _roots(fields: Mapping[str, Any]) -> tuple[str, ...]:
    roots = strings(fields, "roots")
    if len(roots) > MAX_ROOTS or any(len(root) > MAX_PLACE_CHARS for root in roots):
        refuse(f"`roots` must be at most {MAX_ROOTS} folders, of at most {MAX_PLACE_CHARS} characters each.")
    return roots


def _budget(fields: Mapping[str, Any], default: int) -> int:
    return _at_most(fields, "budget_tokens", default=default, low=MIN_BUDGET, high=MAX_BUDGET)


def _at_most(fields: Mapping[str, Any], name: str, *, default: int, low: int, high: int) -> int:
    """An integer. One above the maximum counts as the maximum."""
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and value > high:
        return high
    found = integer(fields, name, low=low, high=high)
    return default if found is None else found


def _choice(fields: Mapping[str, Any], name: str, default: _Choice) -> _Choice:
    value = string(fields, name)
    choices = {str(choice.value): choice for choice in type(default)}
    if value is None:
        return default
    if value not in choices:
        refuse(f"`{name}` must be one of: {', '.join(choices)}.")
    return choices[value]


def _cursor(text: str) -> Cursor:
    if not text:
        return Cursor()
    offset, _, check = text.partition(".")
    if not (offset.isascii() and offset.isdigit() and len(offset) < 5 and check and int(offset) <= _MAX_OFFSET):
        refuse("`cursor` must be the cursor of an earlier answer. Leave it out to start again.")
    return Cursor(int(offset), check)
