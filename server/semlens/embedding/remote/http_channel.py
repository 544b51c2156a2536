"""Posts JSON to one service, with one HTTP client on its own thread. No other module of this folder opens a connection.

The thread runs an event loop. Every exchange ends at a deadline or when the channel closes, even if the service sends
nothing, a byte a second, or an endless answer. Retries and the meaning of answers are left to ``embedder``.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import logging
import ssl
import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

import httpx2

from semlens import __version__
from semlens.embedding.remote.errors import (
    ServiceError,
    bad_certificate,
    invalid_answer,
    proxy_failed,
    status_error,
    timed_out,
    unreachable,
)
from semlens.embedding.remote.service import MAX_CONCURRENT_QUERIES, Service

REQUEST_SECONDS = 60.0
"""Deadline of a whole request. A model on a slow processor may need most of it; the next batches are smaller then."""

CONNECT_SECONDS = 5.0
CLOSE_SECONDS = 1.0
MAX_ANSWER_BYTES = 64 << 20
"""Limit for endless answers. 32 vectors of 16,000 numbers as JSON take 10 MB."""

Result = TypeVar("Result")

_NOT_CONNECTED = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)

for _name in ("httpx2", "httpcore2"):  # their debug logs contain headers with the key
    logging.getLogger(_name).setLevel(logging.WARNING)


class HttpChannel:
    """The connections to one service. Any thread may call `submit`; coroutines on the channel's loop call `post`."""

    def __init__(self, service: Service, key: str) -> None:
        """:param key: sent as a bearer token, unless it is "".

        :raises ServiceError: when the settings of the service are invalid.
        """
        self._service = service
        self._headers = {"User-Agent": f"semlens/{__version__}"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._client = _client(service)
        self._lock = threading.Lock()
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(_DaemonThreadExecutor())
        # a daemon thread, so that the process can exit while a service hangs
        self._thread = threading.Thread(target=self._run, name="semlens-remote", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    def submit(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> concurrent.futures.Future[Result]:
        """Run a coroutine on the channel's loop. Closing the channel cancels the future.

        :raises ServiceError: when the channel is closed.
        """
        with self._lock:  # a coroutine on a stopped loop would never finish
            if self._closed:
                raise unreachable(self._service, "semlens is shutting down")
            return asyncio.run_coroutine_threadsafe(work(), self._loop)

    def close(self) -> None:
        """Cancel all requests and wait briefly for the thread to end."""
        with self._lock:
            if not self._closed:
                self._closed = True
                asyncio.run_coroutine_threadsafe(self._shut_down(), self._loop)
        self._thread.join(CLOSE_SECONDS)

    async def _shut_down(self) -> None:
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:  # a cancelled task may have started another
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.aclose()
        self._loop.stop()

    async def post(self, body: Mapping[str, object], on_sent: Callable[[], None]) -> Any:
        """Post a request and return the JSON of the answer.

        :param on_sent: called when the service has, or may have, received the request.
        :raises ServiceError: when there is no successful answer with JSON before the deadline.
        """
        content = json.dumps(body, ensure_ascii=False).encode("utf-8")
        sent = True
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                status, headers, answer = await self._exchange(content)
        except _NOT_CONNECTED as error:
            sent = False
            raise _transport_error(self._service, error) from error
        except (httpx2.InvalidURL, UnicodeError) as error:
            sent = False
            raise unreachable(self._service, "its address is invalid") from error
        except TimeoutError as error:
            raise timed_out(self._service, REQUEST_SECONDS) from error
        except httpx2.HTTPError as error:
            raise _transport_error(self._service, error) from error
        finally:
            if sent:
                on_sent()
        if not 200 <= status < 300:
            raise status_error(self._service, status, headers)
        try:
            return json.loads(answer)
        except (ValueError, RecursionError) as error:
            raise invalid_answer(self._service, "data that is not JSON") from error

    async def _exchange(self, content: bytes) -> tuple[int, Mapping[str, str], bytes]:
        headers = {**self._headers, "Content-Type": "application/json"}
        answer = bytearray()
        async with self._client.stream("POST", self._service.endpoint, content=content, headers=headers) as response:
            if response.status_code >= 300:
                return response.status_code, response.headers, b""
            async for chunk in response.aiter_bytes():
                answer += chunk
                if len(answer) > MAX_ANSWER_BYTES:
                    raise invalid_answer(self._service, f"more than {MAX_ANSWER_BYTES >> 20} MiB")
        return response.status_code, response.headers, bytes(answer)


def _client(service: Service) -> httpx2.AsyncClient:
    try:
        # the system's authorities, or those of SSL_CERT_FILE and SSL_CERT_DIR; the user's own come on top
        context = httpx2.create_ssl_context()
        if service.ca_file:
            context.load_verify_locations(service.ca_file)
    except (OSError, ssl.SSLError) as error:
        place = service.ca_file or "SSL_CERT_FILE"
        raise bad_certificate(service, f"{place} cannot be read as certificates") from error
    try:
        return httpx2.AsyncClient(
            verify=context,
            proxy=service.proxy or None,
            # requests to this machine must not go through a proxy from the environment
            trust_env=not service.is_local,
            timeout=httpx2.Timeout(REQUEST_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx2.Limits(max_connections=service.concurrency + MAX_CONCURRENT_QUERIES, keepalive_expiry=60.0),
            follow_redirects=False,
        )
    except (ValueError, ImportError, httpx2.InvalidURL) as error:  # an invalid or unsupported proxy
        raise proxy_failed(service, "its address is invalid or of an unsupported kind") from error


def _transport_error(service: Service, error: httpx2.HTTPError) -> ServiceError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return bad_certificate(service, cause.verify_message or "it cannot be verified")
        if isinstance(cause, ssl.SSLError):
            return bad_certificate(service, "the TLS handshake failed")
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx2.ProxyError):
        return proxy_failed(service, "it refused the connection")
    if isinstance(error, httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return unreachable(service, f"no connection within {CONNECT_SECONDS:g} s")
    if isinstance(error, httpx2.TimeoutException):
        return timed_out(service, REQUEST_SECONDS)
    if isinstance(error, httpx2.ConnectError):
        return unreachable(service, _os_error_text(error))
    if isinstance(error, httpx2.DecodingError | httpx2.UnsupportedProtocol | httpx2.RemoteProtocolError):
        if isinstance(error, httpx2.RemoteProtocolError) and "disconnected" in str(error):
            return unreachable(service, "it closed the connection")
        return invalid_answer(service, "data that is not HTTP")
    return unreachable(service, "the connection broke")


def _os_error_text(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror[0].lower() + cause.strerror[1:]
        cause = cause.__cause__ or cause.__context__
    return "all connection attempts failed"


class _DaemonThreadExecutor(concurrent.futures.ThreadPoolExecutor):
    """Resolves host names on daemon threads. The process would wait for the threads of a normal pool."""

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> concurrent.futures.Future[Any]:
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()

        def run() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work(*arguments, **named))
                except Exception as error:  # noqa: BLE001 - the future raises it
                    future.set_exception(error)

        threading.Thread(target=run, name="semlens-remote-name", daemon=True).start()
        return future
