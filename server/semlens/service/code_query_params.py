"""Parameters of the requests that start from a symbol, a place or a change. See `params` for the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from semlens.core.context import ContextRequest
from semlens.core.graph import ImpactRequest, NeighboursRequest
from semlens.service.params import MAX_LIMIT, boolean, fields_of, folders_of, integer, refuse, string, table

MAX_LINE = (1 << 31) - 1
MAX_BUDGET = 10_000_000
_DEFAULT_LIMIT = 20
_DEFAULT_GROUPS = 50
_DEFAULT_EDGES = 50
_DEFAULT_BUDGET = 4_000
MAX_DEPTH = 4
"""Of callers of callers."""


@dataclass(frozen=True, slots=True)
class SimilarParams:
    """Parameters of ``semlens/similar``. :ivar line: counted from 0."""

    uri: str
    line: int
    limit: int


def similar_params(params: object, *, first_line: int = 0) -> SimilarParams:
    """:param first_line: the number of the first line in the parameters."""
    fields = fields_of(params)
    uri = string(table(fields, "textDocument"), "uri")
    if uri is None:
        refuse("`textDocument.uri` is missing. Send the URI of the document with the symbol.")
    return SimilarParams(
        uri, _line(fields, "position", first_line), integer(fields, "limit", low=1, high=MAX_LIMIT) or _DEFAULT_LIMIT
    )


def duplicates_params(params: object) -> tuple[str, int]:
    fields = fields_of(params)
    return string(fields, "uri") or "", integer(fields, "limit", low=1, high=MAX_LIMIT) or _DEFAULT_GROUPS


def context_request(params: object, *, first_line: int = 0) -> ContextRequest:
    """Parameters of ``semlens/context``. A range overrides a position. A document without either is ignored.

    :param first_line: the number of the first line in the parameters.
    """
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


def neighbours_request(params: object, *, first_line: int = 0) -> NeighboursRequest:
    """Parameters of ``semlens/callers`` and ``semlens/callees``: a place, or a name.

    :param first_line: the number of the first line in the parameters.
    """
    fields = fields_of(params)
    name = (string(fields, "name") or "").strip()
    uri = string(table(fields, "textDocument"), "uri") or ""
    if not name and not uri:
        refuse("Send the `name` of a symbol, or `textDocument` and `position`.")
    return NeighboursRequest(
        uri="" if name else uri,
        line=-1 if name else _line(fields, "position", first_line),
        name=name,
        limit=integer(fields, "limit", low=1, high=MAX_LIMIT) or _DEFAULT_EDGES,
        folders=folders_of(fields),
        depth=integer(fields, "depth", low=1, high=MAX_DEPTH) or 1,
    )


def impact_request(params: object) -> ImpactRequest:
    fields = fields_of(params)
    return ImpactRequest(
        ref=string(fields, "ref") or "HEAD",
        staged=boolean(fields, "staged"),
        diff=string(fields, "diff") or "",
        limit=integer(fields, "limit", low=1, high=MAX_LIMIT) or _DEFAULT_EDGES,
        folders=folders_of(fields),
    )


def unused_params(params: object) -> tuple[int, tuple[str, ...]]:
    fields = fields_of(params)
    return integer(fields, "limit", low=1, high=MAX_LIMIT) or _DEFAULT_EDGES, folders_of(fields)


def _line(fields: Mapping[str, Any], name: str, first_line: int) -> int:
    """The line, counted from 0."""
    place = table(fields, name)
    line = integer(place, "line", low=first_line, high=MAX_LINE)
    if line is None:
        refuse(f"`{name}.line` is missing. A position has a line and a character.")
    return line - first_line
