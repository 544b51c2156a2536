"""When a service that failed may be asked again: after a while, longer each time, and at once when all is well."""

from __future__ import annotations

import random
import time

FIRST_REST_SECONDS = 5.0
LONGEST_REST_SECONDS = 300.0


class CircuitBreaker:
    """Closed while the service answers; open after a fault until `due`; then one success closes it again."""

    def __init__(self) -> None:
        self.due = 0.0
        self._n_faults = 0

    @property
    def is_open(self) -> bool:
        return time.monotonic() < self.due

    def failed(self, *, lasting: bool, retry_after_s: float) -> None:
        """:param lasting: somebody has to mend it first, so that asking soon is of no use."""
        rest_s = LONGEST_REST_SECONDS if lasting else FIRST_REST_SECONDS * 2**self._n_faults
        rest_s = min(rest_s, LONGEST_REST_SECONDS) * random.uniform(0.8, 1.2)
        self._n_faults = min(self._n_faults + 1, 16)
        self.due = time.monotonic() + max(rest_s, retry_after_s)

    def succeeded(self) -> None:
        self.due = 0.0
        self._n_faults = 0
