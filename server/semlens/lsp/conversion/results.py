"""Our values as the JSON objects of the protocol. Pure: reads no document and no disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from semlens.core.context import ContextPack, DuplicatesResult
from semlens.core.hit import SearchHit, SearchResult
from semlens.core.paths import path_to_uri
from semlens.core.span import Span
from semlens.core.status import EngineStatus, Problem, RootStatus
from semlens.core.symbol import Outline, Symbol
from semlens.core.text.printable import message_text
from semlens.service.positions import PositionEncoding, units_of, units_of_byte_column

Json: TypeAlias = dict[str, Any]
LineOf: TypeAlias = Callable[[int], str]


def position(line: int, column: int, line_text: str | None, encoding: PositionEncoding) -> Json:
    """A position from a byte column. Without the line's text the column is taken to stand in ASCII."""
    character = column if line_text is None else units_of_byte_column(line_text, column, encoding)
    return {"line": line, "character": character}


def range_of(span: Span, lines: Mapping[int, str], encoding: PositionEncoding) -> Json:
    return {
        "start": position(span.start_line, span.start_column, lines.get(span.start_line), encoding),
        "end": position(span.end_line, span.end_column, lines.get(span.end_line), encoding),
    }


def search_hit(hit: SearchHit, encoding: PositionEncoding) -> Json:
    """``SearchHit`` of the protocol; ``path`` and ``qualifiedName`` are additions."""
    lines = dict(hit.line_texts)
    for offset, text in enumerate(hit.snippet.split("\n")):
        lines.setdefault(hit.snippet_span.start_line + offset, text)
    wire: Json = {
        "name": hit.name,
        "kind": int(hit.kind),
        "location": {"uri": hit.uri, "range": range_of(hit.span, lines, encoding)},
        "selectionRange": range_of(hit.name_span, lines, encoding),
        "language": hit.language,
        "score": round(hit.score, 6),
        "signature": hit.signature,
        "snippet": {"text": hit.snippet, "range": range_of(hit.snippet_span, lines, encoding)},
        "highlights": [_whole_lines(first, last, lines, encoding) for first, last in hit.highlights],
        "reasons": list(hit.reasons),
        "dirty": hit.dirty,
        "path": hit.path,
        "qualifiedName": hit.qualified_name,
    }
    if hit.container_name:
        wire["containerName"] = hit.container_name
    if hit.features:
        wire["features"] = {name: float(value) for name, value in hit.features.items()}
    return wire


def search_result(result: SearchResult, encoding: PositionEncoding) -> Json:
    wire: Json = {
        "hits": [search_hit(hit, encoding) for hit in result.hits],
        "generation": result.generation,
        "complete": result.complete,
        "elapsedMs": round(result.elapsed_ms, 3),
    }
    if result.notes:
        wire["notes"] = list(result.notes)
    return wire


def partial_result(result: SearchResult, stage: str, encoding: PositionEncoding) -> Json:
    """The value of a ``$/progress`` that goes ahead of the answer to a search with a ``refineToken``."""
    return {
        "hits": [search_hit(hit, encoding) for hit in result.hits],
        "generation": result.generation,
        "stage": stage,
        "replace": True,
    }


def duplicates(result: DuplicatesResult, encoding: PositionEncoding) -> Json:
    return {
        "groups": [
            {
                "symbols": [search_hit(hit, encoding) for hit in group.hits],
                "similarity": round(group.similarity, 4),
                "savedLines": group.saved_lines,
            }
            for group in result.groups
        ],
        "generation": result.generation,
    }


def context_pack(pack: ContextPack, encoding: PositionEncoding) -> Json:
    return {
        "text": pack.text,
        "tokens": pack.tokens,
        "countedBy": pack.counted_by,
        "budget": pack.budget,
        "items": [
            {
                "uri": item.uri,
                "path": item.path,
                "range": range_of(item.span, {item.span.end_line: item.last_line_text}, encoding),
                "name": item.name,
                "form": item.form,
                "tokens": item.tokens,
                "why": item.why,
                "dirty": item.dirty,
            }
            for item in pack.items
        ],
        "omitted": pack.omitted,
        "masked": pack.masked,
        "generation": pack.generation,
    }


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


def status(
    engine_status: EngineStatus,
    *,
    more_problems: tuple[Problem, ...] = (),
) -> Json:
    """``Status`` of the protocol. ``counters`` and ``version`` are additions."""
    return {
        "number": engine_status.number,
        "state": engine_status.state.value,
        "complete": engine_status.complete,
        "refining": engine_status.refining,
        "roots": [_root(root) for root in engine_status.roots],
        "tiers": [
            {"model": tier.model, "role": tier.role, "embedded": tier.embedded, "pending": tier.pending}
            for tier in engine_status.tiers
        ],
        "generation": engine_status.generation,
        "lagMs": round(engine_status.lag_ms, 1),
        "rssBytes": engine_status.rss_bytes,
        "indexBytes": engine_status.index_bytes,
        "remote": [
            {"service": one.service, "texts": one.texts, "bytes": one.bytes, "redactions": one.redactions}
            for one in engine_status.remote
        ],
        "problems": [
            {"path": problem.path, "message": message_text(problem.message)}
            for problem in (*engine_status.problems, *more_problems)
        ],
        "counters": dict(engine_status.counters),
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


def _root(root: RootStatus) -> Json:
    return {
        "uri": path_to_uri(root.root),
        "files": root.files,
        "symbols": root.symbols,
        "pending": root.pending,
        "skipped": dict(root.skipped),
        "watching": root.watching,
    }


def _whole_lines(first: int, last: int, lines: Mapping[int, str], encoding: PositionEncoding) -> Json:
    text = lines.get(last)
    end = (last + 1, 0) if text is None else (last, units_of(text, encoding))
    return {"start": {"line": first, "character": 0}, "end": {"line": end[0], "character": end[1]}}


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
