"""Lowers the priority of processes and threads, and tells whether the machine runs on battery."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

_NICE = 10
"""A tenth of the share of another process or session. The lowest, 19, would stop indexing while anything else computes:
beside four busy processes the first index of fifteen files then took 85 seconds, and takes 17."""
_AUTOGROUP = Path("/proc/self/autogroup")


def lower_priority() -> None:
    """Give the calling process a low priority for the processor and the lowest for the disk, if the system allows."""
    import psutil  # takes 80 ms to load, which a one-shot search saves

    try:
        process = psutil.Process()
        if sys.platform == "win32":
            process.nice(psutil.IDLE_PRIORITY_CLASS)
            process.ionice(psutil.IOPRIO_VERYLOW)
            return
        process.nice(max(_NICE, process.nice()))
        if sys.platform == "linux":
            process.ionice(psutil.IOPRIO_CLASS_IDLE)
            _lower_group_priority()
    except (psutil.Error, OSError):
        return


def _lower_group_priority() -> None:
    """Where Linux gives each session of processes an equal share, a priority counts only within the session."""
    if sys.platform == "win32":  # tells the type checker that only others come here
        raise NotImplementedError
    if os.getsid(0) == os.getpid() and _AUTOGROUP.exists():
        _AUTOGROUP.write_text(str(_NICE))


def on_battery() -> bool:
    """Whether the machine runs on battery. False where this is unknown, as on a server or in a container."""
    import psutil

    sensors = getattr(psutil, "sensors_battery", None)
    try:
        battery = sensors() if sensors is not None else None
    except (psutil.Error, OSError, ValueError, RuntimeError):
        # psutil fails on the incomplete /sys/class/power_supply of some containers.
        return False
    return battery is not None and battery.power_plugged is False


def lower_thread_priority() -> None:
    """Give the calling thread a low priority. Only Linux has priorities for single threads."""
    if sys.platform == "linux":
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        except OSError:
            return
