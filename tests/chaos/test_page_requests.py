"""Requests to the API of the page: made from its OpenAPI document by Schemathesis, and heads of arbitrary bytes."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from chaos_batches import Batch
from hypothesis import HealthCheck, Phase, given, seed, settings
from page_server import RETRY, RunningPage
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
RAW_SHARE = 10
"""One in so many requests has a head of arbitrary bytes."""

METHODS = [b"GET", b"POST", b"PUT", b"OPTIONS", b"HEAD", b"TRACE", b"CONNECT", b"G\x00T", b""]
PATHS = [
    b"/",
    b"/api/search",
    b"/api/%00",
    b"/api//../x",
    b"//evil/?token=%ff",
    b"/%ff%fe",
    b"/?token=\xff",
    b"*",
    b"/mcp",
]
HEADERS = [
    b"Content-Length: -1",
    b"Content-Length: 99999999999999999999",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nContent-Length: 3",
    b"Cookie: \xff=\xff; semlens_session_1=.",
    b"Authorization: Bearer \xff",
    b"Origin: \x7f",
    b"Host: [::",
    b"Sec-Fetch-Site: \xe9",
    b"X: " + b"y" * 20_000,
    b"If-None-Match: \xff",
    b"Accept-Encoding: gzip;q=\xff",
]


@pytest.fixture
def running(tmp_path: Path) -> Any:
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "retry.py").write_text(RETRY)
    one = RunningPage(folder, tmp_path / "cache")
    one.complete()
    yield one
    one.close()


@pytest.mark.chaos("page_requests", short=200, long=10_000, size=2_000)
def test_no_request_fails_inside_the_server(batch: Batch, running: RunningPage) -> None:
    n_raw = batch.count // RAW_SHARE
    for number in range(n_raw):
        send_raw(batch, running, number)
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {running.token}"
    document = session.get(f"{running.url}/api/openapi.json", timeout=60).json()
    del document["paths"]["/api/events"]  # it does not end
    operations = [one.ok() for one in schemathesis.openapi.from_dict(document).get_all_operations()]
    n_each = -(-(batch.count - n_raw) // (2 * len(operations)))
    with session:
        for operation in operations:
            for mode in GenerationMode:
                send_made(batch, running, session, operation, mode, n_each)
    assert running.ask("status")[0] == 200


def send_made(
    batch: Batch, running: RunningPage, session: requests.Session, operation: Any, mode: GenerationMode, count: int
) -> None:
    """Send requests that fit the document, or that do not."""

    @seed(batch.random(operation.label, mode).getrandbits(32))
    @settings(
        max_examples=count,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        batch.done["requests of the document"] += 1
        response = case.call(base_url=running.url, session=session, timeout=120)
        if response.status_code not in (501, 504):
            case.validate_response(response, checks=CHECKS)

    try:
        send()
    except Exception as error:  # noqa: BLE001 - each is a fault of the server
        batch.fault(f"{operation.label}, {mode}: {error}")


def send_raw(batch: Batch, running: RunningPage, number: int) -> None:
    """Send a head that may be no head. The connection may be closed; the server must not fail."""
    rng = batch.random("raw", number)
    headers = rng.sample(HEADERS, rng.randrange(3))
    if rng.random() < 0.7:
        headers.append(f"Host: {running.host}\r\nAuthorization: Bearer {running.token}".encode())
    head = b" ".join((rng.choice(METHODS), rng.choice(PATHS) + rng.randbytes(rng.choice((0, 0, 3))), b"HTTP/1.1"))
    data = b"\r\n".join([head, *headers, b"Connection: close", b"", rng.randbytes(rng.choice((0, 10)))])
    batch.done["requests of arbitrary bytes"] += 1
    with socket.create_connection(("127.0.0.1", running.facts["port"]), 60) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while part := connection.recv(65_536):
                answer += part
        except ConnectionError:
            pass
    if answer.startswith((b"HTTP/1.1 500", b"HTTP/1.0 500")):
        batch.fault(f"{data!r}: {answer!r}")
