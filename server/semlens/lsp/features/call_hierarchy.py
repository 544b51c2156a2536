"""LSP's call hierarchy over the code graph, by setting: another language server often offers a better one."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from semlens.core.errors import NotReadyError, UsageError
from semlens.core.graph import EdgeKind, NeighboursRequest, NeighboursResult
from semlens.core.hit import SearchHit
from semlens.core.text.printable import printable
from semlens.lsp.session import Session
from semlens.service.codec import Json, LspPositions, range_of

LIMIT = 200
LEAST_CONFIDENCE = 0.5
"""Editors show no confidence, so doubtful calls are left out."""


def enable(server: Session) -> None:
    """Answer the requests of the call hierarchy from now on."""
    if types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY not in server.protocol.fm.features:
        server.feature(types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY)(_prepare)
        server.feature(types.CALL_HIERARCHY_INCOMING_CALLS)(_incoming)
        server.feature(types.CALL_HIERARCHY_OUTGOING_CALLS)(_outgoing)


async def _prepare(ls: Session, params: types.CallHierarchyPrepareParams) -> list[Json] | None:
    engine = await ls.ready_engine()
    request = NeighboursRequest(params.text_document.uri, params.position.line, limit=1)
    try:
        result = await ls.runner.run(lambda cancel: engine.callees(request, cancel))
    except (UsageError, NotReadyError):
        return None  # nothing is there
    return [_item(result.symbol, ls)]


async def _incoming(ls: Session, params: types.CallHierarchyIncomingCallsParams) -> list[Json]:
    engine = await ls.ready_engine()
    request = _request(params.item)
    result = await ls.runner.run(lambda cancel: engine.callers(request, cancel))
    return [{"from": item, "fromRanges": ranges} for item, ranges in _calls(result, ls)]


async def _outgoing(ls: Session, params: types.CallHierarchyOutgoingCallsParams) -> list[Json]:
    engine = await ls.ready_engine()
    request = _request(params.item)
    result = await ls.runner.run(lambda cancel: engine.callees(request, cancel))
    return [{"to": item, "fromRanges": ranges} for item, ranges in _calls(result, ls)]


def _request(item: types.CallHierarchyItem) -> NeighboursRequest:
    return NeighboursRequest(item.uri, item.selection_range.start.line, item.name, limit=LIMIT)


def _calls(result: NeighboursResult, ls: Session) -> list[tuple[Json, list[Json]]]:
    places = LspPositions(ls.documents.encoding)
    return [
        (_item(edge.hit, ls), [places.of_span(span, edge.line_texts) for span in edge.spans])
        for edge in result.edges
        if edge.kind is EdgeKind.CALL and edge.confidence >= LEAST_CONFIDENCE
    ]


def _item(hit: SearchHit, ls: Session) -> dict[str, Any]:
    encoding = ls.documents.encoding
    return {
        "name": printable(hit.name),
        "kind": int(hit.kind),
        "detail": printable(hit.container_name or hit.path),
        "uri": hit.uri,
        "range": range_of(hit.span, hit.line_texts, encoding),
        "selectionRange": range_of(hit.name_span, hit.line_texts, encoding),
    }
