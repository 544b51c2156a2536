"""Measures the clients of a resident server as whole processes, and a server with five sessions.

    python bench/resident_server.py [--only search bridge sessions] [--repeats 40] [--cache DIR]

search    `semlens search` with a running server on S and M, and without one on S, next to `python -c pass`
bridge    `semlens serve --shared`: from its start to the first byte of the answer to `initialize`, and its memory
sessions  see `resident_sessions`

What is compared runs in turns, because other programs may use the machine. On a busy machine the wall time is mostly
the wait for a core. `chrt -r 1 python bench/resident_server.py` shows the times of a quiet one: every measured process
then has a core at once. `--cache` keeps the index for the next run. Writes bench/results/resident_*.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from command_line import RESULTS, Ran, spread
from corpora import corpus
from questions import QUESTIONS
from resident import PASS, SEMLENS, index, pss_mb, run, scratch_environment, spread_ms, start, this_machine
from resident_sessions import measure_sessions
from semlens.service.endpoint import Endpoint

LEAST_BAR_SECONDS, TIMES_PASS = 0.12, 2.5
BAR_WITHOUT_SERVER_SECONDS = 0.45
BRIDGE_BAR_MS, BRIDGE_BAR_MB = 80, 20


def measure_search(endpoint: Endpoint, repeats: int) -> dict[str, Any]:
    rows = {}
    for name, with_server in (("S", True), ("M", True), ("S", False)):
        folder = corpus(name)
        index(folder)
        start(endpoint)
        search = [*SEMLENS, "search", "-w", str(folder), "--json", *([] if with_server else ["--no-daemon"])]
        run([*search, "warm up"])
        passes, searches = [], []
        for number in range(repeats):
            passes.append(run(PASS))
            searches.append(run([*search, QUESTIONS[number % len(QUESTIONS)]]))
            served_by = json.loads(searches[-1].stdout)["servedBy"]
            assert served_by == ("daemon" if with_server else "process"), served_by
        rows[f"{name}, {'with' if with_server else 'without'} a server"] = _search_row(passes, searches, with_server)
    return {"search_process": rows, "machine": this_machine()}


def _search_row(passes: Sequence[Ran], searches: Sequence[Ran], with_server: bool) -> dict[str, Any]:
    empty, found = spread(passes), spread(searches)
    bar = max(LEAST_BAR_SECONDS, TIMES_PASS * empty["median_s"]) if with_server else BAR_WITHOUT_SERVER_SECONDS
    return {
        **found,
        "python_pass_median_s": empty["median_s"],
        "python_pass_processor_s": empty["processor_median_s"],
        "goal_s": round(bar, 3),
        "reached": found["median_s"] <= bar,
    }


def measure_bridge(endpoint: Endpoint, repeats: int) -> dict[str, Any]:
    folder = corpus("S")
    index(folder)
    start(endpoint)
    _first_answer(folder)
    passes, answers, rss, pss = [], [], [], []
    for _ in range(repeats):
        passes.append(run(PASS).seconds)
        seconds, process = _first_answer(folder)
        answers.append(seconds)
        rss.append(process["rss"])
        pss.append(process["pss"])
    return {
        "first_byte_of_the_answer": spread_ms(answers),
        "python_pass": spread_ms(passes),
        "memory": {"rss_mb": statistics.median(rss), "pss_mb": statistics.median(pss)},
        "goals": {"first_byte_ms": BRIDGE_BAR_MS, "rss_mb": BRIDGE_BAR_MB},
        "machine": this_machine(),
    }


def _first_answer(folder: Path) -> tuple[float, dict[str, float]]:
    """One bridge: the seconds to the first byte of its answer, and its memory then."""
    params = {"processId": os.getpid(), "rootUri": folder.as_uri(), "capabilities": {}}
    started = time.perf_counter()
    process = subprocess.Popen([*SEMLENS, "serve", "--shared"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(_message({"id": 1, "method": "initialize", "params": params}))
    process.stdin.flush()
    process.stdout.read(1)
    seconds = time.perf_counter() - started
    seen = psutil.Process(process.pid)
    memory = {"rss": round(seen.memory_info().rss / 1e6, 1), "pss": pss_mb(seen)}
    for message in ({"method": "initialized", "params": {}}, {"id": 2, "method": "shutdown"}, {"method": "exit"}):
        process.stdin.write(_message(message))
    process.communicate(timeout=30)
    return seconds, memory


def _message(message: dict[str, Any]) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", choices=("search", "bridge", "sessions"))
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--cache", type=Path, help="a folder that keeps the index between runs")
    options = parser.parse_args()
    with scratch_environment(options.cache and options.cache.resolve()) as endpoint:
        for name, measure in {
            "search": lambda: measure_search(endpoint, options.repeats),
            "bridge": lambda: measure_bridge(endpoint, options.repeats),
            "sessions": lambda: measure_sessions(endpoint),
        }.items():
            if not options.only or name in options.only:
                text = json.dumps(measure(), indent=2)
                print(text, flush=True)
                suffix = "" if this_machine()["priority"] == "normal" else "_real_time"
                RESULTS.mkdir(exist_ok=True)
                (RESULTS / f"resident_{name}{suffix}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
