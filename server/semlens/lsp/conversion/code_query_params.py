"""Parameters of the requests for likeness and context, checked as those of `params`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from semlens.core.context import ContextRequest
from semlens.lsp.conversion.params import MAX_LIMIT, boolean, fields_of, integer, refuse, string, table

MAX_LINE = (1 << 31) - 1
MAX_BUDGET = 10_000_000
_DEFAULT_LIMIT = 20
_DEFAULT_GROUPS = 50
_DEFAULT_BUDGET = 4_000


@dataclass(frozen=True, slots=True)
class SimilarParams:
    """Of ``semlens/similar``: the line counts from 0."""

    uri: str
    line: int
    limit: int


def similar_params(params: object) -> SimilarParams:
    given = fields_of(params)
    uri = string(table(given, "textDocument"), "uri")
    if uri is None:
        refuse("`textDocument.uri` is missing: name the document that the symbol is in.")
    return SimilarParams(
        uri, _line(given, "position"), integer(given, "limit", low=1, high=MAX_LIMIT) or _DEFAULT_LIMIT
    )


def duplicates_params(params: object) -> tuple[str, int]:
    given = fields_of(params)
    return string(given, "uri") or "", integer(given, "limit", low=1, high=MAX_LIMIT) or _DEFAULT_GROUPS


def context_request(params: object) -> ContextRequest:
    """A range counts before a position; a document without either is a seed of nothing, so it is refused."""
    given = fields_of(params)
    uri = string(table(given, "textDocument"), "uri") or ""
    lines = (-1, -1)
    if given.get("range") is not None:
        span = table(given, "range")
        lines = (_line(span, "start"), _line(span, "end"))
        if lines[1] < lines[0]:
            refuse("`range` ends before it starts.")
    elif given.get("position") is not None:
        line = _line(given, "position")
        lines = (line, line)
    if lines[0] >= 0 and not uri:
        refuse("`textDocument.uri` is missing: name the document that the position is in.")
    return ContextRequest(
        query=string(given, "query") or "",
        uri=uri if lines[0] >= 0 else "",
        lines=lines,
        budget=integer(given, "budget", low=1, high=MAX_BUDGET) or _DEFAULT_BUDGET,
        tokenizer=string(given, "tokenizer") or "",
        tests=boolean(given, "tests"),
        line_numbers=boolean(given, "lineNumbers"),
    )


def _line(given: Mapping[str, Any], name: str) -> int:
    place = table(given, name)
    line = integer(place, "line", low=0, high=MAX_LINE)
    if line is None:
        refuse(f"`{name}.line` is missing: positions have a line and a character.")
    return line
