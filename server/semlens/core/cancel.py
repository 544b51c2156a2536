"""Cancellation: a flag that long work asks between steps."""

from __future__ import annotations

import threading

from semlens.core.errors import Cancelled


class CancelToken:
    """Set once by whoever gave up, read by whoever works."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """:raises Cancelled: once the token was cancelled."""
        if self._event.is_set():
            raise Cancelled("The request was cancelled.")
