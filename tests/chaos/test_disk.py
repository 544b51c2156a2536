"""A disk that is full, read-only, or full for a while. The server answers, reports the problem, and recovers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos_batches import Batch
from chaos_server import Lab

IS_ROOT = os.geteuid() == 0


@pytest.mark.chaos("disk", short=1, long=60, size=10)
def test_limits_on_the_file_size(batch: Batch, lab: Lab) -> None:
    """A random system limit on the size of files. Without the limit everything is saved again."""
    lab.workspace.fill(batch.random("workspace"), 60)
    for number in range(batch.count):
        rng = batch.random(number)
        blocks = rng.choice([0, 1, 4, 16, 64, 256])
        server = lab.start(limits=[f"ulimit -f {blocks}"])
        server.wait_ready(300)
        lab.workspace.change(rng)
        status = lab.judge_status(server)
        if status["roots"]:
            lab.judge_rest(server, rng)
        elif not any("free space" in problem["message"] for problem in status["problems"]):
            batch.fault(f"nothing is indexed, and nothing says why: {status}")
        server.kill()
        check_without_fault(batch, lab, f"{number} after")
        batch.done["servers whose files could not grow"] += 1


@pytest.fixture
def small_disk(lab: Lab) -> Iterator[Path]:
    """A cache on its own file system of 3 MB."""
    lab.cache.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs", str(lab.cache)]
    if not IS_ROOT or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount")
    yield lab.cache
    for server in lab.servers:
        server.kill()
    subprocess.run(["umount", "-l", str(lab.cache)], check=True)


@pytest.mark.chaos("full_disk", short=1, long=60, size=10)
def test_a_full_disk(batch: Batch, lab: Lab, small_disk: Path) -> None:
    """The disk is full, then free again, under one server; then the server restarts."""
    lab.workspace.fill(batch.random("workspace"), 60)
    for number in range(batch.count):
        rng = batch.random(number)
        filling = small_disk / "filling"
        if rng.random() < 0.5:
            fill(filling)
        server = lab.start()
        server.wait_ready(300)
        fill(filling)
        for _ in range(rng.randrange(1, 20)):
            lab.workspace.change(rng)
        lab.judge_rest(server, rng)
        lab.judge_status(server)
        filling.unlink(missing_ok=True)
        lab.workspace.change(rng)
        lab.judge_rest(server, rng)
        server.kill()
        check_without_fault(batch, lab, f"{number} after")
        batch.done["full disks"] += 1


def fill(path: Path) -> None:
    try:
        with path.open("ab", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
    except OSError:
        pass


@pytest.mark.chaos("read_only", short=1, long=20, size=5)
def test_a_read_only_cache(batch: Batch, lab: Lab, small_disk: Path) -> None:
    """From a read-only index the server uses what is correct, and rebuilds the rest in memory each time."""
    lab.workspace.fill(batch.random("workspace"), 20)
    for number in range(batch.count):
        rng = batch.random(number)
        if rng.random() < 0.7:
            check_without_fault(batch, lab, f"{number} before")
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        lab.workspace.change(rng)
        server = lab.start()
        server.wait_ready(300)
        lab.judge_rest(server, rng)
        lab.judge_status(server)
        server.kill()
        subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
        batch.done["read-only disks"] += 1


def check_without_fault(batch: Batch, lab: Lab, seed: str) -> None:
    server = lab.start()
    server.wait_ready(300)
    lab.judge_rest(server, batch.random(seed))
    if server.close() != 0:
        batch.fault("the server did not end by itself")
