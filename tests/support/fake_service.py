"""A fake embedding service on loopback with both APIs. Tests set how it behaves and fails."""

from __future__ import annotations

import json
import re
import ssl
import threading
import zlib
from collections import Counter, deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

import numpy as np

DEADLINE_S = 300.0

Behaviour: TypeAlias = "Callable[[_Handler, list[str]], None]"


def vector_of(text: str, dimension: int) -> list[float]:
    """Sums one fixed vector per word, so that texts with the same words are similar."""
    total = np.full(dimension, 0.01)
    for word in re.findall(r"[a-z]+", text.lower()):
        total += np.random.default_rng(zlib.crc32(word.encode())).normal(size=dimension)
    return [round(float(number), 5) for number in total]


def status(code: int, **headers: str) -> Behaviour:
    return lambda handler, _: handler.reply(code, b'{"error": "no"}', headers)


def body(data: bytes | object) -> Behaviour:
    content = data if isinstance(data, bytes) else json.dumps(data).encode()
    return lambda handler, _: handler.reply(200, content, {})


def drip(handler: _Handler, _: list[str]) -> None:
    """Sends a byte now and then, without end. No single read times out."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.service.closing.wait(0.01):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def hang_up(handler: _Handler, _: list[str]) -> None:
    handler.close_connection = True


def wait_for(gate: threading.Event) -> Behaviour:
    """Answers only once the gate is open."""

    def behave(handler: _Handler, texts: list[str]) -> None:
        assert gate.wait(DEADLINE_S)
        handler.embed(texts)

    return behave


class FakeService:
    """:ivar next: behaviours of the next requests, in order; ``always``: of all others, None: correct.

    :ivar answered: how often each text was answered with a vector. :ivar bodies, headers, paths: of each request.
    :ivar max_texts, max_characters: a larger request gets status 413.
    :ivar most_at_once: maximum of concurrent requests so far.
    """

    def __init__(self, *, dimension: int = 16, tls: ssl.SSLContext | None = None) -> None:
        self.dimension = dimension
        self.next: deque[Behaviour] = deque()
        self.always: Behaviour | None = None
        self.answered: Counter[str] = Counter()
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.max_texts = 10**9
        self.max_characters = 10**9
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.fake = self  # type: ignore[attr-defined]
        self._scheme = "http"
        if tls is not None:
            self._scheme = "https"
            # no handshake in the accepting thread: a client that rejects the certificate must not end it
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    @property
    def texts(self) -> list[str]:
        """All received texts."""
        return [text for one in self.bodies for text in one["input"]]

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(DEADLINE_S)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = DEADLINE_S

    @property
    def service(self) -> FakeService:
        return self.server.fake  # type: ignore[attr-defined, no-any-return]

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ssl.SSLError):
            self.close_connection = True  # the client closed the connection

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.reply(405, b"", {})

    def do_POST(self) -> None:
        service = self.service
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        texts = list(request["input"])
        with service.lock:
            service.bodies.append(request)
            service.headers.append({key.lower(): value for key, value in self.headers.items()})
            service.paths.append(self.path)
            service.at_once += 1
            service.most_at_once = max(service.most_at_once, service.at_once)
            behave = service.next.popleft() if service.next else service.always
        try:
            if behave is not None:
                behave(self, texts)
            elif len(texts) > service.max_texts or sum(map(len, texts)) > service.max_characters:
                self.reply(413, b"", {})
            else:
                self.embed(texts)
        finally:
            with service.lock:
                service.at_once -= 1

    def embed(self, texts: list[str]) -> None:
        vectors = [vector_of(text, self.service.dimension) for text in texts]
        if self.path.endswith("/api/embed"):
            answer: dict[str, Any] = {"model": "m", "embeddings": vectors}
        else:
            items = [{"index": index, "embedding": vector} for index, vector in enumerate(vectors)]
            answer = {"object": "list", "data": items[::-1]}  # clients must use the index, not the order
        with self.service.lock:
            self.service.answered.update(texts)
        self.reply(200, json.dumps(answer).encode(), {})

    def reply(self, code: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(code)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
