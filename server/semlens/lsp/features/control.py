"""``semlens/status``, ``semlens/reindex``, ``semlens/pause`` and ``semlens/resume``."""

from __future__ import annotations

import asyncio
from typing import Any

from semlens.core.status import EngineStatus
from semlens.lsp.conversion.params import fields_of, refuse, reindex_params
from semlens.lsp.engine_api import EngineApi
from semlens.lsp.roots import local_path
from semlens.lsp.session import Session


def register(server: Session) -> None:
    for name, handler in (("status", _status), ("reindex", _reindex), ("pause", _pause), ("resume", _resume)):
        server.feature(f"semlens/{name}")(handler)
        server.command(f"semlens.server.{name}")(handler)


async def _current(ls: Session) -> EngineStatus:
    """The status now, which the protocol turns into JSON; off the loop, since it counts files and measures memory."""
    engine = await ls.ready_engine()
    return await ls.runner.run(lambda _token: engine.status())


async def _status(ls: Session, params: Any) -> EngineStatus:
    fields_of(params)
    await ls.ready_engine()
    return await _current(ls)


async def _reindex(ls: Session, params: Any) -> EngineStatus:
    asked = reindex_params(params)
    engine = await ls.ready_engine()
    if asked.uri is None:
        engine.rescan(full=asked.full)
    else:
        await asyncio.to_thread(_reindex_one, ls, engine, asked.uri, asked.full)
    return await _current(ls)


def _reindex_one(ls: Session, engine: EngineApi, uri: str, full: bool) -> None:
    """A root is scanned, a folder's root is scanned, a file is read again."""
    path = local_path(uri)
    root = ls.roots.containing(path) if path is not None else None
    if path is None or root is None:
        refuse("`uri` is not inside any workspace folder.")
    if path == root or path.is_dir():
        engine.rescan(root, full=full)
    else:
        engine.files_changed([path])


async def _pause(ls: Session, params: Any) -> EngineStatus:
    fields_of(params)
    engine = await ls.ready_engine()
    engine.pause()
    return await _current(ls)


async def _resume(ls: Session, params: Any) -> EngineStatus:
    fields_of(params)
    engine = await ls.ready_engine()
    engine.resume()
    return await _current(ls)
