"""One connection of the `api` protocol: reads requests, answers them on threads of its own, and cancels them.

A client that does not read its answers blocks only its own threads; then no more of its requests are read.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from semlens.core.cancel import CancelToken
from semlens.core.errors import Cancelled, SemlensError, UsageError
from semlens.core.text.printable import message_text
from semlens.service.api import Api, Notify
from semlens.service.codec import Json
from semlens.service.connection import Connection
from semlens.service.frames import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    REQUEST_CANCELLED,
    REQUEST_FAILED,
    FrameError,
    FrameReader,
    write_frame,
)

logger = logging.getLogger(__name__)


N_THREADS = 4
MAX_WAITING = 32
"""Requests of one client that are read before the first of them is answered."""

ApiFactory = Callable[[Notify], Api]


class ApiConnection:
    """Serves one client until it leaves."""

    def __init__(self, connection: Connection, api_factory: ApiFactory) -> None:
        self._connection = connection
        self._frames = FrameReader(connection)
        self._api = api_factory(self._notify)
        self._write_lock = threading.Lock()
        self._running: dict[Any, CancelToken] = {}
        self._slots = threading.BoundedSemaphore(MAX_WAITING)
        self._pool = ThreadPoolExecutor(N_THREADS, thread_name_prefix="semlens-api")

    def serve(self) -> None:
        """Answer requests until the connection ends. Requests under way are then cancelled."""
        try:
            while (body := self._frames.read()) is not None:
                self._receive(body)
        except (OSError, FrameError) as error:
            logger.info("A connection ends: %s", error)
        finally:
            for token in list(self._running.values()):
                token.cancel()
            self._connection.close()  # frees a thread that writes to a client that does not read
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _receive(self, body: bytes) -> None:
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse(None, PARSE_ERROR, "The message is not valid JSON.")
            return
        if not isinstance(message, dict) or not isinstance(message.get("method"), str):
            named = message.get("id") if isinstance(message, dict) else None
            readable = named if isinstance(named, int | str) else None
            self._refuse(readable, INVALID_REQUEST, "The message must be a JSON-RPC request with a method.")
            return
        method, params, request_id = message["method"], message.get("params"), message.get("id")
        if method == "$/cancelRequest":
            cancelled = params.get("id") if isinstance(params, dict) else None
            token = self._running.get(cancelled) if isinstance(cancelled, int | str) else None
            if token is not None:
                token.cancel()
        elif not isinstance(request_id, int | str):
            logger.info("A notification is ignored: the `api` protocol has only $/cancelRequest.")
        elif request_id in self._running:
            self._refuse(request_id, INVALID_REQUEST, "Another request with this id is not answered yet.")
        else:
            self._slots.acquire()
            token = self._running[request_id] = CancelToken()
            self._pool.submit(self._answer, request_id, method, params, token)

    def _answer(self, request_id: int | str, method: str, params: Any, token: CancelToken) -> None:
        try:
            try:
                token.check()
                answer = _body({"id": request_id, "result": self._result(method, params, token)})
            except Exception as error:
                code, text = _code_and_text(error)
                if code == INTERNAL_ERROR:
                    logger.exception("A request failed.")
                answer = _body(_error(request_id, code, text))
            self._running.pop(request_id, None)  # before the client can use the id again
            self._send(answer)
        finally:
            self._slots.release()

    def _result(self, method: str, params: Any, token: CancelToken) -> Json:
        if not self._api.knows(method):
            raise _UnknownMethodError(f"There is no method {method[:100]}. docs/protocol.md lists the methods.")
        return self._api.call(method, params, token)

    def _notify(self, method: str, params: Json) -> None:
        self._send(_body({"method": method, "params": params}))

    def _refuse(self, request_id: int | str | None, code: int, text: str) -> None:
        self._send(_body(_error(request_id, code, text)))

    def _send(self, body: bytes) -> None:
        try:
            with self._write_lock:
                write_frame(self._connection, body)
        except (OSError, ValueError):
            self._connection.close()  # the client left; the reader then ends


class _UnknownMethodError(SemlensError):
    """The client asked for a method that does not exist."""


def _body(message: Json) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **message}).encode()


def _error(request_id: int | str | None, code: int, text: str) -> Json:
    return {"id": request_id, "error": {"code": code, "message": message_text(text)}}


def _code_and_text(error: Exception) -> tuple[int, str]:
    if isinstance(error, Cancelled):
        return REQUEST_CANCELLED, "The request was cancelled."
    if isinstance(error, _UnknownMethodError):
        return METHOD_NOT_FOUND, str(error)
    if isinstance(error, UsageError):
        return INVALID_PARAMS, str(error)
    if isinstance(error, SemlensError):
        return REQUEST_FAILED, str(error)
    return INTERNAL_ERROR, f"The request failed inside semlens ({type(error).__name__}). See the server's log."
