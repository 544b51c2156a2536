"""The `mcp` protocol of the resident server: one session of the engine, the roots of an agent, and its tools."""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from semlens.core.errors import SemlensError
from semlens.core.status import WatchMode
from semlens.daemon.client_connection import ClientConnection
from semlens.engine.engine_session import EngineSession
from semlens.engine.sessions.borrowed_buffers import BorrowedBuffers
from semlens.mcp.root_policy import RootPolicy
from semlens.mcp.tools import AgentTools
from semlens.settings.loading import Settings

logger = logging.getLogger(__name__)

_SESSION_MODULE = "semlens.mcp.transport.session"
"""It imports the SDK, so it is loaded at the first session only."""


def serve(client: ClientConnection, session: EngineSession, settings: Settings, borrowed: BorrowedBuffers) -> None:
    """Serve one agent until it leaves.

    :param borrowed: what the user lets the agent see of an editor.
    """

    def add_root(folder: Path) -> None:
        session.add_root(folder, explicit=False, watching=WatchMode.NATIVE)

    hello = client.hello
    policy = RootPolicy(
        add_root,
        named=_strings(hello, "roots"),
        working_folder=str(hello.get("cwd") or ""),
        configured=settings.agents.roots,
    )
    tools = AgentTools(session, policy, borrowed)
    threading.Thread(target=_warm_up, args=(tools,), name="semlens-mcp-warm-up", daemon=True).start()
    run: Callable[[AgentTools, Any], None] = importlib.import_module(_SESSION_MODULE).run
    run(tools, client.reader)


def _warm_up(tools: AgentTools) -> None:
    try:
        tools.warm_up()
    except SemlensError as error:
        logger.info("The models are not loaded before the first question: %s", error)


def _strings(hello: Mapping[str, Any], name: str) -> list[str]:
    values = hello.get(name)
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
