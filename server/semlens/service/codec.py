"""Converts results to JSON. The names of all JSON fields are defined here. Reads no documents and no files.

A `PlaceFormat` decides how places are written: as LSP positions for editors, as line numbers for programs and people.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from semlens.core.paths import path_to_uri
from semlens.core.text.printable import message_text
from semlens.service.positions import PositionEncoding, units_of, units_of_byte_column

if TYPE_CHECKING:
    from semlens.core.context import ContextItem, ContextPack, DuplicatesResult
    from semlens.core.graph import AffectedSymbol, ImpactResult, NeighboursResult, UnusedResult
    from semlens.core.hit import SearchHit, SearchResult, SearchStage
    from semlens.core.span import Span
    from semlens.core.status import EngineStatus, Problem, RootStatus, SessionStatus
    from semlens.core.symbol import Outline

Json: TypeAlias = dict[str, Any]


class PlaceFormat(Protocol):
    """Writes the places of a result."""

    first_line: int
    """The number of the first line, also in parameters."""
    score_digits: int

    def of_hit(self, hit: SearchHit) -> Json: ...

    def of_item(self, item: ContextItem) -> Json: ...

    def of_span(self, span: Span, line_texts: Mapping[int, str]) -> Json: ...


class LineNumbers:
    """Lines and columns counted from 1, with both ends included. Columns count bytes. Kinds are words, roots paths."""

    first_line = 1
    score_digits = 4

    def of_hit(self, hit: SearchHit) -> Json:
        return {
            "startLine": hit.span.start_line + 1,
            "endLine": hit.span.last_line + 1,
            "nameLine": hit.name_span.start_line + 1,
            "nameColumn": hit.name_span.start_column + 1,
            "root": hit.root,
            "snippet": {
                "text": hit.snippet,
                "startLine": hit.snippet_span.start_line + 1,
                "endLine": hit.snippet_span.last_line + 1,
            },
            "kind": hit.kind.label,
            "highlights": [[first + 1, last + 1] for first, last in hit.highlights],
        }

    def of_item(self, item: ContextItem) -> Json:
        return {"startLine": item.span.start_line + 1, "endLine": item.span.last_line + 1}

    def of_span(self, span: Span, line_texts: Mapping[int, str]) -> Json:
        del line_texts
        return {
            "startLine": span.start_line + 1,
            "startColumn": span.start_column + 1,
            "endLine": span.end_line + 1,
            "endColumn": span.end_column,
        }


class LspPositions:
    """LSP positions in the encoding of the client. Kinds are numbers of LSP's SymbolKind."""

    first_line = 0
    score_digits = 6

    def __init__(self, encoding: PositionEncoding) -> None:
        self._encoding = encoding

    def of_hit(self, hit: SearchHit) -> Json:
        lines = dict(hit.line_texts)
        for offset, text in enumerate(hit.snippet.splitlines()):
            lines.setdefault(hit.snippet_span.start_line + offset, text)
        fields: Json = {
            "kind": int(hit.kind),
            "location": {"uri": hit.uri, "range": range_of(hit.span, lines, self._encoding)},
            "selectionRange": range_of(hit.name_span, lines, self._encoding),
            "snippet": {"text": hit.snippet, "range": range_of(hit.snippet_span, lines, self._encoding)},
            "highlights": [_whole_lines(first, last, lines, self._encoding) for first, last in hit.highlights],
        }
        if hit.root:
            fields["root"] = path_to_uri(hit.root)
        if hit.container_name:
            fields["containerName"] = hit.container_name
        return fields

    def of_item(self, item: ContextItem) -> Json:
        return {"range": range_of(item.span, {item.span.end_line: item.last_line_text}, self._encoding)}

    def of_span(self, span: Span, line_texts: Mapping[int, str]) -> Json:
        return range_of(span, line_texts, self._encoding)


def hit_json(hit: SearchHit, places: PlaceFormat, *, explain: bool = True) -> Json:
    """``SearchHit`` of the protocol. :param explain: include the features, where the hit has them."""
    encoded: Json = {
        "path": hit.path,
        "name": hit.name,
        "qualifiedName": hit.qualified_name,
        "language": hit.language,
        "score": round(hit.score, places.score_digits),
        "signature": hit.signature,
        "reasons": list(hit.reasons),
        "dirty": hit.dirty,
        **places.of_hit(hit),
    }
    if hit.team:
        encoded["team"] = hit.team
    if explain and hit.features:
        encoded["features"] = {name: round(float(value), places.score_digits) for name, value in hit.features.items()}
    return encoded


def search_json(result: SearchResult, places: PlaceFormat, *, explain: bool = True) -> Json:
    return {
        "generation": result.generation,
        "complete": result.complete,
        "elapsedMs": round(result.elapsed_ms, 1),
        **_confidence_json(result),
        "notes": list(result.notes),
        "hits": [hit_json(hit, places, explain=explain) for hit in result.hits],
    }


def _confidence_json(result: SearchResult) -> Json:
    return {"confidence": round(result.confidence, 3), "nothingFits": result.nothing_fits}


def partial_json(result: SearchResult, stage: SearchStage, places: PlaceFormat) -> Json:
    """The value of ``$/progress`` for a partial result of a search with a ``refineToken``."""
    return {
        "hits": [hit_json(hit, places) for hit in result.hits],
        "generation": result.generation,
        **_confidence_json(result),
        "stage": stage,
        "replace": True,
    }


def duplicates_json(result: DuplicatesResult, places: PlaceFormat) -> Json:
    return {
        "generation": result.generation,
        "groups": [
            {
                "similarity": round(group.similarity, 4),
                "savedLines": group.saved_lines,
                "symbols": [hit_json(hit, places) for hit in group.hits],
            }
            for group in result.groups
        ],
    }


def context_json(pack: ContextPack, places: PlaceFormat) -> Json:
    return {
        "text": pack.text,
        "tokens": pack.tokens,
        "countedBy": pack.counted_by,
        "budget": pack.budget,
        "items": [
            {
                "uri": item.uri,
                "path": item.path,
                **places.of_item(item),
                "name": item.name,
                "form": item.form,
                "tokens": item.tokens,
                "why": item.reason.text,
                "relation": item.reason.relation,
                "dirty": item.dirty,
            }
            for item in pack.items
        ],
        "omitted": pack.omitted,
        "masked": pack.masked,
        "generation": pack.generation,
    }


def neighbours_json(result: NeighboursResult, places: PlaceFormat) -> Json:
    """Callers or callees."""
    encoded: Json = {
        "symbol": hit_json(result.symbol, places),
        "edges": [
            {
                "hit": hit_json(edge.hit, places),
                "ranges": [places.of_span(span, edge.line_texts) for span in edge.spans],
                "confidence": edge.confidence,
                "kind": edge.kind.value,
                "test": edge.is_test,
                "distance": edge.distance,
                **({"through": edge.through} if edge.through >= 0 else {}),
            }
            for edge in result.edges
        ],
        "omitted": result.omitted,
        "omittedAt": list(result.omitted_at),
        "generation": result.generation,
    }
    if result.unseen:
        encoded["unseen"] = result.unseen
        encoded["unseenAt"] = list(result.unseen_at)
    if result.n_others:
        encoded["others"] = [hit_json(hit, places) for hit in result.others]
        encoded["otherCount"] = result.n_others
    return encoded


def impact_json(result: ImpactResult, places: PlaceFormat) -> Json:
    def path_of(one: AffectedSymbol) -> Json:
        return {"via": list(one.via), "distance": one.distance, "confidence": one.confidence}

    return {
        "changed": [hit_json(hit, places) for hit in result.changed],
        "affected": [{"hit": hit_json(one.hit, places), **path_of(one)} for one in result.affected],
        "tests": [{**hit_json(one.hit, places), **path_of(one)} for one in result.tests],
        "omitted": result.omitted,
        "notes": list(result.notes),
        "generation": result.generation,
    }


def unused_json(result: UnusedResult, places: PlaceFormat) -> Json:
    return {
        "symbols": [
            {"hit": hit_json(one.hit, places), "confidence": one.confidence, "assumption": one.assumption}
            for one in result.symbols
        ],
        "assumed": dict(result.assumed),
        "omitted": result.omitted,
        "generation": result.generation,
    }


def outline_json(path: str, outline: Outline) -> Json:
    """The symbols of one file, with line numbers."""
    return {
        "path": path,
        "language": outline.language,
        "symbols": [
            {
                "name": symbol.name,
                "qualifiedName": symbol.qualified_name,
                "kind": symbol.kind.label,
                "startLine": symbol.span.start_line + 1,
                "endLine": symbol.span.last_line + 1,
                "nameLine": symbol.name_span.start_line + 1,
                "signature": symbol.signature,
                "documentation": symbol.documentation,
            }
            for symbol in outline.symbols
        ],
    }


def status_json(
    engine_status: EngineStatus,
    *,
    more_problems: tuple[Problem, ...] = (),
) -> Json:
    """``Status`` of the protocol. :param more_problems: problems of the front end, appended to the engine's."""
    return {
        "number": engine_status.number,
        "state": engine_status.state.value,
        "complete": engine_status.complete,
        "refining": engine_status.refining,
        "roots": [_root_json(root) for root in engine_status.roots],
        "tiers": [
            {"model": tier.model, "role": tier.role, "embedded": tier.embedded, "pending": tier.pending}
            for tier in engine_status.tiers
        ],
        "generation": engine_status.generation,
        "lagMs": round(engine_status.lag_ms, 1),
        "rssBytes": engine_status.rss_bytes,
        "indexBytes": engine_status.index_bytes,
        "remote": [
            {
                "service": remote.service,
                "texts": remote.texts,
                "bytes": remote.bytes,
                "redactions": remote.redactions,
            }
            for remote in engine_status.remote
        ],
        "problems": [
            {"path": problem.path, "message": message_text(problem.message)}
            for problem in (*engine_status.problems, *more_problems)
        ],
        "counters": dict(engine_status.counters),
        **({"sessions": [_session_json(one) for one in engine_status.sessions]} if engine_status.sessions else {}),
    }


def _session_json(session: SessionStatus) -> Json:
    return {
        "client": session.client,
        "protocol": session.protocol,
        "roots": [path_to_uri(root) for root in session.roots],
        "openDocuments": session.open_documents,
    }


def _root_json(root: RootStatus) -> Json:
    return {
        "uri": path_to_uri(root.root),
        "files": root.files,
        "symbols": root.symbols,
        "pending": root.pending,
        "skipped": dict(root.skipped),
        "watching": root.watching,
    }


def position(line: int, column: int, line_text: str | None, encoding: PositionEncoding) -> Json:
    """A position from a column in bytes. Without the line's text, the line is assumed to be ASCII."""
    character = column if line_text is None else units_of_byte_column(line_text, column, encoding)
    return {"line": line, "character": character}


def range_of(span: Span, lines: Mapping[int, str], encoding: PositionEncoding) -> Json:
    return {
        "start": position(span.start_line, span.start_column, lines.get(span.start_line), encoding),
        "end": position(span.end_line, span.end_column, lines.get(span.end_line), encoding),
    }


def _whole_lines(first: int, last: int, lines: Mapping[int, str], encoding: PositionEncoding) -> Json:
    text = lines.get(last)
    end = (last + 1, 0) if text is None else (last, units_of(text, encoding))
    return {"start": {"line": first, "character": 0}, "end": {"line": end[0], "character": end[1]}}
