"""Kills the resident server at random moments under five clients, and counts how often all of them recover.

    python bench/resident_kills.py [--kills 200] [--seed 1]

The clients are two editors behind bridges, a loop of commands, and two agents. As real clients do, an editor starts its
bridge again on exit code 1 and opens its document again, and an agent connects again. The commands write, delete and
index files, so a kill may come in the middle of a commit. Some kills hit a server that only starts. All clients have
recovered when each has had the answer to a question that it asked after the kill.

At the end, a new server must find every name that was committed, and none that was deleted before a commit.
Writes bench/results/resident_kills.json.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil

from command_line import RESULTS
from corpora import corpus
from resident import scratch_environment, semlens, server_processes, spread_ms, start, this_machine
from resident_clients import AgentClient, Client, CommandClient, EditorClient
from resident_sessions import agent
from semlens.core.hit import SearchResult
from semlens.service.endpoint import Endpoint

PACKAGES = ("json", "email", "http", "logging")
"""Of the standard library, as the workspace."""
RECOVERY_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 1.0
_LEAST_SHARE_RECOVERED = 0.95
_SHARE_OF_KILLS_AT_START = 0.2
_POLL_SECONDS = 0.01


class Killer:
    """Kills the server, and waits until every client has recovered."""

    def __init__(self, endpoint: Endpoint, clients: list[Client], seed: int) -> None:
        self._endpoint = endpoint
        self._clients = clients
        self._random = random.Random(seed)
        self.recovery_seconds: list[float] = []
        self.lost: list[dict[str, Any]] = []
        self.n_at_start = 0

    def kill(self) -> None:
        time.sleep(self._random.uniform(0.0, _LONGEST_PAUSE_SECONDS))
        killed_at = self._kill_server()
        if self._random.random() < _SHARE_OF_KILLS_AT_START:
            time.sleep(self._random.uniform(0.0, _LONGEST_PAUSE_SECONDS))
            killed_at = self._kill_server()
            self.n_at_start += 1
        waiting = list(self._clients)
        while waiting and time.monotonic() - killed_at < RECOVERY_SECONDS:
            time.sleep(_POLL_SECONDS)
            waiting = [client for client in waiting if client.answered_question_of < killed_at]
        if waiting:
            self.lost.append({client.name: client.messages[-3:] for client in waiting})
        else:
            self.recovery_seconds.append(time.monotonic() - killed_at)

    def _kill_server(self) -> float:
        """Kill it as soon as there is one. Returns the time."""
        deadline = time.monotonic() + RECOVERY_SECONDS
        while time.monotonic() < deadline:
            for process in server_processes(self._endpoint):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
                    process.wait(10)
                    return time.monotonic()
            time.sleep(_POLL_SECONDS)
        return time.monotonic()


def measure(endpoint: Endpoint, folder: Path, n_kills: int, seed: int) -> dict[str, Any]:
    semlens("index", str(folder), "--json", "--no-daemon")
    semlens("daemon", "start")
    commands = CommandClient(folder)
    clients: list[Client] = [
        *(EditorClient(folder, number) for number in (1, 2)),
        commands,
        *(AgentClient(endpoint, folder, number) for number in (1, 2)),
    ]
    threads = [threading.Thread(target=client.work, daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    killer = Killer(endpoint, clients, seed)
    for number in range(n_kills):
        killer.kill()
        if number % 10 == 9:
            print(number + 1, "kills,", len(killer.lost), "without recovery", file=sys.stderr, flush=True)
    for client in clients:
        client.stop()
    for thread in threads:
        thread.join(RECOVERY_SECONDS)
    return {
        "kills": {
            "of_a_running_server": n_kills,
            "and_again_while_it_starts": killer.n_at_start,
            "all_recovered": len(killer.recovery_seconds),
            "goal": round(_LEAST_SHARE_RECOVERED * n_kills),
        },
        "recovery": {"of_all_clients": spread_ms(killer.recovery_seconds), "of_none": killer.lost}
        if killer.lost
        else {"of_all_clients": spread_ms(killer.recovery_seconds)},
        "answers": {client.name: client.n_answers for client in clients},
        "messages": dict(Counter(message for client in clients for message in client.messages)),
        "committed": _check_committed(endpoint, folder, commands),
        "machine": this_machine(),
    }


def _check_committed(endpoint: Endpoint, folder: Path, commands: CommandClient) -> dict[str, int]:
    """What a new server finds of the names that were committed."""
    start(endpoint)
    with agent(endpoint, folder) as ask:
        lost = [name for name in commands.committed if name not in _names(ask(name))]
        ghosts = [name for name in commands.deleted if name in _names(ask(name))]
    return {
        "names": len(commands.committed),
        "lost": len(lost),
        "deleted_names": len(commands.deleted),
        "ghosts": len(ghosts),
    }


def _names(found: SearchResult) -> set[str]:
    return {hit.name for hit in found.hits}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with scratch_environment() as endpoint, tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "workspace")
        for package in PACKAGES:
            shutil.copytree(corpus("S") / package, folder / package)
        os.chdir(scratch)
        figures = measure(endpoint, folder, options.kills, options.seed)
    text = json.dumps(figures, indent=2)
    print(text)
    (RESULTS / "resident_kills.json").write_text(text + "\n", encoding="utf-8")
    kills, committed = figures["kills"], figures["committed"]
    return 1 if kills["all_recovered"] < kills["goal"] or committed["lost"] or committed["ghosts"] else 0


if __name__ == "__main__":
    sys.exit(main())
