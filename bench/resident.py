"""A resident server for benchmarks: its environment, its process and its memory, and the processes of its clients."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from command_line import REPOSITORY, Ran, machine
from semlens.service.daemon_control import server_status, stop_server
from semlens.service.endpoint import Endpoint, endpoint_of

SEMLENS = [sys.executable, "-m", "semlens"]
PASS = [sys.executable, "-c", "pass"]
SETTINGS = {"models": {"refine": "none"}}
"""Refinement would take minutes, and use the processor meanwhile."""

_POLICIES = {os.SCHED_OTHER: "normal", os.SCHED_RR: "real-time", os.SCHED_FIFO: "real-time"}


def environment(scratch: Path, settings: Mapping[str, Any] = SETTINGS) -> dict[str, str]:
    """An own cache, no settings of the user, and compiled modules, which an installed semlens has too."""
    return {
        "PYTHONPATH": str(REPOSITORY / "server"),
        "PYTHONPYCACHEPREFIX": str(scratch / "bytecode"),
        "PYTHONDONTWRITEBYTECODE": "",
        "SEMLENS_CACHE_DIR": str(scratch / "cache"),
        "SEMLENS_CONFIG_DIR": str(scratch / "config"),
        "SEMLENS_USER_SETTINGS": json.dumps(settings),
        "SEMLENS_REMOTE_KEY": "",
    }


@contextmanager
def scratch_environment(kept: Path | None = None, settings: Mapping[str, Any] = SETTINGS) -> Iterator[Endpoint]:
    """Change this process's environment to that of a cache of its own, and end the server of that cache at the end.

    :param kept: the folder of a cache that other runs use too, instead of a new one.
    """
    scratch = kept or Path(tempfile.mkdtemp(prefix="sl-bench-"))  # a socket's path must be short
    os.environ.update(environment(scratch, settings))
    endpoint = endpoint_of(scratch / "cache")
    try:
        yield endpoint
    finally:
        with suppress(Exception):
            stop_server(endpoint)
        for process in server_processes(endpoint):
            process.kill()
        if kept is None:
            shutil.rmtree(scratch, ignore_errors=True)


def run(command: Sequence[str]) -> Ran:
    """Run a process to its end.

    :raises SystemExit: when it fails.
    """
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    stdout, stderr = process.communicate()
    seconds = time.perf_counter() - started
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed: {stderr.strip()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ran(seconds, processor, 0, stdout)


def semlens(*arguments: str) -> Ran:
    return run([*SEMLENS, *arguments])


def index(folder: Path) -> None:
    """Bring the index up to date in a process of its own, so that the server's memory has no traces of it."""
    semlens("index", str(folder), "--no-daemon", "--json")


def start(endpoint: Endpoint) -> psutil.Process:
    """A new process of the server."""
    stop_server(endpoint)
    semlens("daemon", "start")
    return psutil.Process(server_status(endpoint)["processId"])


def server_processes(endpoint: Endpoint) -> list[psutil.Process]:
    """The processes of the server, also those that only start."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if {"daemon", "run", str(endpoint.cache_folder)} <= set(process.info["cmdline"] or ())
    ]


def pss_mb(process: psutil.Process) -> float:
    return round(float(process.memory_full_info().pss) / 1e6, 1)


def spread_ms(times: Sequence[float]) -> Mapping[str, float]:
    """:param times: in seconds."""
    ordered = sorted(1000 * one for one in times)

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)

    return {"n": len(ordered), "median_ms": at(0.5), "p95_ms": at(0.95), "max_ms": at(1.0)}


def this_machine() -> dict[str, Any]:
    """The machine, its load and the priority of this process, which the measured processes inherit."""
    return {**machine(), "priority": _POLICIES.get(os.sched_getscheduler(0), "other")}
