"""The editor's own symbol search: ``workspace/symbol`` and ``workspaceSymbol/resolve``."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from semlens.lsp.conversion.symbols import workspace_symbol
from semlens.lsp.session import Session

LIMIT = 100
"""The most symbols of one answer."""

PART_SIZE = 25
"""Symbols of one partial result."""


def register(server: Session) -> None:
    server.feature(types.WORKSPACE_SYMBOL, types.WorkspaceSymbolOptions(resolve_provider=True))(_workspace_symbol)
    server.feature(types.WORKSPACE_SYMBOL_RESOLVE)(_resolve)


async def _workspace_symbol(ls: Session, params: types.WorkspaceSymbolParams) -> list[dict[str, Any]]:
    engine = await ls.ready_engine()
    if not ls.settings.symbols.workspace_symbol:
        return []
    result = await ls.runner.run(lambda token: engine.symbols(params.query, LIMIT, token))
    symbols = [workspace_symbol(hit, ls.documents.encoding) for hit in result.hits]
    token = params.partial_result_token
    if token is None:
        return symbols
    for start in range(0, len(symbols), PART_SIZE):
        ls.progress(types.ProgressParams(token=token, value=symbols[start : start + PART_SIZE]))
    return []  # LSP: partial results are not repeated in the answer


async def _resolve(ls: Session, params: types.WorkspaceSymbol) -> types.WorkspaceSymbol:
    """Restore the range from ``data`` for clients that dropped it. `workspace_symbol` always sends it."""
    range_json = params.data.get("range") if isinstance(params.data, dict) else None
    if range_json is not None and not isinstance(params.location, types.Location):
        resolved = ls.protocol._converter.structure(range_json, types.Range)  # noqa: SLF001 - pygls has no public access to it
        params.location = types.Location(uri=params.location.uri, range=resolved)
    return params
