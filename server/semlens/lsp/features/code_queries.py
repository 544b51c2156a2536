"""The requests that start from a symbol, a place or a change, as requests and as commands."""

from __future__ import annotations

from typing import Any

from semlens.lsp.session import Session
from semlens.service.code_query_params import (
    context_request,
    duplicates_params,
    impact_request,
    neighbours_request,
    similar_params,
    unused_params,
)
from semlens.service.codec import (
    LspPositions,
    context_json,
    duplicates_json,
    impact_json,
    neighbours_json,
    search_json,
    unused_json,
)


def register(server: Session) -> None:
    for name, handler in (
        ("similar", _similar),
        ("duplicates", _duplicates),
        ("context", _context),
        ("callers", _callers),
        ("callees", _callees),
        ("impact", _impact),
        ("unused", _unused),
    ):
        server.feature(f"semlens/{name}")(handler)
        server.command(f"semlens.server.{name}")(handler)


async def _similar(ls: Session, params: Any) -> dict[str, Any]:
    engine = await ls.ready_engine()
    similar = similar_params(params)
    result = await ls.runner.run(lambda cancel: engine.similar(similar.uri, similar.line, similar.limit, cancel))
    return search_json(result, LspPositions(ls.documents.encoding))


async def _duplicates(ls: Session, params: Any) -> dict[str, Any]:
    engine = await ls.ready_engine()
    uri, limit = duplicates_params(params)
    result = await ls.runner.run(lambda cancel: engine.duplicates(uri, limit, cancel))
    return duplicates_json(result, LspPositions(ls.documents.encoding))


async def _context(ls: Session, params: Any) -> dict[str, Any]:
    engine = await ls.ready_engine()
    request = context_request(params)
    pack = await ls.runner.run(lambda cancel: engine.context(request, cancel))
    return context_json(pack, LspPositions(ls.documents.encoding))


async def _callers(ls: Session, params: Any) -> dict[str, Any]:
    engine = await ls.ready_engine()
    request = neighbours_request(params)
    result = await ls.runner.run(lambda cancel: engine.callers(request, cancel))
    return neighbours_json(result, LspPositions(ls.documents.encoding))


async def _callees(ls: Session, params: Any) -> dict[str, Any]:
    engine = await ls.ready_engine()
    request = neighbours_request(params)
    result = await ls.runner.run(lambda cancel: engine.callees(request, cancel))
    return neighbours_json(result, LspPositions(ls.documents.encoding))


async def _impact(ls: Session, params: Any) -> dict[str, Any]:
    engine = await ls.ready_engine()
    request = impact_request(params)
    result = await ls.runner.run(lambda cancel: engine.impact(request, cancel))
    return impact_json(result, LspPositions(ls.documents.encoding))


async def _unused(ls: Session, params: Any) -> dict[str, Any]:
    engine = await ls.ready_engine()
    limit, folders = unused_params(params)
    result = await ls.runner.run(lambda cancel: engine.unused(limit, folders, cancel))
    return unused_json(result, LspPositions(ls.documents.encoding))
