"""Overlays: what the editor holds, by document. In memory only; the loop writes, the indexer reads."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class OpenBuffer:
    """One open document.

    :ivar root: absolute path of the root it belongs to, or "" outside every root.
    :ivar path: relative to the root; for a buffer outside, what its language is told by.
    :ivar revision: counts the changes of all buffers, so that two texts never share a number.
    :ivar changed_at: monotonic seconds of the last change.
    """

    uri: str
    root: str
    path: str
    language_id: str
    text: str
    revision: int
    changed_at: float


class OpenBuffers:
    """All open documents. Every method takes microseconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buffers: dict[str, OpenBuffer] = {}
        self._revision = 0

    def put(self, uri: str, root: str, path: str, language_id: str, text: str) -> OpenBuffer:
        with self._lock:
            self._revision += 1
            buffer = OpenBuffer(uri, root, path, language_id, text, self._revision, time.monotonic())
            self._buffers[uri] = buffer
            return buffer

    def change(self, uri: str, text: str) -> OpenBuffer | None:
        """None when the document is not open."""
        with self._lock:
            old = self._buffers.get(uri)
            if old is None:
                return None
            self._revision += 1
            new = replace(old, text=text, revision=self._revision, changed_at=time.monotonic())
            self._buffers[uri] = new
            return new

    def move(self, uri: str, root: str, path: str) -> None:
        """The roots changed: the document belongs elsewhere now."""
        with self._lock:
            if uri in self._buffers:
                self._buffers[uri] = replace(self._buffers[uri], root=root, path=path)

    def close(self, uri: str) -> OpenBuffer | None:
        with self._lock:
            return self._buffers.pop(uri, None)

    def get(self, uri: str) -> OpenBuffer | None:
        return self._buffers.get(uri)

    def all(self) -> list[OpenBuffer]:
        with self._lock:
            return list(self._buffers.values())
