"""Measures the memory of one and of five coding agents at once on a corpus, and how long their calls take.

    python bench/agents_memory.py [--corpus S|M] [--out FILE]

Each agent is a ``semlens mcp`` of its own with one session of the same resident server. All agents ask at the same
time. The memory of the server is compared with that of a new server with one agent after as many calls.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from agent_policies import Mcp
from corpora import corpus
from resident import index, pss_mb, scratch_environment, start, this_machine
from resident_sessions import MEMORY_BAR, Ask, ask_all, memory_of

N_AGENTS = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", default="M", choices=("S", "M"))
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    folder = corpus(arguments.corpus)
    with scratch_environment() as endpoint:
        index(folder)
        one = measure(start(endpoint), folder, 1)
        five = measure(start(endpoint), folder, N_AGENTS)
    share = round(five["server_pss_mb"] / one["server_pss_mb"], 2)
    result = {
        "corpus": arguments.corpus,
        "one agent": one,
        "five agents": five,
        "memory_of_five_agents": {"times_one_agent": share, "goal": MEMORY_BAR, "reached": share <= MEMORY_BAR},
        "machine": this_machine(),
    }
    print(json.dumps(result, indent=1))
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    return 0


def measure(server: psutil.Process, folder: Path, n_agents: int) -> dict[str, Any]:
    """All agents search at the same time; every fifth answer is explored, and its code collected."""
    agents = [Mcp(folder) for _ in range(n_agents)]
    times: list[float] = []
    turns = itertools.count()

    def asking(agent: Mcp) -> Ask:
        def ask(question: str) -> None:
            started = time.perf_counter()
            hits = agent.call("search_code", query=question)["structuredContent"]["hits"]
            times.append(time.perf_counter() - started)
            if hits and next(turns) % 5 == 0:
                agent.call("explore_symbol", place=f"{hits[0]['path']}:{hits[0]['startLine']}", depth=2)
                agent.call("get_context", query=question)

        return ask

    try:
        ask_all([asking(agent) for agent in agents])
        return {
            **memory_of(server),
            "bridges_pss_mb": [pss_mb(psutil.Process(agent.process_id)) for agent in agents],
            "search_code_median_ms": round(1000 * statistics.median(times), 1),
        }
    finally:
        for agent in agents:
            agent.close()


if __name__ == "__main__":
    sys.exit(main())
