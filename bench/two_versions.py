"""Compares two versions of the language server on one corpus in one run, so that both run under the same load.

    python bench/two_versions.py OLD_CHECKOUT [S|M|/any/folder] [--only idle typed attacked] [--rounds 5] [--cache DIR]

idle      every question goes to one server and then to the other. Wall time, and processor time of the server's threads
typed     the servers take turns, see `lsp_latency.measure_typed`
attacked  the servers take turns of ``--seconds``, see `lsp_latency.measure_indexing`

Of turns, the median is shown. ``--cache`` has an index of the folder that both versions can read, to save time. Prints
a table and writes bench/results/two_versions_<corpus>.json.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import tempfile
from pathlib import Path

from psutil import Process

from corpora import named_folder
from lsp_latency import (
    REPOSITORY,
    WITHOUT_REFINEMENT,
    Figures,
    Server,
    measure_index,
    measure_indexing,
    measure_typed,
    summary,
    timed,
    wait_rest,
)
from questions import QUESTIONS

RESULTS = REPOSITORY / "bench" / "results"


class Version:
    """One version of the server. :ivar scratch: its files, among them its cache."""

    def __init__(self, name: str, checkout: Path, scratch: Path, folder: Path, cache: Path | None) -> None:
        self.name = name
        self.checkout = checkout.resolve()
        self.scratch = scratch / name
        self.cache = self.scratch / "cache"
        self.scratch.mkdir()
        if cache is not None:
            shutil.copytree(cache, self.cache)
        measure_index(folder, self.cache, self.scratch, self.checkout)


def processor_ms(pid: int) -> float:
    """Of all threads of a process so far, by the clock of the scheduler."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()) / 1e6


def measure_idle(versions: list[Version], folder: Path, rounds: int) -> Figures:
    """Searches in two idle servers, in turns."""
    times: dict[str, list[float]] = {version.name: [] for version in versions}
    spent: dict[str, list[float]] = {version.name: [] for version in versions}
    with contextlib.ExitStack() as stack:
        clients = []
        for version in versions:
            client = stack.enter_context(Server(version.cache, version.scratch, WITHOUT_REFINEMENT, version.checkout))
            client.initialize(root=folder)
            client.wait_ready(1800)
            wait_rest(Process(client.process.pid))
            for question in QUESTIONS:
                client.search(question)
            clients.append((version.name, client))
        for _ in range(rounds):
            for question in QUESTIONS:
                clients.reverse()
                for name, client in clients:
                    before = processor_ms(client.process.pid)
                    times[name].append(timed(lambda: client.search(question)))  # noqa: B023 - called at once
                    spent[name].append(processor_ms(client.process.pid) - before)
    return {
        version.name: summary(times[version.name]) | {"processor_ms": round(statistics.median(spent[version.name]), 2)}
        for version in versions
    }


def of_turns(turns: list[Figures]) -> Figures:
    """The median of each figure."""
    return {name: round(statistics.median(turn[name] for turn in turns), 2) for name in turns[0]}


def measure_turns(versions: list[Version], folder: Path, what: str, rounds: int, seconds: float) -> Figures:
    turns: dict[str, list[Figures]] = {version.name: [] for version in versions}
    for _ in range(rounds):
        versions.reverse()
        for version in versions:
            if what == "typed":
                measured = measure_typed(folder, version.cache, version.scratch, 1, version.checkout)["found"]
            else:
                measured = measure_indexing(
                    folder, version.scratch, seconds, attacked=what == "attacked", repository=version.checkout
                )["search"]
                for cold in version.scratch.glob("cold-cache-*"):
                    shutil.rmtree(cold)
            turns[version.name].append(measured)
    return {name: of_turns(of_version) for name, of_version in turns.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path, help="a checkout of the older version")
    parser.add_argument("corpus", nargs="?", default="M", help="S, M, L or a folder")
    parser.add_argument("--only", nargs="*", default=["idle", "typed", "indexing", "attacked"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--cache", type=Path, help="copied for both versions")
    options = parser.parse_args()
    label, folder = named_folder(options.corpus)
    scratch = Path(tempfile.mkdtemp(prefix="semlens-two-versions-"))
    try:
        checkouts = {"old": options.old, "new": REPOSITORY}
        versions = [Version(name, path, scratch, folder, options.cache) for name, path in checkouts.items()]
        rows: list[Figures] = []
        for what in options.only:
            if what == "idle":
                found = measure_idle(versions, folder, options.rounds)
            else:
                found = measure_turns(list(versions), folder, what, options.rounds, options.seconds)
            load = round(os.getloadavg()[0], 1)
            for name, figures in found.items():
                rows.append({"what": what, "version": name, **figures, "load": load})
                print(rows[-1], flush=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    (RESULTS / f"two_versions_{label}.json").write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
