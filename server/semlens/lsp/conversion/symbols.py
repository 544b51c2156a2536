"""Converts symbols to LSP's types: WorkspaceSymbol, DocumentSymbol and SymbolInformation.

Editors show names as they come, so these are printable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from semlens.core.hit import SearchHit
from semlens.core.span import Span
from semlens.core.symbol import Outline, Symbol
from semlens.core.text.printable import printable
from semlens.service.codec import Json, range_of
from semlens.service.positions import PositionEncoding

LineOf: TypeAlias = Callable[[int], str]


def workspace_symbol(hit: SearchHit, encoding: PositionEncoding) -> Json:
    """LSP's WorkspaceSymbol with its range. ``data`` repeats the range for clients that drop it."""
    symbol_range = range_of(hit.name_span, hit.line_texts, encoding)
    return {
        "name": printable(hit.name),
        "kind": int(hit.kind),
        "containerName": printable(hit.container_name or hit.path),
        "location": {"uri": hit.uri, "range": symbol_range},
        "data": {"range": symbol_range, "reasons": list(hit.reasons)},
    }


def document_symbols(outline: Outline, line_of: LineOf, encoding: PositionEncoding) -> list[Json]:
    """LSP's DocumentSymbol tree of one open document."""
    nodes: list[Json] = []
    top_nodes: list[Json] = []
    for symbol in outline.symbols:
        symbol_range = _range_in(symbol.span, line_of, encoding)
        node: Json = {
            "name": printable(symbol.name) or "(anonymous)",
            "detail": printable(symbol.signature),
            "kind": int(symbol.kind),
            "range": symbol_range,
            "selectionRange": _contained(_range_in(symbol.name_span, line_of, encoding), symbol_range),
        }
        nodes.append(node)
        if 0 <= symbol.parent < len(nodes) - 1:
            nodes[symbol.parent].setdefault("children", []).append(node)
        else:
            top_nodes.append(node)
    return top_nodes


def flat_symbols(outline: Outline, uri: str, line_of: LineOf, encoding: PositionEncoding) -> list[Json]:
    """LSP's older SymbolInformation list, for clients that do not support trees."""

    def container(symbol: Symbol) -> Json:
        return {"containerName": printable(outline.symbols[symbol.parent].name)} if symbol.parent >= 0 else {}

    return [
        {
            "name": printable(symbol.name) or "(anonymous)",
            "kind": int(symbol.kind),
            "location": {"uri": uri, "range": _range_in(symbol.span, line_of, encoding)},
            **container(symbol),
        }
        for symbol in outline.symbols
    ]


def _range_in(span: Span, line_of: LineOf, encoding: PositionEncoding) -> Json:
    lines = {number: line_of(number) for number in (span.start_line, span.end_line)}
    return range_of(span, lines, encoding)


def _contained(inner: Json, outer: Json) -> Json:
    """The inner range if the outer one contains it, else the outer start. LSP requires this.

    The ranges can disagree when the text changed after the outline was made.
    """

    def key(place: Json) -> tuple[int, int]:
        return place["line"], place["character"]

    if key(outer["start"]) <= key(inner["start"]) <= key(inner["end"]) <= key(outer["end"]):
        return inner
    return {"start": outer["start"], "end": outer["start"]}
