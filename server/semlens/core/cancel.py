"""Cancellation: a flag that long-running work checks between its steps."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from semlens.core.errors import Cancelled

_POLL_SECONDS = 0.05  # a lock cannot be waited for together with the flag


class CancelToken:
    """The caller sets it once. The work reads it."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """:raises Cancelled: when the token has been cancelled."""
        if self._event.is_set():
            raise Cancelled("The request was cancelled.")

    @contextmanager
    def hold(self, lock: threading.Lock) -> Iterator[None]:
        """Hold a lock for a ``with`` statement.

        :raises Cancelled: when the token is cancelled while others hold the lock.
        """
        while not lock.acquire(timeout=_POLL_SECONDS):
            self.check()
        try:
            yield
        finally:
            lock.release()
