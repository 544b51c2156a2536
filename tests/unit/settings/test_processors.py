"""How many cores there are for a process whose container has a limit."""

from __future__ import annotations

import os
import sys

import pytest

from semlens.settings import processors
from semlens.settings.processors import n_available_cores

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="control groups of Linux")


@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        ("0::/\n", {"cpu.max": "200000 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "max 100000\n"}, 8),
        ("0::/\n", {"cpu.max": "50000 100000\n"}, 1),
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "1600000 100000\n"}, 8),
        ("0::/pod/app\n", {"pod/cpu.max": "300000 100000\n", "pod/app/cpu.max": "max 100000\n"}, 3),
        ("0::/pod/app\n", {"pod/cpu.max": "300000 100000\n", "pod/app/cpu.max": "200000 100000\n"}, 2),
        ("0::/pod/app\n", {"cpu.max": "400000 100000\n"}, 4),
        ("5:cpu,cpuacct:/docker/x\n", {"cpu,cpuacct/docker/x/cpu.cfs_quota_us": "250000"}, 3),
        ("5:cpu:/docker/x\n4:memory:/docker/x\n", {"cpu/cpu.cfs_quota_us": "300000\n"}, 3),
        ("5:cpu:/\n0::/\n", {"cpu/cpu.cfs_quota_us": "-1\n"}, 8),
        ("0::/../..\n", {"cpu.max": "200000 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "broken"}, 8),
        ("0::/\n", {"cpu.max": "1 0"}, 8),
        ("", {}, 8),
    ],
)
def test_the_time_that_a_group_has_limits_the_cores(tmp_path, monkeypatch, own, files, expected):
    folder = tmp_path / "sys/cgroup"
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
        if name.endswith("quota_us"):
            (folder / name).with_name("cpu.cfs_period_us").write_text("100000\n")
    (tmp_path / "own").write_text(own)
    monkeypatch.setattr(processors, "CGROUP_FOLDER", folder)
    monkeypatch.setattr(processors, "OWN_CGROUPS", tmp_path / "own")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    assert n_available_cores() == expected


def test_a_system_without_groups_has_its_cores(tmp_path, monkeypatch):
    monkeypatch.setattr(processors, "OWN_CGROUPS", tmp_path / "missing")
    assert n_available_cores() == len(os.sched_getaffinity(0))
