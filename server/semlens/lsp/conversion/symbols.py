"""Symbols as LSP's own types: WorkspaceSymbol, DocumentSymbol and SymbolInformation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from semlens.core.hit import SearchHit
from semlens.core.span import Span
from semlens.core.symbol import Outline, Symbol
from semlens.service.codec import Json, range_of
from semlens.service.positions import PositionEncoding

LineOf: TypeAlias = Callable[[int], str]


def workspace_symbol(hit: SearchHit, encoding: PositionEncoding) -> Json:
    """LSP's WorkspaceSymbol, its range already resolved; ``data`` keeps what `resolve` needs."""
    where = range_of(hit.name_span, hit.line_texts, encoding)
    container = hit.container_name or hit.path
    return {
        "name": hit.name,
        "kind": int(hit.kind),
        "containerName": container,
        "location": {"uri": hit.uri, "range": where},
        "data": {"range": where, "reasons": list(hit.reasons)},
    }


def document_symbols(outline: Outline, line_of: LineOf, encoding: PositionEncoding) -> list[Json]:
    """LSP's DocumentSymbol tree of one open document."""
    nodes: list[Json] = []
    tops: list[Json] = []
    for symbol in outline.symbols:
        where = _range_in(symbol.span, line_of, encoding)
        node: Json = {
            "name": symbol.name or "(anonymous)",
            "detail": symbol.signature,
            "kind": int(symbol.kind),
            "range": where,
            "selectionRange": _inside(_range_in(symbol.name_span, line_of, encoding), where),
        }
        nodes.append(node)
        if 0 <= symbol.parent < len(nodes) - 1:
            nodes[symbol.parent].setdefault("children", []).append(node)
        else:
            tops.append(node)
    return tops


def flat_symbols(outline: Outline, uri: str, line_of: LineOf, encoding: PositionEncoding) -> list[Json]:
    """LSP's older SymbolInformation list, for clients without trees."""

    def container(symbol: Symbol) -> Json:
        return {"containerName": outline.symbols[symbol.parent].name} if symbol.parent >= 0 else {}

    return [
        {
            "name": symbol.name or "(anonymous)",
            "kind": int(symbol.kind),
            "location": {"uri": uri, "range": _range_in(symbol.span, line_of, encoding)},
            **container(symbol),
        }
        for symbol in outline.symbols
    ]


def _range_in(span: Span, line_of: LineOf, encoding: PositionEncoding) -> Json:
    lines = {number: line_of(number) for number in (span.start_line, span.end_line)}
    return range_of(span, lines, encoding)


def _inside(inner: Json, outer: Json) -> Json:
    """LSP wants a selection inside the symbol; an outline of a text that has moved on may not give one."""

    def key(place: Json) -> tuple[int, int]:
        return place["line"], place["character"]

    if key(outer["start"]) <= key(inner["start"]) <= key(inner["end"]) <= key(outer["end"]):
        return inner
    return {"start": outer["start"], "end": outer["start"]}
