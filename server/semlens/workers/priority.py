"""Staying out of the way: the lowest priority for a worker process, and whether the machine runs on battery."""

from __future__ import annotations

import os
import sys
import threading

_LOWEST_NICE = 19


def lower_priority() -> None:
    """Give the calling process the lowest priority for processor and disk. What the system refuses stays as it is."""
    import psutil  # 80 ms that a one-shot search does without

    try:
        process = psutil.Process()
        if sys.platform == "win32":
            process.nice(psutil.IDLE_PRIORITY_CLASS)
            process.ionice(psutil.IOPRIO_VERYLOW)
            return
        process.nice(max(_LOWEST_NICE, process.nice()))
        if sys.platform == "linux":
            process.ionice(psutil.IOPRIO_CLASS_IDLE)
    except (psutil.Error, OSError):
        return


def on_battery() -> bool:
    """Whether the machine draws on its battery. False where that cannot be known: a server, a container."""
    import psutil

    sensors = getattr(psutil, "sensors_battery", None)
    try:
        battery = sensors() if sensors is not None else None
    except (psutil.Error, OSError, ValueError, RuntimeError):
        # Containers show broken battery files; see the various reports of psutil on /sys/class/power_supply.
        return False
    return battery is not None and battery.power_plugged is False


def lower_thread_priority() -> None:
    """The lowest priority for the calling thread alone, where the system knows priorities of threads (Linux)."""
    if sys.platform == "linux":
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST_NICE)
        except OSError:
            return
