"""Exponential backoff for a service that failed. One success resets it."""

from __future__ import annotations

import random
import time

FIRST_PAUSE_SECONDS = 5.0
MAX_PAUSE_SECONDS = 300.0


class CircuitBreaker:
    """Closed while the service answers. A failure opens it until `retry_at` (monotonic); a success closes it."""

    def __init__(self) -> None:
        self.retry_at = 0.0
        self._n_failures = 0

    @property
    def is_open(self) -> bool:
        return time.monotonic() < self.retry_at

    def record_failure(self, *, permanent: bool, retry_after_s: float) -> None:
        """Open the circuit, with a random variation of 20 % so that clients do not retry together.

        :param permanent: the user must fix the cause first, so use the longest pause.
        :param retry_after_s: the pause that the service asked for.
        """
        pause_s = MAX_PAUSE_SECONDS if permanent else FIRST_PAUSE_SECONDS * 2**self._n_failures
        pause_s = min(pause_s, MAX_PAUSE_SECONDS) * random.uniform(0.8, 1.2)
        self._n_failures = min(self._n_failures + 1, 16)
        self.retry_at = time.monotonic() + max(pause_s, retry_after_s)

    def record_success(self) -> None:
        self.retry_at = 0.0
        self._n_failures = 0
