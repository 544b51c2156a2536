"""``semlens/search``, as a request and as a command."""

from __future__ import annotations

import asyncio
from typing import Any

from lsprotocol import types

from semlens.core.cancel import CancelToken
from semlens.core.hit import SearchResult, SearchStage
from semlens.lsp.session import Session
from semlens.service.codec import LspPositions, partial_json, search_json
from semlens.service.params import SearchDefaults, search_params

SEARCH = "semlens/search"


def register(server: Session) -> None:
    server.feature(SEARCH)(_search)
    server.command("semlens.server.search")(_search)


async def _search(ls: Session, params: Any) -> dict[str, Any]:
    engine = await ls.ready_engine()
    search = search_params(params, _defaults(ls))  # after `ready_engine`, when the client's settings are loaded
    places = LspPositions(ls.documents.encoding)
    token = search.refine_token
    loop = asyncio.get_running_loop()

    def work(cancel: CancelToken) -> SearchResult:
        def on_partial(result: SearchResult, stage: SearchStage) -> None:
            if not cancel.cancelled and token is not None:
                loop.call_soon_threadsafe(_send_partial, ls, token, partial_json(result, stage, places))

        return engine.search(search.request, cancel, None if token is None else on_partial, explain=search.explain)

    result = await ls.runner.run(work, replaces=token)
    return search_json(result, places)


def _send_partial(ls: Session, token: str | int, value: dict[str, Any]) -> None:
    ls.progress(types.ProgressParams(token=token, value=value))


def _defaults(ls: Session) -> SearchDefaults:
    settings = ls.settings.search
    return SearchDefaults(settings.limit, settings.per_file, settings.time_budget_ms)
