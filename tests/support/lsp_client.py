"""A plain LSP client over stdio for tests and benchmarks, without a framework.

One thread reads. Every wait has a deadline. `TimeoutError` contains the messages that came instead.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

DEADLINE_SECONDS = 300.0  # a busy machine may starve a server for a minute; a test that passes never waits so long


class ResponseError(Exception):
    """An error response of the server."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data = error.get("data")


class Pending:
    """A running request."""

    def __init__(self, client: Client, request_id: int, method: str) -> None:
        self.id = request_id
        self.method = method
        self._client = client
        self._answer: dict[str, Any] | None = None
        self._done = threading.Event()

    @property
    def is_done(self) -> bool:
        return self._done.is_set()

    def result(self, timeout: float = DEADLINE_SECONDS) -> Any:
        """:raises ResponseError: if the response is an error."""
        if not self._done.wait(timeout):
            raise TimeoutError(f"{self.method} was not answered within {timeout} s; stderr: {self._client.stderr()}")
        assert self._answer is not None
        if "error" in self._answer:
            raise ResponseError(self._answer["error"])
        return self._answer["result"]

    def cancel(self) -> None:
        self._client.notify("$/cancelRequest", {"id": self.id})

    def settle(self, answer: dict[str, Any]) -> None:
        self._answer = answer
        self._done.set()


class Client:
    """One conversation with a server over a pair of pipes."""

    def __init__(self, stdin: BinaryIO, stdout: BinaryIO, *, configuration: Mapping[str, Any] | None = None) -> None:
        self._stdin = stdin
        self._stdout = stdout
        self.configuration = configuration
        self.capabilities: dict[str, Any] = {}
        self.notifications: list[dict[str, Any]] = []
        self.server_requests: list[dict[str, Any]] = []
        self.answer: Callable[[dict[str, Any]], dict[str, Any]] = self._answer
        self.on_message: Callable[[dict[str, Any]], None] = lambda _message: None
        self._pending: dict[int, Pending] = {}
        self._changed = threading.Condition()
        self._next_id = 0
        self._write_lock = threading.Lock()
        self._held_back: bytearray | None = None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def stderr(self) -> str:
        """The log of the server, if it can be read."""
        return ""

    # the wire

    def send(self, message: Mapping[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.send_bytes(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Sends all messages of the block in one write."""
        self._held_back = bytearray()
        yield
        data, self._held_back = bytes(self._held_back), None
        self.send_bytes(data)

    def send_bytes(self, data: bytes) -> None:
        with self._write_lock:
            if self._held_back is not None:
                self._held_back += data
                return
            self._stdin.write(data)
            self._stdin.flush()

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"method": method, "params": params} if params is not None else {"method": method})

    def request(self, method: str, params: Any = None) -> Pending:
        self._next_id += 1
        pending = Pending(self, self._next_id, method)
        self._pending[pending.id] = pending
        message = {"id": pending.id, "method": method}
        self.send(message if params is None else {**message, "params": params})
        return pending

    def call(self, method: str, params: Any = None, timeout: float = DEADLINE_SECONDS) -> Any:
        return self.request(method, params).result(timeout)

    def _read(self) -> None:
        try:
            while (message := self._read_message()) is not None:
                self._dispatch(message)
        except (OSError, ValueError):
            pass
        with self._changed:
            self._changed.notify_all()

    def _read_message(self) -> dict[str, Any] | None:
        length = -1
        while True:
            line = self._stdout.readline()
            if not line:
                return None
            line = line.strip()
            if not line:
                break
            name, _, value = line.partition(b":")
            assert name in (b"Content-Length", b"Content-Type"), f"not protocol: {line!r}"
            if name == b"Content-Length":
                length = int(value)
        body = self._stdout.read(length)
        message: dict[str, Any] = json.loads(body)
        return message

    def _dispatch(self, message: dict[str, Any]) -> None:
        self.on_message(message)
        if "method" not in message:
            pending = self._pending.pop(message["id"], None) if message.get("id") is not None else None
            if pending is not None:
                pending.settle(message)
                return
        elif "id" in message:
            self.send({"id": message["id"], **self.answer(message)})
        with self._changed:
            if "method" in message and "id" in message:
                self.server_requests.append(message)
            else:
                self.notifications.append(message)
            self._changed.notify_all()

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["method"] == "workspace/configuration":
            return {"result": [self.configuration for _ in request["params"]["items"]]}
        return {"result": None}

    # waiting

    def wait_for(
        self, what: str, predicate: Callable[[dict[str, Any]], bool], timeout: float = DEADLINE_SECONDS, since: int = 0
    ) -> dict[str, Any]:
        """Wait for a notification that satisfies the predicate, at index ``since`` or later."""
        deadline = time.monotonic() + timeout
        with self._changed:
            seen = since
            while True:
                for message in self.notifications[seen:]:
                    if predicate(message):
                        return message
                seen = len(self.notifications)
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    methods = sorted({str(message.get("method")) for message in self.notifications})
                    raise TimeoutError(f"{what} did not come within {timeout} s; came: {methods}; {self.stderr()}")
                self._changed.wait(remaining)

    def wait_for_request(self, method: str, timeout: float = DEADLINE_SECONDS) -> dict[str, Any]:
        """Wait for a request of the server with this method."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                for message in self.server_requests:
                    if message["method"] == method:
                        return message
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    raise TimeoutError(f"the server did not ask {method} within {timeout} s; {self.stderr()}")
                self._changed.wait(remaining)

    def wait_status(
        self, what: str, predicate: Callable[[dict[str, Any]], bool], timeout: float = DEADLINE_SECONDS
    ) -> dict[str, Any]:
        """Request the status until it satisfies the predicate. `statusChanged` notifications shorten the pause."""
        deadline = time.monotonic() + timeout
        while True:
            status: dict[str, Any] = self.call("semlens/status", {})
            if predicate(status):
                return status
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not come within {timeout} s; status: {status}; {self.stderr()}")
            with self._changed:
                self._changed.wait(0.05)

    def wait_ready(self, timeout: float = DEADLINE_SECONDS) -> dict[str, Any]:
        return self.wait_status("ready", lambda status: status["state"] in ("ready", "degraded"), timeout)

    def until(
        self,
        what: str,
        ask: Callable[[], Any],
        predicate: Callable[[Any], bool],
        timeout: float = DEADLINE_SECONDS,
        pause: float = 0.01,
    ) -> Any:
        """Call a function until its result satisfies the predicate."""
        deadline = time.monotonic() + timeout
        while True:
            answer = ask()
            if predicate(answer):
                return answer
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not come within {timeout} s; last: {answer}; {self.stderr()}")
            with self._changed:
                self._changed.wait(pause)

    # the conversation

    def initialize(
        self,
        *,
        root: Path | None = None,
        folders: Sequence[Path] | None = None,
        capabilities: Mapping[str, Any] | None = None,
        encodings: Sequence[str] | None = None,
        options: Mapping[str, Any] | None = None,
        process_id: int | None = None,
        initialized: bool = True,
    ) -> dict[str, Any]:
        caps: dict[str, Any] = dict(capabilities or {})
        if encodings is not None:
            caps["general"] = {"positionEncodings": list(encodings)}
        params: dict[str, Any] = {
            "processId": os.getpid() if process_id is None else process_id,
            "rootUri": root.as_uri() if root else None,
            "capabilities": caps,
        }
        if folders is not None:
            params["workspaceFolders"] = [{"uri": folder.as_uri(), "name": folder.name} for folder in folders]
        if options is not None:
            params["initializationOptions"] = options
        result: dict[str, Any] = self.call("initialize", params)
        self.capabilities = result["capabilities"]
        if initialized:
            self.notify("initialized", {})
        return result

    def search(self, query: str, timeout: float = DEADLINE_SECONDS, **params: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.call("semlens/search", {"query": query, **params}, timeout)
        return answer

    def open(self, uri: str, text: str, language: str = "python", version: int = 1) -> None:
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, uri: str, version: int, *changes: Mapping[str, Any]) -> None:
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)})

    def save(self, uri: str) -> None:
        self.notify("textDocument/didSave", {"textDocument": {"uri": uri}})

    def close_document(self, uri: str) -> None:
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def leave(self, timeout: float = DEADLINE_SECONDS) -> None:
        """Send shutdown and exit, as an editor does."""
        self.call("shutdown", timeout=timeout)
        self.notify("exit")

    def close_pipes(self) -> None:
        for stream in (self._stdin, self._stdout):
            with contextlib.suppress(OSError):
                stream.close()


class ProcessClient(Client):
    """One server process and the conversation with it."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        stderr_path: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        configuration: Mapping[str, Any] | None = None,
    ) -> None:
        self._stderr_path = stderr_path
        with stderr_path.open("wb") as stderr:
            self.process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**os.environ, **(env or {})},
                cwd=cwd,
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        super().__init__(self.process.stdin, self.process.stdout, configuration=configuration)

    def stderr(self) -> str:
        try:
            return self._stderr_path.read_text(errors="replace")[-2000:]
        except OSError:
            return ""

    def close(self) -> int:
        """Shut the server down as an editor does. Kills it if it does not exit.

        :returns: its exit code.
        """
        try:
            if self.process.poll() is None:
                self.leave()
            return self.process.wait(DEADLINE_SECONDS)
        finally:
            self.kill()

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(DEADLINE_SECONDS)
        self._reader.join(5)
        self.close_pipes()


def edit(line: int, column: int, end_line: int, end_column: int, text: str) -> dict[str, Any]:
    """An incremental change of a document."""
    return {
        "range": {
            "start": {"line": line, "character": column},
            "end": {"line": end_line, "character": end_column},
        },
        "text": text,
    }


def names(answer: dict[str, Any]) -> list[str]:
    """The names of the hits of a search, in order."""
    return [hit["name"] for hit in answer["hits"]]
