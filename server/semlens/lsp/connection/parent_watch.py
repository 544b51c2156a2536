"""Notices when the editor's process ends. The pipes do not always tell: another process may hold them open."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

import psutil

_POLL_SECONDS = 2.0


class ParentWatch:
    """Calls ``on_death`` on the loop after the process ends: at once on Linux, else within two seconds."""

    def __init__(self, process_id: int, on_death: Callable[[], None]) -> None:
        self._process_id = process_id
        self._on_death = on_death
        self._loop = asyncio.get_running_loop()
        self._descriptor = -1
        self._timer: asyncio.TimerHandle | None = None
        self._start()

    def _start(self) -> None:
        if hasattr(os, "pidfd_open"):
            try:
                self._descriptor = os.pidfd_open(self._process_id)
            except ProcessLookupError:
                self._loop.call_soon(self._died)
                return
            except OSError:
                pass  # an old kernel or a sandbox: poll instead
            else:
                self._loop.add_reader(self._descriptor, self._died)
                return
        self._poll()

    def _poll(self) -> None:
        try:
            alive = psutil.Process(self._process_id).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            alive = False
        except psutil.Error:
            alive = True  # it exists, but belongs to another user
        if alive:
            self._timer = self._loop.call_later(_POLL_SECONDS, self._poll)
        else:
            self._died()

    def _died(self) -> None:
        self.close()
        self._on_death()

    def close(self) -> None:
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
