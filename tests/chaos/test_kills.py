"""SIGKILL at random moments of indexing, editing, merging and committing. Afterwards search finds all that is on disk."""

from __future__ import annotations

import random
import signal
import time

import pytest
from chaos_batches import Batch
from chaos_server import ChaosServer, Lab
from lsp_client import edit


@pytest.mark.chaos("kills", short=3, long=1000, size=20)
def test_kills(batch: Batch, lab: Lab) -> None:
    """Each server opens the cache of the previous one, works for a while, and is killed."""
    rng = batch.random()
    lab.configure(refine=rng.random() < 0.2)
    lab.workspace.fill(rng, 60)
    for number in range(batch.count):
        rng = batch.random(number)
        change_while_nobody_looks(lab, rng)
        server = lab.start()
        phase = rng.choice(["index", "index", "edit", "merge", "commit", "cold"])
        if phase == "cold":  # killed before it was ready, from an empty cache
            server.kill()
            lab.servers.pop()
            for path in lab.cache.rglob("*.segment"):
                path.unlink()
            server = lab.start()
        if phase in ("edit", "merge", "commit"):
            server.wait_ready(300)
            lab.judge_rest(server, rng)
            lab.judge_status(server)
        {"index": ask, "cold": ask, "edit": type_and_save, "merge": write_many, "commit": write_and_wait}[phase](
            lab, server, rng
        )
        if lab.judge_alive(server):
            server.process.send_signal(signal.SIGKILL)
        server.kill()
        batch.done["kills"] += 1
        batch.done[f"kills: {phase}"] += 1
    server = lab.start()
    server.wait_ready(300)
    lab.judge_rest(server, batch.random("end"))
    lab.judge_status(server)
    if server.close() != 0:
        batch.fault("the last server did not end by itself")


def change_while_nobody_looks(lab: Lab, rng: random.Random) -> None:
    for _ in range(rng.randrange(6)):
        lab.workspace.change(rng)
    if rng.random() < 0.1:
        lab.workspace.move_folder(rng)
    while len(lab.workspace.files()) < 40:
        lab.workspace.create(rng)


def some_time(rng: random.Random) -> float:
    """Seconds until a kill; mostly short, so that it interrupts work."""
    return rng.random() ** 2 * 1.5


def ask(lab: Lab, server: ChaosServer, rng: random.Random) -> None:
    """Search while the index is built. Hits may be missing, but none is wrong."""
    until = time.monotonic() + some_time(rng)
    while time.monotonic() < until:
        lab.search(server, rng.choice(sorted(lab.workspace.names)))


def type_and_save(lab: Lab, server: ChaosServer, rng: random.Random) -> None:
    """Type unsaved text, which is lost with the server, and save text, which is not."""
    until = time.monotonic() + some_time(rng)
    path = rng.choice(lab.workspace.files())
    text, version = path.read_text(), 1
    server.open(path.as_uri(), text, version=version)
    while True:
        version += 1
        added = lab.workspace.function(rng, path.suffix)
        server.change(path.as_uri(), version, edit(0, 0, 0, 0, added))
        text = added + text
        lab.search(server, "return value", {path.as_uri(): text})
        if rng.random() < 0.3:
            path.write_text(text)
            server.save(path.as_uri())
        if time.monotonic() >= until:
            return


def write_many(lab: Lab, server: ChaosServer, rng: random.Random) -> None:
    """Write many small segments, which are merged meanwhile."""
    until = time.monotonic() + some_time(rng)
    while True:
        for _ in range(12):
            lab.workspace.create(rng)
        lab.search(server, rng.choice(sorted(lab.workspace.names)))
        if time.monotonic() >= until:
            break
    files = lab.workspace.files()
    for path in rng.sample(files, max(0, len(files) - 120)):  # keeps the workspace small
        path.unlink()


def write_and_wait(lab: Lab, server: ChaosServer, rng: random.Random) -> None:
    """Kill around a commit, which comes 0.4 s after the last change."""
    for _ in range(rng.randrange(1, 8)):
        lab.workspace.change(rng)
    until = time.monotonic() + 0.2 + some_time(rng) / 3
    while time.monotonic() < until:
        lab.search(server, rng.choice(sorted(lab.workspace.names)))
