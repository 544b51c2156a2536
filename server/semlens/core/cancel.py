"""Cancellation: a flag that long-running work checks between its steps."""

from __future__ import annotations

import threading

from semlens.core.errors import Cancelled


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
