"""When something that failed is tried again: after twice as long each time, up to a bound."""

from __future__ import annotations

import time


class Backoff:
    """:ivar due: when (monotonic seconds) to try again; 0 when nothing failed. :ivar n_failures: in a row."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self.due = 0.0
        self.n_failures = 0
        self._first_s = first_s
        self._longest_s = longest_s

    def failed(self) -> None:
        """Wait longer than after the failure before."""
        self.due = time.monotonic() + min(self._first_s * 2.0 ** min(self.n_failures, 32), self._longest_s)
        self.n_failures += 1

    def succeeded(self) -> None:
        """Forget the failures."""
        self.due = 0.0
        self.n_failures = 0
