"""The addresses that are served, as a Starlette application. `methods` answers requests, `guard` stands before it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semlens.core.cancel import CancelToken
from semlens.core.errors import Cancelled, SemlensError
from semlens.http.access import LINK_SECONDS
from semlens.http.answers import ErrorCode, answer_of_error, error_answer, json_answer
from semlens.http.description.openapi import openapi_document
from semlens.http.events import MAX_STREAMS, EventHub
from semlens.http.map_methods import MapMethods
from semlens.http.methods import PageMethods
from semlens.http.page_files import PageFiles
from semlens.service.codec import Json

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 4 << 20
BODY_SECONDS = 30.0
ANSWER_SECONDS = 120.0
N_THREADS = 8
MAX_WAITING = 64

_CLIENT_LEFT = 499
"""Nobody reads this answer."""


@dataclass(frozen=True, slots=True)
class PageParts:
    """What the application consists of. :ivar new_link: makes a link that signs in once."""

    methods: PageMethods
    map_methods: MapMethods
    hub: EventHub
    files: PageFiles
    mcp: ASGIApp
    new_link: Callable[[], str]


class Methods(Protocol):
    """What may be asked, by name. See `PageMethods`."""

    @property
    def by_name(self) -> Mapping[str, object]: ...

    def call(self, name: str, params: object, cancel: CancelToken) -> Json: ...


class ApiRoutes:
    """What programs and agents may ask: methods, their description, and MCP. Belongs to one event loop."""

    def __init__(self, methods: Methods, mcp: ASGIApp) -> None:
        self._methods = methods
        self._pool = ThreadPoolExecutor(N_THREADS, thread_name_prefix="semlens-http")
        self._n_running = 0
        self.app = Starlette(
            routes=[
                *self._page_requests(),
                Route("/api/openapi.json", self._openapi, methods=["GET"]),
                Route("/api/{method:path}", self._method, methods=["GET", "POST"]),  # else GET would give the page
                Route("/mcp", _WholeBody(mcp)),
                *self._page_files(),
            ],
            exception_handlers={HTTPException: _http_error},
        )

    def _page_requests(self) -> list[Route]:
        return []

    def _page_files(self) -> list[Route]:
        return []

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _method(self, request: Request) -> Response:
        if request.method != "POST":
            raise HTTPException(405, headers={"allow": "POST"})
        name = request.path_params["method"]
        if name not in self._methods.by_name:
            return error_answer(404, ErrorCode.UNKNOWN_METHOD, f"There is no method {name[:100]}.")
        body = await _read_body(request)
        if isinstance(body, Response):
            return body
        if self._n_running >= MAX_WAITING:
            return error_answer(429, ErrorCode.BUSY, f"{MAX_WAITING} requests wait already. Wait for their answers.")
        self._n_running += 1
        return await self._answer(request, name, body)

    async def _answer(self, request: Request, name: str, body: bytes) -> Response:
        """Answer on a thread, until the client leaves or the time is over."""
        token = CancelToken()
        answered = asyncio.get_running_loop().run_in_executor(self._pool, self._call, name, body, token)
        answered.add_done_callback(self._forget)
        left = asyncio.create_task(_wait_until_client_leaves(request))
        both: set[asyncio.Future[Any]] = {answered, left}
        try:
            await asyncio.wait(both, timeout=ANSWER_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            token.cancel()
            left.cancel()
        if answered.done() and not answered.cancelled():
            return answered.result()
        if left.done():
            return Response(status_code=_CLIENT_LEFT)
        message = (
            f"The answer took longer than {ANSWER_SECONDS:g} seconds. Ask for less, or when the index is complete."
        )
        return error_answer(504, ErrorCode.TIMEOUT, message)

    def _forget(self, _answered: asyncio.Future[Response]) -> None:
        self._n_running -= 1

    def _call(self, name: str, body: bytes, token: CancelToken) -> Response:
        """On a thread of the pool."""
        try:
            params = json.loads(body) if body.strip() else None
        except (ValueError, RecursionError):
            return error_answer(400, ErrorCode.BAD_REQUEST, "The body is not valid JSON.")
        try:
            return json_answer(self._methods.call(name, params, token))
        except Cancelled:
            return Response(status_code=_CLIENT_LEFT)
        except Exception as error:
            answer = answer_of_error(error)
            if answer.status_code == 500:
                logger.exception("A request of the page failed.")
            return answer

    async def _openapi(self, _request: Request) -> Response:
        return json_answer(openapi_document(list(self._methods.by_name)))


class _WholeBody:
    """Gives an application requests whose body has arrived, so that the time and the size of bodies have bounds."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        body = await _bounded_body(Request(scope, receive))
        if isinstance(body, Response):
            await body(scope, receive, send)
            return
        whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive_whole() -> Message:
            return whole.pop() if whole else await receive()

        await self._app(scope, receive_whole, send)


class PageRoutes(ApiRoutes):
    """And what the page needs."""

    def __init__(self, parts: PageParts) -> None:
        self._parts = parts
        super().__init__(parts.methods, parts.mcp)

    def _page_requests(self) -> list[Route]:
        return [
            Route("/api/events", self._events, methods=["GET"]),
            Route("/api/map/points", self._map_points, methods=["GET"]),
            Route("/api/link", self._link, methods=["POST"]),
        ]

    def _page_files(self) -> list[Route]:
        return [Route("/{path:path}", self._parts.files.answer, methods=["GET"])]

    async def _events(self, _request: Request) -> Response:
        if self._parts.hub.n_streams >= MAX_STREAMS:
            return error_answer(429, ErrorCode.BUSY, f"{MAX_STREAMS} pages listen to events already. Close some.")
        return StreamingResponse(self._parts.hub.stream(), media_type="text/event-stream")

    async def _map_points(self, request: Request) -> Response:
        version = request.query_params.get("version", "")

        def columns() -> Response:
            try:
                content = self._parts.map_methods.columns(version)
            except SemlensError as error:
                return answer_of_error(error)
            return Response(content, media_type="application/octet-stream")

        return await asyncio.get_running_loop().run_in_executor(self._pool, columns)

    async def _link(self, request: Request) -> Response:
        body = await _read_body(request)
        if isinstance(body, Response):
            return body
        return json_answer({"url": self._parts.new_link(), "expiresSeconds": LINK_SECONDS})


async def _read_body(request: Request) -> bytes | Response:
    """The body, or why it is not taken."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return error_answer(415, ErrorCode.BAD_REQUEST, "Send JSON with Content-Type: application/json.")
    return await _bounded_body(request)


async def _bounded_body(request: Request) -> bytes | Response:
    """The body, or why it is not taken: it is too large, or comes too slowly."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    return error_answer(413, ErrorCode.BAD_REQUEST, f"Send at most {MAX_BODY_BYTES} bytes.")
    except TimeoutError:
        return error_answer(408, ErrorCode.TIMEOUT, f"The body was not complete within {BODY_SECONDS:g} seconds.")
    except ClientDisconnect:
        return Response(status_code=_CLIENT_LEFT)
    return bytes(body)


async def _wait_until_client_leaves(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _http_error(request: Request, error: Exception) -> Response:
    """Wrong methods and paths."""
    assert isinstance(error, HTTPException)
    is_method = error.status_code == 405
    code = ErrorCode.BAD_REQUEST if is_method else ErrorCode.NOT_FOUND
    message = f"{request.method} is not answered here." if is_method else "There is nothing at this address."
    return error_answer(error.status_code, code, message, dict(error.headers or {}))
