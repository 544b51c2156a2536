"""A small client of other language servers, which judge the code graph (`graph_truth.py`)."""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class LanguageServer:
    """A language server over its pipes, one request at a time."""

    def __init__(self, command: Sequence[str], root: Path, language_id: str) -> None:
        self._root = root
        self._language_id = language_id
        self._ids = itertools.count(1)
        self._open: set[Path] = set()
        self._process = subprocess.Popen(
            command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def __enter__(self) -> Self:
        self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": self._root.as_uri(),
                "workspaceFolders": [{"uri": self._root.as_uri(), "name": self._root.name}],
                "capabilities": {"workspace": {"configuration": False}, "textDocument": {"references": {}}},
            },
        )
        self.notify("initialized", {})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError, RuntimeError):
            self.request("shutdown", None)
            self.notify("exit", None)
        self.kill()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def open(self, path: Path) -> None:
        if path not in self._open:
            self._open.add(path)
            document = {"uri": path.as_uri(), "languageId": self._language_id, "version": 1}
            self.notify(
                "textDocument/didOpen", {"textDocument": {**document, "text": path.read_text("utf-8", "replace")}}
            )

    def references(self, path: Path, line: int, character: int) -> list[tuple[str, int, int]]:
        """The URI, line and character of each reference to what stands at a place; its definition is left out."""
        self.open(path)
        params = {
            "textDocument": {"uri": path.as_uri()},
            "position": {"line": line, "character": character},
            "context": {"includeDeclaration": False},
        }
        found = self.request("textDocument/references", params) or []
        return [(one["uri"], one["range"]["start"]["line"], one["range"]["start"]["character"]) for one in found]

    def request(self, method: str, params: object) -> Any:
        number = next(self._ids)
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        while True:
            message = self._receive()
            if "method" in message:
                if "id" in message:  # a question of the server: no answer is a fine answer
                    items = (
                        message.get("params", {}).get("items", ()) if isinstance(message.get("params"), dict) else ()
                    )
                    result: Any = [None for _ in items] if message["method"] == "workspace/configuration" else None
                    self._send({"jsonrpc": "2.0", "id": message["id"], "result": result})
            elif message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(message["error"])
                return message.get("result")

    def notify(self, method: str, params: object) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps(message).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            raise RuntimeError("the language server ended")
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return message
