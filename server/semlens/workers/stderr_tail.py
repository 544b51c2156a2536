"""Keeps the end of what a process writes to its standard error, for the log."""

from __future__ import annotations

import threading
from io import BufferedReader

_MAX_BYTES = 8_192
_JOIN_TIMEOUT_SECONDS = 1.0


class StderrTail:
    """Reads a pipe on a thread of its own, so that the process never waits for a reader."""

    def __init__(self, pipe: BufferedReader) -> None:
        self._pipe = pipe
        self._tail = b""
        self._thread = threading.Thread(target=self._drain, name="worker errors", daemon=True)
        self._thread.start()

    def text(self) -> str:
        """What has arrived so far. After the process has ended, this is all of the tail."""
        self._thread.join(_JOIN_TIMEOUT_SECONDS)
        return self._tail.decode("utf-8", "replace").strip()

    def _drain(self) -> None:
        with self._pipe:
            while chunk := self._pipe.read1(_MAX_BYTES):
                self._tail = (self._tail + chunk)[-_MAX_BYTES:]
