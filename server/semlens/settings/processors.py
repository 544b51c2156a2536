"""How many processor cores this process may use: those that it may run on, and as much time of them as its groups have.

A container limits the time (Docker's ``--cpus``, the limits of Kubernetes), and the system still shows it all cores.
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path

CGROUP_FOLDER = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")


def n_available_cores() -> int:
    """At least one. A part of a core counts as a whole one."""
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [max(1, math.ceil(quota)) for quota in _quotas()] if sys.platform == "linux" else []
    return min([n_cores, *quotas])


def _quotas() -> Iterator[float]:
    """The cores that a group of this process has the time of, for each that has a limit."""
    with contextlib.suppress(OSError):
        for line in OWN_CGROUPS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
            _, _, rest = line.partition(":")
            controllers, _, path = rest.partition(":")
            if not controllers:  # version 2
                folders = [CGROUP_FOLDER]
            elif "cpu" in controllers.split(","):
                folders = [CGROUP_FOLDER / controllers, CGROUP_FOLDER / "cpu"]
            else:
                continue
            for group in (*(folder / path.strip("/") for folder in folders), *folders):
                yield from _quotas_upwards(group)


def _quotas_upwards(group: Path) -> Iterator[float]:
    """Of a group and those above it. In a container the path may be that of the machine, and only its end be there."""
    while group not in (CGROUP_FOLDER.parent, CGROUP_FOLDER.parent.parent):
        with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
            yield _quota(group)
        group = group.parent


def _quota(group: Path) -> float:
    """:raises OSError, ValueError: when it has no limit."""
    try:
        quota, period = (group / "cpu.max").read_text(encoding="ascii").split()
    except FileNotFoundError:
        quota, period = ((group / f"cpu.cfs_{name}_us").read_text(encoding="ascii") for name in ("quota", "period"))
    cores = float(quota) / float(period)  # "max" is no number
    if not 0.0 < cores < math.inf:
        raise ValueError("no limit")
    return cores
