"""The requests that start from a symbol, a place or a change: JSON parameters to JSON results, for every front end.

`params` has the rules of parameters. Threads belong to the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from semlens.core.cancel import CancelToken
from semlens.core.context import ContextRequest
from semlens.core.graph import ImpactRequest, NeighboursRequest
from semlens.service.code_service import CodeQueries
from semlens.service.codec import (
    Json,
    PlaceFormat,
    context_json,
    duplicates_json,
    impact_json,
    neighbours_json,
    search_json,
    unused_json,
)
from semlens.service.params import MAX_LIMIT, boolean, fields_of, folders_of, integer, refuse, string, table

MAX_LINE = (1 << 31) - 1
MAX_BUDGET = 10_000_000
_DEFAULT_LIMIT = 20
_DEFAULT_GROUPS = 50
_DEFAULT_EDGES = 50
_DEFAULT_BUDGET = 4_000
MAX_DEPTH = 4
"""Of callers of callers."""


CodeQueryMethod: TypeAlias = Callable[[CodeQueries, PlaceFormat, object, CancelToken], Json]
"""Answers one request. It raises `UsageError` for wrong parameters, and what `CodeQueries` raises."""


def _similar(service: CodeQueries, places: PlaceFormat, params: object, cancel: CancelToken) -> Json:
    fields = fields_of(params)
    uri = string(table(fields, "textDocument"), "uri")
    if uri is None:
        refuse("`textDocument.uri` is missing. Send the URI of the document with the symbol.")
    line = _line(fields, "position", places.first_line)
    limit = integer(fields, "limit", low=1, high=MAX_LIMIT) or _DEFAULT_LIMIT
    return search_json(service.similar(uri, line, limit, cancel), places)


def _duplicates(service: CodeQueries, places: PlaceFormat, params: object, cancel: CancelToken) -> Json:
    fields = fields_of(params)
    uri = string(fields, "uri") or ""
    limit = integer(fields, "limit", low=1, high=MAX_LIMIT) or _DEFAULT_GROUPS
    return duplicates_json(service.duplicates(uri, limit, folders_of(fields), cancel), places)


def _context(service: CodeQueries, places: PlaceFormat, params: object, cancel: CancelToken) -> Json:
    return context_json(service.context(_context_request(params, places.first_line), cancel), places)


def _callers(service: CodeQueries, places: PlaceFormat, params: object, cancel: CancelToken) -> Json:
    return neighbours_json(service.callers(_neighbours_request(params, places.first_line), cancel), places)


def _callees(service: CodeQueries, places: PlaceFormat, params: object, cancel: CancelToken) -> Json:
    return neighbours_json(service.callees(_neighbours_request(params, places.first_line), cancel), places)


def _impact(service: CodeQueries, places: PlaceFormat, params: object, cancel: CancelToken) -> Json:
    return impact_json(service.impact(_impact_request(params), cancel), places)


def _unused(service: CodeQueries, places: PlaceFormat, params: object, cancel: CancelToken) -> Json:
    fields = fields_of(params)
    limit = integer(fields, "limit", low=1, high=MAX_LIMIT) or _DEFAULT_EDGES
    return unused_json(service.unused(limit, folders_of(fields), cancel), places)


CODE_QUERY_METHODS: Mapping[str, CodeQueryMethod] = {
    "similar": _similar,
    "duplicates": _duplicates,
    "context": _context,
    "callers": _callers,
    "callees": _callees,
    "impact": _impact,
    "unused": _unused,
}
"""By the name without ``semlens/``."""


def _context_request(params: object, first_line: int) -> ContextRequest:
    """A range overrides a position. A document without either is ignored."""
    fields = fields_of(params)
    uri = string(table(fields, "textDocument"), "uri") or ""
    lines = (-1, -1)
    if fields.get("range") is not None:
        span = table(fields, "range")
        lines = (_line(span, "start", first_line), _line(span, "end", first_line))
        if lines[1] < lines[0]:
            refuse("`range` ends before it starts. Swap its start and end.")
    elif fields.get("position") is not None:
        line = _line(fields, "position", first_line)
        lines = (line, line)
    if lines[0] >= 0 and not uri:
        refuse("`textDocument.uri` is missing. Send the URI of the document with the position.")
    return ContextRequest(
        query=string(fields, "query") or "",
        uri=uri if lines[0] >= 0 else "",
        lines=lines,
        budget=integer(fields, "budget", low=1, high=MAX_BUDGET) or _DEFAULT_BUDGET,
        tokenizer=string(fields, "tokenizer") or "",
        tests=boolean(fields, "tests"),
        line_numbers=boolean(fields, "lineNumbers"),
        folders=folders_of(fields),
    )


def _neighbours_request(params: object, first_line: int) -> NeighboursRequest:
    """A place, a name, or both."""
    fields = fields_of(params)
    name = (string(fields, "name") or "").strip()
    uri = string(table(fields, "textDocument"), "uri") or ""
    if not name and not uri:
        refuse("Send the `name` of a symbol, or `textDocument` and `position`.")
    has_place = not name or (uri != "" and fields.get("position") is not None)
    return NeighboursRequest(
        uri=uri if has_place else "",
        line=_line(fields, "position", first_line) if has_place else -1,
        name=name,
        limit=integer(fields, "limit", low=1, high=MAX_LIMIT) or _DEFAULT_EDGES,
        folders=folders_of(fields),
        depth=integer(fields, "depth", low=1, high=MAX_DEPTH) or 1,
    )


def _impact_request(params: object) -> ImpactRequest:
    fields = fields_of(params)
    return ImpactRequest(
        ref=string(fields, "ref") or "HEAD",
        staged=boolean(fields, "staged"),
        diff=string(fields, "diff") or "",
        limit=integer(fields, "limit", low=1, high=MAX_LIMIT) or _DEFAULT_EDGES,
        folders=folders_of(fields),
    )


def _line(fields: Mapping[str, Any], name: str, first_line: int) -> int:
    """The line, counted from 0. :param first_line: the number of the first line in the parameters."""
    place = table(fields, name)
    line = integer(place, "line", low=first_line, high=MAX_LINE)
    if line is None:
        refuse(f"`{name}.line` is missing. A position has a line and a character.")
    return line - first_line
