"""``semlens/status``, ``semlens/reindex``, ``semlens/pause`` and ``semlens/resume``."""

from __future__ import annotations

import asyncio
from typing import Any

from semlens.core.status import EngineStatus
from semlens.lsp.engine_api import EngineApi
from semlens.lsp.roots import local_path
from semlens.lsp.session import Session
from semlens.service.params import fields_of, refuse, reindex_params


def register(server: Session) -> None:
    for name, handler in (("status", _status), ("reindex", _reindex), ("pause", _pause), ("resume", _resume)):
        server.feature(f"semlens/{name}")(handler)
        server.command(f"semlens.server.{name}")(handler)


async def _current_status(ls: Session) -> EngineStatus:
    """The current status. A thread reads it, because it counts files and measures memory.

    The protocol converts it to JSON when it answers.
    """
    engine = await ls.ready_engine()
    return await ls.runner.run(lambda _token: engine.status())


async def _status(ls: Session, params: Any) -> EngineStatus:
    fields_of(params)
    return await _current_status(ls)


async def _reindex(ls: Session, params: Any) -> EngineStatus:
    reindex = reindex_params(params)
    engine = await ls.ready_engine()
    if reindex.uri is None:
        engine.rescan(full=reindex.full)
    else:
        await asyncio.to_thread(_reindex_one, ls, engine, reindex.uri, reindex.full)
    return await _current_status(ls)


def _reindex_one(ls: Session, engine: EngineApi, uri: str, full: bool) -> None:
    """Rescan the root of a folder, or read one file again."""
    path = local_path(uri)
    root = ls.roots.containing(path) if path is not None else None
    if path is None or root is None:
        refuse("`uri` is not inside a workspace folder. Send a file or folder of the workspace.")
    if path == root or path.is_dir():
        engine.rescan(root, full=full)
    else:
        engine.files_changed([path])


async def _pause(ls: Session, params: Any) -> EngineStatus:
    return await _set_paused(ls, params, paused=True)


async def _resume(ls: Session, params: Any) -> EngineStatus:
    return await _set_paused(ls, params, paused=False)


async def _set_paused(ls: Session, params: Any, *, paused: bool) -> EngineStatus:
    """The newest request holds, even if an older one had to wait longer for the engine to start."""
    fields_of(params)
    ls.is_paused = paused
    engine = await ls.ready_engine()
    if ls.is_paused:
        engine.pause()
    else:
        engine.resume()
    return await _current_status(ls)
