"""Damages to every kind of cache file. Damaged files are rebuilt, and the only effect is the time that it takes."""

from __future__ import annotations

import random

import pytest
from chaos_batches import Batch
from chaos_server import Lab
from damage import damage


@pytest.mark.chaos("damages", short=3, long=2_000, size=50)
def test_damages(batch: Batch, lab: Lab) -> None:
    """A server exits or is killed, and its cache is damaged. The next server finds all that is on disk, and nothing else."""
    lab.workspace.fill(batch.random("workspace"), 40)
    number = 0
    while number < batch.count and not batch.faults:
        rng = batch.random(number)
        lab.configure(refine=rng.random() < 0.1)
        server = lab.start()
        server.wait_ready(300)
        lab.judge_rest(server, rng)
        lab.judge_status(server)
        leave(lab, rng)
        what = []
        for _ in range(min(rng.choice([1, 1, 1, 2, 5]), batch.count - number)):
            what.append(damage(lab.cache, rng))
            batch.done["damages"] += 1
            batch.done[f"damages: {what[-1].partition(' (')[0].partition(' on ')[2]}"] += 1
            number += 1
        for _ in range(rng.choice([0, 0, 1, 5])):
            lab.workspace.change(rng)
        server = lab.start()
        server.wait_ready(300)
        lab.judge_rest(server, rng)
        lab.judge_status(server)
        lab.judge_alive(server)
        leave(lab, rng)
        lab.judge_output()
        if batch.faults:
            batch.fault(f"after {what}")


def leave(lab: Lab, rng: random.Random) -> None:
    """Close the server or kill it, at once or after its commit."""
    server = lab.servers[-1]
    kind = rng.choice(["close", "kill", "kill later"])
    if kind == "kill later":
        server.until("the commit", lambda: list(lab.cache.rglob("*.segment")), bool, 60)
    if kind == "close":
        server.close()
    server.kill()
