"""The requests that start from a symbol, a place or a change, as requests and as commands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from semlens.lsp.session import Session
from semlens.service.code_query_methods import CODE_QUERY_METHODS, CodeQueryMethod
from semlens.service.codec import Json, LspPositions


def register(server: Session) -> None:
    for name, method in CODE_QUERY_METHODS.items():
        handler = _handler(method)
        server.feature(f"semlens/{name}")(handler)
        server.command(f"semlens.server.{name}")(handler)


def _handler(method: CodeQueryMethod) -> Callable[[Session, Any], Awaitable[Json]]:
    async def handle(ls: Session, params: Any) -> Json:
        engine = await ls.ready_engine()
        places = LspPositions(ls.documents.encoding)
        return await ls.runner.run(lambda cancel: method(engine, places, params, cancel))

    return handle
