"""Measures the command line on a corpus: cold index, peak memory, reopening, and whole `semlens search` processes.

    python bench/command_line.py [S|M|L|/any/folder] [--words-only] [--repeats 15] [--cold 3]

Prints a table and writes bench/results/command_line_<corpus>.json. Memory is the sum of PSS over the command and all
processes that it started, sampled every 0.2 s. `--words-only` uses no embedding models.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from corpora import named_folder
from questions import QUESTIONS

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "bench" / "results"
SAMPLE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Ran:
    """One finished process. :ivar peak_bytes: of the whole process tree; 0: not measured."""

    seconds: float
    processor_seconds: float
    peak_bytes: int
    stdout: str


class PeakMemory(threading.Thread):
    """Samples the PSS of a process and its descendants until it ends."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak_bytes = 0
        self._process = psutil.Process(pid)
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            self.peak_bytes = max(self.peak_bytes, self._now())

    def end(self) -> None:
        self._ended.set()
        self.join()

    def _now(self) -> int:
        total = 0
        try:
            for process in (self._process, *self._process.children(recursive=True)):
                memory = process.memory_full_info()
                total += getattr(memory, "pss", 0) or memory.rss
        except psutil.Error:  # it exited meanwhile
            pass
        return total


def environment(cache: Path, *, words_only: bool) -> dict[str, str]:
    """The command of this checkout, with its own cache and settings."""
    config = cache.parent / "config"
    config.mkdir(exist_ok=True)
    if words_only:
        (config / "config.toml").write_text('[models]\nfirst = "none"\nrefine = "none"\n', encoding="utf-8")
    return {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY / "server"),
        "SEMLENS_CACHE_DIR": str(cache),
        "SEMLENS_CONFIG_DIR": str(config),
    }


def semlens(*arguments: str, env: dict[str, str], watched: bool = False) -> Ran:
    before = os.times()
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "semlens", *arguments],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    peak = PeakMemory(process.pid)
    if watched:
        peak.start()
    stdout, stderr = process.communicate()
    seconds = time.perf_counter() - started
    if watched:
        peak.end()
    if process.returncode:
        sys.exit(f"semlens {' '.join(arguments)} failed: {stderr.strip()}")
    after = os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return Ran(seconds, processor, peak.peak_bytes, stdout)


def spread(runs: Sequence[Ran]) -> dict[str, float]:
    """Statistics of wall time. Compare them with the processor time to see the load of the machine."""
    ordered = sorted(ran.seconds for ran in runs)
    at_95 = min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))
    return {
        "n": len(ordered),
        "median_s": round(statistics.median(ordered), 3),
        "p95_s": round(ordered[at_95], 3),
        "max_s": round(ordered[-1], 3),
        "processor_median_s": round(statistics.median(ran.processor_seconds for ran in runs), 3),
    }


def first_index(folder: Path, *, words_only: bool) -> Ran:
    """A first index, with a cache of its own."""
    with tempfile.TemporaryDirectory(prefix="semlens-bench-") as scratch:
        env = environment(Path(scratch) / "cache", words_only=words_only)
        return semlens("index", str(folder), "--json", env=env, watched=True)


def measure(folder: Path, *, words_only: bool, repeats: int, n_cold: int) -> dict[str, Any]:
    before = [first_index(folder, words_only=words_only) for _ in range(n_cold - 1)]
    with tempfile.TemporaryDirectory(prefix="semlens-bench-") as scratch:
        env = environment(Path(scratch) / "cache", words_only=words_only)
        cold = semlens("index", str(folder), "--json", env=env, watched=True)
        cold = sorted([*before, cold], key=lambda ran: ran.seconds)[n_cold // 2]
        said = json.loads(cold.stdout)
        again = semlens("index", str(folder), "--json", env=env, watched=True)
        questions = [QUESTIONS[number % len(QUESTIONS)] for number in range(repeats)]
        search = ("search", "-w", str(folder), "--json")
        updating = [semlens(*search, question, env=env) for question in questions]
        as_it_is = [semlens(*search, "--no-update", question, env=env) for question in questions]
        status = json.loads(semlens("status", str(folder), "--json", env=env).stdout)
    return {
        "files": sum(root["files"] for root in said["roots"]),
        "symbols": sum(root["symbols"] for root in said["roots"]),
        "passages": sum(tier["embedded"] for tier in said["tiers"] if tier["role"] == "first"),
        "model": next((tier["model"] for tier in said["tiers"] if tier["role"] == "first"), "none"),
        "cold": {
            "n": n_cold,
            "names_and_words_s": round(said["searchableMs"] / 1000, 2),
            "complete_s": round(cold.seconds, 2),
            "processor_s": round(cold.processor_seconds, 1),
            "peak_pss_mb": round(cold.peak_bytes / 1e6),
        },
        "nothing_to_do": {
            "complete_s": round(again.seconds, 2),
            "processor_s": round(again.processor_seconds, 2),
            "peak_pss_mb": round(again.peak_bytes / 1e6),
        },
        "search_process": spread(updating),
        "search_process_no_update": spread(as_it_is),
        "index_mb": round(status["indexBytes"] / 1e6, 1),
    }


def machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "load_at_start": round(os.getloadavg()[0], 1),
        "priority": "real time" if os.sched_getscheduler(0) == os.SCHED_RR else "normal",  # `chrt -r 1`
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", default="S", help="S, M, L or a folder")
    parser.add_argument("--words-only", action="store_true", help="without embedding models")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--cold", type=int, default=3, help="first indexes, of which the median is kept (default: 3)")
    options = parser.parse_args()
    label, folder = named_folder(options.corpus)
    where = machine()
    figures = measure(folder, words_only=options.words_only, repeats=options.repeats, n_cold=options.cold)
    label += "_words" if options.words_only else ""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps({"corpus": label, **figures, "machine": where}, indent=2)
    (RESULTS / f"command_line_{label}.json").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
