"""Measures one resident server with five sessions on corpus M: two editors, a command line loop and two agents.

Its memory is compared with that of a new server with one session after as many searches of each session. Then one
session measures its searches while another indexes corpus S for the first time. `resident_server` runs this.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from corpora import corpus
from questions import QUESTIONS
from resident import SEMLENS, index, pss_mb, run, semlens, spread_ms, start, this_machine

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from lsp_client import ProcessClient

from semlens.core.cancel import CancelToken
from semlens.core.request import SearchRequest
from semlens.service.connection import connect
from semlens.service.daemon_control import stop_server
from semlens.service.endpoint import Endpoint
from semlens.service.hello import describe_client, hello_line
from semlens.service.remote_service import RemoteService
from semlens.settings.user_sources import read_user_settings

SEARCHES = 60
"""Of each session, before memory is compared."""

MEMORY_BAR, LATENCY_BAR = 1.4, 1.2
_REST_SECONDS = 2.0
_QUIET_SECONDS = 8.0
_PAUSE_SECONDS = 0.02

Ask = Callable[[str], Any]


@contextlib.contextmanager
def agent(endpoint: Endpoint, folder: Path) -> Iterator[Ask]:
    with connect(endpoint) as connection:
        connection.write(hello_line("api", describe_client("agent", read_user_settings())))
        service = RemoteService(connection)
        service.add_root(folder)
        service.wait_complete()
        yield lambda question: service.search(SearchRequest(question), CancelToken())


@contextlib.contextmanager
def editor(folder: Path, scratch: Path, number: int) -> Iterator[tuple[Ask, psutil.Process]]:
    """An editor with a changed document, and its bridge."""
    client = ProcessClient([*SEMLENS, "serve", "--shared"], stderr_path=scratch / f"editor-{number}.txt")
    client.initialize(root=folder)
    client.wait_status("complete", lambda status: status["complete"], timeout=600)
    document = folder / "unsaved.py"
    client.open(document.as_uri(), f"def unsaved_of_editor_{number}():\n    return {number}\n")
    try:
        yield client.search, psutil.Process(client.process.pid)
    finally:
        client.close()


def measure_sessions(endpoint: Endpoint) -> dict[str, Any]:
    folder = corpus("M")
    index(folder)
    with tempfile.TemporaryDirectory() as name:
        memory = measure_memory(endpoint, folder, Path(name))
    latency = measure_latency(endpoint, folder)
    return {**memory, **latency, "machine": this_machine()}


def measure_memory(endpoint: Endpoint, folder: Path, scratch: Path) -> dict[str, Any]:
    server = start(endpoint)
    with editor(folder, scratch, 0) as (ask, _):
        ask_all([ask])
        one = memory_of(server)
    server = start(endpoint)
    with contextlib.ExitStack() as stack:
        editors = [stack.enter_context(editor(folder, scratch, number)) for number in (1, 2)]
        agents = [stack.enter_context(agent(endpoint, folder)) for _ in range(2)]
        command = [*SEMLENS, "search", "-w", str(folder), "--json"]
        ask_all([*(ask for ask, _ in editors), *agents, lambda question: run([*command, question])])
        five = memory_of(server)
        bridges = [pss_mb(bridge) for _, bridge in editors]
    share = round(five["server_pss_mb"] / one["server_pss_mb"], 2)
    return {
        "memory": {"one session": one, "five sessions": five},
        "memory_of_five_sessions": {"times_one_session": share, "goal": MEMORY_BAR, "reached": share <= MEMORY_BAR},
        "bridges_pss_mb": bridges,
    }


def ask_all(sessions: list[Ask]) -> None:
    """All sessions ask at the same time."""

    def work(ask: Ask, first: int) -> None:
        for number in range(SEARCHES):
            ask(QUESTIONS[(first + number) % len(QUESTIONS)])

    threads = [threading.Thread(target=work, args=(ask, 7 * number)) for number, ask in enumerate(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    time.sleep(_REST_SECONDS)


def memory_of(server: psutil.Process) -> dict[str, float]:
    workers = server.children(recursive=True)
    return {"server_pss_mb": pss_mb(server), "its_workers_pss_mb": round(sum(map(pss_mb, workers)), 1)}


def measure_latency(endpoint: Endpoint, folder: Path) -> dict[str, Any]:
    other = corpus("S")
    stop_server(endpoint)
    semlens("forget", str(other))
    for store in endpoint.cache_folder.glob("vectors.*"):  # it may have those of S; M has its own in its segments
        store.unlink()
    start(endpoint)
    with agent(endpoint, folder) as ask:
        for question in QUESTIONS:
            ask(question)
        before = _searches(ask, lambda since: time.perf_counter() - since > _QUIET_SECONDS)
        indexing = subprocess.Popen([*SEMLENS, "index", str(other), "--json"], stdout=subprocess.PIPE)
        started = time.perf_counter()
        during = _searches(ask, lambda _: indexing.poll() is not None)
        seconds = time.perf_counter() - started
        after = _searches(ask, lambda since: time.perf_counter() - since > _QUIET_SECONDS)
    stdout, _ = indexing.communicate()
    if indexing.returncode:
        sys.exit("semlens index failed.")
    quiet, busy = spread_ms(before + after), spread_ms(during)
    share = round(busy["median_ms"] / quiet["median_ms"], 2)
    return {
        "searches": {
            "quiet, before": spread_ms(before),
            "while another session indexes S": busy,
            "quiet, after": spread_ms(after),
        },
        "searches_while_indexing": {
            "times_quiet": share,
            "goal": LATENCY_BAR,
            "reached": share <= LATENCY_BAR,
            "index_s": round(seconds, 1),
            "vectors_computed": json.loads(stdout)["counters"].get("computed.first", 0),
            "load": round(os.getloadavg()[0], 1),
        },
    }


def _searches(ask: Ask, has_ended: Callable[[float], bool]) -> list[float]:
    """Seconds of searches one after the other. :param has_ended: gets the start of the measurement."""
    since = time.perf_counter()
    times: list[float] = []
    while not has_ended(since):
        started = time.perf_counter()
        ask(QUESTIONS[len(times) % len(QUESTIONS)])
        times.append(time.perf_counter() - started)
        time.sleep(_PAUSE_SECONDS)
    return times
