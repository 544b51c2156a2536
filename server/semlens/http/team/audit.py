"""The log of what members of a team asked: who, when, which method, and with what outcome. Never code, never a query.

A query may hold code, so it is not written. The file is private and bounded: a full one is kept once, as ``.1``.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

logger = logging.getLogger(__name__)

FILE_NAME = "team-audit.log"
MAX_BYTES = 10_000_000


class AuditLog:
    """Thread-safe. One JSON object a line."""

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._is_broken = False

    def write(self, member: str, method: str, status: int, elapsed_ms: float) -> None:
        """Append one request. A log that cannot be written is reported once and does not stop answers.

        :param member: name of the token, "" for a token that is not known.
        """
        entry = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "member": member,
            "method": method,
            "status": status,
            "elapsedMs": round(elapsed_ms, 1),
        }
        line = (json.dumps(entry) + "\n").encode()
        with self._lock:
            try:
                if self.path.exists() and self.path.stat().st_size + len(line) > self._max_bytes:
                    self.path.replace(self.path.with_name(f"{self.path.name}.1"))
                descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                with os.fdopen(descriptor, "ab") as file:
                    file.write(line)
            except OSError as error:
                if not self._is_broken:
                    logger.warning("The audit log %s cannot be written: %s", self.path, error.strerror or error)
                self._is_broken = True
