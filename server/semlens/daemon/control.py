"""The protocol ``control`` of the resident server: JSON-RPC requests `status` and `stop` about the process itself."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable
from typing import Any

import psutil

from semlens.daemon.client_connection import ClientConnection
from semlens.service.frames import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    FrameReader,
    write_frame,
)

logger = logging.getLogger(__name__)


def serve(client: ClientConnection, status: Callable[[], dict[str, Any]], stop: Callable[[str], None]) -> None:
    """Answer requests until the client leaves.

    :raises FrameError: when the client sends something else.
    :raises OSError: when the connection breaks.
    """
    frames = FrameReader(client.reader)
    while (body := frames.read()) is not None:
        answer, is_stop = _answer(body, status)
        write_frame(client.writer, json.dumps({"jsonrpc": "2.0", **answer}).encode())
        if is_stop:
            stop("a client told it to stop")


def _answer(body: bytes, status: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], bool]:
    """The answer to one request, and whether it asks to stop."""
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        return {"id": None, "error": {"code": PARSE_ERROR, "message": "The request is not valid JSON."}}, False
    if not isinstance(request, dict):
        return {"id": None, "error": {"code": INVALID_REQUEST, "message": "A request must be an object."}}, False
    request_id, method = request.get("id"), request.get("method")
    if method not in ("status", "stop"):
        error = {"code": METHOD_NOT_FOUND, "message": "The methods of control are 'status' and 'stop'."}
        return {"id": request_id, "error": error}, False
    try:
        return {"id": request_id, "result": status()}, method == "stop"
    except Exception:
        logger.exception("The status failed.")
        error = {"code": INTERNAL_ERROR, "message": "The server cannot tell its status. Its log says why."}
        return {"id": request_id, "error": error}, method == "stop"


def memory_use() -> dict[str, int]:
    """Resident bytes of the server and its workers. `pssBytes` counts shared pages once; 0 where it is not known."""
    use = {"rssBytes": 0, "pssBytes": 0}
    this = psutil.Process()
    for process in (this, *this.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            memory = process.memory_full_info()
            use["rssBytes"] += memory.rss
            use["pssBytes"] += getattr(memory, "pss", 0)
    return use
