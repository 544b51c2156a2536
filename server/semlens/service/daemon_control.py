"""Asks the process of the resident server for its status, or to stop."""

from __future__ import annotations

import json
from typing import Any

from semlens.core.errors import SemlensError
from semlens.service.connection import Connection, NoServerError, connect
from semlens.service.endpoint import Endpoint
from semlens.service.frames import FrameError, FrameReader, write_frame
from semlens.service.hello import hello_line

ANSWER_SECONDS = 10.0
STOP_SECONDS = 20.0


class ControlError(SemlensError):
    """The resident server does not answer or does not end. The message says how to end it."""


def server_status(endpoint: Endpoint) -> dict[str, Any]:
    """What the server says of itself; ``{"running": False}`` when there is none.

    :raises ControlError: when it does not answer.
    """
    try:
        with connect(endpoint) as connection:
            return _ask(connection, "status")
    except NoServerError:
        return {"running": False}


def stop_server(endpoint: Endpoint) -> bool:
    """Stop the server and wait until its process ended. Returns False when there is none.

    :raises ControlError: when it does not answer or does not end.
    """
    from semlens.index.storage.writer_lock import WriterLock

    try:
        with connect(endpoint) as connection:
            process_id = connection.peer_process_id
            _ask(connection, "stop")
    except NoServerError:
        return False
    lock = WriterLock(endpoint.lock_path)  # the server holds it until its process ends
    if not lock.acquire(timeout_s=STOP_SECONDS):
        raise ControlError(f"The resident server did not end in {STOP_SECONDS:g} seconds. {_how_to_kill(process_id)}")
    lock.release()
    return True


def _ask(connection: Connection, method: str) -> dict[str, Any]:
    request = {"jsonrpc": "2.0", "id": 1, "method": method}
    try:
        connection.write(hello_line("control"))
        write_frame(connection, json.dumps(request).encode())
        has_answer = connection.wait_readable(ANSWER_SECONDS)
        body = FrameReader(connection).read() if has_answer else b""
    except (OSError, FrameError):
        body = None
    if body is None:
        raise NoServerError("The resident server ended before it answered. Try again.")
    if not body:
        raise ControlError(f"The resident server does not answer. {_how_to_kill(connection.peer_process_id)}")
    answer: dict[str, Any] = json.loads(body)
    if "error" in answer:
        raise ControlError(str(answer["error"].get("message")))
    result: dict[str, Any] = answer["result"]
    return result


def _how_to_kill(process_id: int | None) -> str:
    return f"End it with: kill -9 {process_id}" if process_id else "End its process."
