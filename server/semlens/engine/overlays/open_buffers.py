"""The documents that an editor has open, in memory only. The event loop writes; other threads read."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class OpenBuffer:
    """One open document.

    :ivar root: absolute path of the root it belongs to, or "" outside every root.
    :ivar path: relative to the root; outside every root, the path that tells the language.
    :ivar revision: number of the change, counted over all buffers, so that two texts never share one.
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
    """All open documents. Thread-safe; every method takes microseconds."""

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
        """Replace the text. None when the document is not open."""
        with self._lock:
            old = self._buffers.get(uri)
            if old is None:
                return None
            self._revision += 1
            new = replace(old, text=text, revision=self._revision, changed_at=time.monotonic())
            self._buffers[uri] = new
            return new

    def move(self, uri: str, root: str, path: str) -> None:
        """Assign the document to another root, after the roots changed."""
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
