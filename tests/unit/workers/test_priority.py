"""Priority and battery: calls to the system, and its refusals."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from semlens.workers import priority

SHOW = """
import psutil, sys
from semlens.workers.priority import lower_priority
lower_priority()
lower_priority()
process = psutil.Process()
print(process.nice(), process.ionice().ioclass.name if sys.platform == "linux" else "")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks for Linux's own classes")
def test_a_process_takes_a_low_priority() -> None:
    run = subprocess.run([sys.executable, "-c", SHOW], capture_output=True, text=True, check=True, env=os.environ)
    assert run.stdout.split() == ["10", "IOPRIO_CLASS_IDLE"]


AUTOGROUP = Path("/proc/self/autogroup")


def group_after_lowering(*, own_session: bool) -> str:
    """Where no session was made since the machine started, the system says nothing of a group."""
    show = f"{SHOW}\nprint('GROUP', open('{AUTOGROUP}').read())"
    command = [sys.executable, "-c", show]
    run = subprocess.run(command, capture_output=True, text=True, check=True, start_new_session=own_session)
    return run.stdout.partition("GROUP")[2].strip()


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="asks for Linux's groups of sessions")
def test_the_priority_also_counts_outside_a_session_of_its_own() -> None:
    assert group_after_lowering(own_session=True).endswith(" nice 10")


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="asks for Linux's groups of sessions")
def test_the_session_of_others_keeps_its_priority() -> None:
    assert group_after_lowering(own_session=False) == AUTOGROUP.read_text().strip()


def test_a_refused_priority_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Refusing:
        def nice(self, value: int | None = None) -> int:
            if value is None:
                return 0
            asked.append(value)
            raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "Process", Refusing)
    priority.lower_priority()
    assert asked


@pytest.mark.parametrize(
    ("battery", "expected"),
    [
        (None, False),
        (SimpleNamespace(power_plugged=True), False),
        (SimpleNamespace(power_plugged=None), False),
        (SimpleNamespace(power_plugged=False), True),
    ],
)
def test_battery(monkeypatch: pytest.MonkeyPatch, battery: Any, expected: bool) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: battery, raising=False)
    assert priority.on_battery() is expected


def test_a_broken_battery_sensor_is_no_battery(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise FileNotFoundError("/sys/class/power_supply")

    monkeypatch.setattr(psutil, "sensors_battery", broken, raising=False)
    assert priority.on_battery() is False
    monkeypatch.delattr(psutil, "sensors_battery")
    assert priority.on_battery() is False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux knows priorities of threads")
def test_one_thread_alone_is_lowered() -> None:
    seen: list[int] = []

    def work() -> None:
        priority.lower_thread_priority()
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [10]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
