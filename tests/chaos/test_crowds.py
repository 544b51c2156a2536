"""Concurrent actors: git switches under load, several servers on one root, a short session."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from chaos_batches import REPOSITORY, Batch
from chaos_server import Lab
from chaos_workspace import WORD

sys.path.append(str(REPOSITORY / "bench"))


def git(folder: Path, *arguments: str) -> None:
    names = {f"GIT_{who}_{what}": "chaos@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**os.environ, **names, "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env=environment)


@pytest.mark.chaos("switches", short=4, long=300, size=30)
def test_git_switches_under_load(batch: Batch, lab: Lab) -> None:
    """Searches run while branches change. After each change the results match the branch that is checked out."""
    folder, rng = lab.workspace.folder, batch.random("workspace")
    git(folder, "init", "-q", "-b", "main")
    lab.workspace.fill(rng, 60)
    for branch in ("one", "two", "three"):
        git(folder, "checkout", "-q", "-b", branch)
        for _ in range(40):
            lab.workspace.change(rng)
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "--allow-empty", "-m", branch)
    server = lab.start()
    server.wait_ready(300)
    done = threading.Event()

    def switch() -> None:
        try:
            for number in range(batch.count):
                git(folder, "checkout", "-q", batch.random(number).choice(["one", "two", "three"]))
                batch.done["git switches"] += 1
        finally:
            done.set()

    thread = threading.Thread(target=switch)
    thread.start()
    while not done.is_set():  # not checked: the branch may change after the answer
        for query in (WORD, rng.choice(sorted(lab.workspace.names))):
            server.search(query, limit=100)
            batch.done["searches"] += 1
    thread.join()
    lab.judge_rest(server, rng)
    lab.judge_status(server)
    server.close()


@pytest.mark.chaos("servers", short=1, long=100, size=10)
def test_several_servers_on_one_root(batch: Batch, lab: Lab) -> None:
    """Three servers, of which some are killed and replaced. All give the same, correct results."""
    lab.workspace.fill(batch.random("workspace"), 30)
    servers = [lab.start() for _ in range(3)]
    for number in range(batch.count):
        rng = batch.random(number)
        for _ in range(rng.randrange(1, 5)):
            lab.workspace.change(rng)
        if rng.random() < 0.5:
            victim = servers.pop(rng.randrange(len(servers)))
            victim.kill()
            servers.append(lab.start())
            batch.done["kills beside others"] += 1
        for server in servers:
            server.wait_ready(300)
            lab.judge_rest(server, rng)
            lab.judge_status(server)
        batch.done["rounds of three servers"] += 1
        if batch.faults:
            return
    for server in servers:
        if server.close() != 0:
            batch.fault("a server did not end by itself")
