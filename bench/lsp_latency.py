"""Measures the latency of the language server for a client: a plain stdio client with the real server process.

    python bench/lsp_latency.py [S|M|L|XL|/any/folder] [--only start idle refining indexing ...] [--seconds 60]

Prints a table, and writes bench/results/lsp_latency_<corpus>.json. It measures:

start     process start to the first search response with a warm index; to a search with hits; and to ready
idle      searches one after the other in an idle server, with merged segments
indexing  searches while the corpus is indexed from an empty cache, and every 5 ms an empty request that only the event
          loop answers. The control is the delay of the client's own 5 ms sleep, which the machine causes
attacked  the same while adversarial documents are opened and edited
typed     a function typed in pieces by incremental changes and never saved: from the last piece to the response that
          has it among the first ten hits of a query about its meaning; and from closing the document until it is gone

idle and typed run without refinement, which would take minutes; `refining` measures searches during refinement.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "tests" / "support"), str(REPOSITORY / "bench")]

from lsp_client import ProcessClient, ResponseError, edit  # noqa: E402 - found by the line above

from questions import QUESTIONS  # noqa: E402

TYPED = (
    ("throttle_requests", "Let only so many calls through each second.", "limit the rate of calls per second"),
    ("invoice_total", "Sum the prices of all items and add the tax.", "total price of items with tax"),
    (
        "haversine",
        "Distance in kilometres between two points on the globe.",
        "distance between places on the globe",
    ),
    ("convert_currency", "Exchange money from one currency into another.", "exchange money to a currency"),
    ("thumbnail", "Shrink a picture so that it fits the given width.", "shrink a picture to fit"),
    ("detect_collision", "Whether two rectangles on the screen overlap.", "do two rectangles overlap"),
    ("password_strength", "Score how hard a password is to guess.", "how hard to guess is a password"),
    ("moving_average", "Mean of the last few values at each step.", "mean of the last few values"),
)
ADVERSARIES = {
    "brackets.lua": "{" * 50_000,
    "brackets.py": "(" * 50_000,
    "line.js": "x = [" + "1," * 2_000_000 + "]",
}
Figures = dict[str, Any]
WITHOUT_REFINEMENT = {"models": {"refine": "none"}}


class Server:
    """Starts a server on one folder, with its own or a shared cache."""

    def __init__(
        self, cache: Path, scratch: Path, settings: Mapping[str, Any] | None = None, repository: Path = REPOSITORY
    ) -> None:
        """:param repository: a checkout of the version to start."""
        path = os.pathsep.join(filter(None, [str(repository / "server"), os.environ.get("PYTHONPATH", "")]))
        self.client = ProcessClient(
            [sys.executable, "-m", "semlens", "serve"],
            stderr_path=scratch / "stderr.txt",
            env={
                "PYTHONPATH": path,
                "SEMLENS_CACHE_DIR": str(cache),
                "SEMLENS_CONFIG_DIR": str(scratch / "config"),
                "SEMLENS_USER_SETTINGS": json.dumps(settings or {}),
            },
        )

    def __enter__(self) -> ProcessClient:
        return self.client

    def __exit__(self, *_: object) -> None:
        self.client.close()


def summary(times_ms: Sequence[float]) -> Figures:
    """Median, percentiles and maximum of some times."""
    ordered = sorted(times_ms)

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)

    return {
        "n": len(ordered),
        "median_ms": round(statistics.median(ordered), 2),
        "p95_ms": at(0.95),
        "p99_ms": at(0.99),
        "max_ms": round(ordered[-1], 2),
    }


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def measure_index(folder: Path, cache: Path, scratch: Path, repository: Path = REPOSITORY) -> Figures:
    """Fill the cache, so that later measurements start warm."""
    started = time.perf_counter()
    with Server(cache, scratch, repository=repository) as client:
        client.initialize(root=folder)
        client.wait_status("complete", lambda status: status["complete"], timeout=3600)
        seconds = time.perf_counter() - started
        status = client.wait_ready(600)
    symbols = sum(root["symbols"] for root in status["roots"])
    return {"seconds": round(seconds, 2), "symbols": symbols, "files": sum(r["files"] for r in status["roots"])}


def measure_start(folder: Path, cache: Path, scratch: Path, runs: int = 7) -> Figures:
    answers, hits, ready, spent = [], [], [], []
    for _ in range(runs):
        started = time.perf_counter()
        with Server(cache, scratch) as client:
            client.initialize(root=folder)
            client.search("parse command line arguments")
            answers.append((time.perf_counter() - started) * 1000)
            spent.append(processor_ms(psutil.Process(client.process.pid)))
            client.until("hits", lambda client=client: client.search("parse arguments")["hits"], bool, pause=0.002)
            hits.append((time.perf_counter() - started) * 1000)
            client.wait_status("ready", lambda status: status["state"] in ("ready", "degraded"), timeout=600)
            ready.append((time.perf_counter() - started) * 1000)
    return {
        "first answer": summary(answers),
        "first hits": summary(hits),
        "ready": summary(ready),
        "processor time of the server to the first answer": summary(spent),
        "load": os.getloadavg()[0],
    }


def measure_idle(
    folder: Path, cache: Path, scratch: Path, rounds: int = 10, settings: Mapping[str, Any] = WITHOUT_REFINEMENT
) -> Figures:
    with Server(cache, scratch, settings) as client:
        client.initialize(root=folder)
        client.wait_ready(600)
        for question in QUESTIONS:
            client.search(question)
        process = psutil.Process(client.process.pid)
        if settings == WITHOUT_REFINEMENT:
            wait_rest(process)
        before = processor_ms(process)
        times = [timed(lambda q=q: client.search(q)) for _ in range(rounds) for q in QUESTIONS]
        spent = (processor_ms(process) - before) / len(times)
        empty = [timed(lambda: empty_request(client)) for _ in range(1000)]
        private, resident = memory_mb(process)
        return {
            "search": summary(times),
            "empty request": summary(empty),
            "processor time of the server per search, ms": round(spent, 2),
            "memory of the server without mapped files, MB": private,
            "mapped files in its memory, MB": resident - private,
            "load": os.getloadavg()[0],
        }


def memory_mb(process: psutil.Process) -> tuple[int, int]:
    """Memory that is no page of a file, and all resident memory. The system takes pages of files back when it must."""
    lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    kilobytes = {name: int(value.split()[0]) for name, value in (line.split(":") for line in lines)}
    return kilobytes["Anonymous"] >> 10, kilobytes["Rss"] >> 10


def processor_ms(process: psutil.Process) -> float:
    spent = process.cpu_times()
    return 1000 * float(spent.user + spent.system)


def wait_rest(process: psutil.Process, seconds: float = 2.0, timeout: float = 3600.0) -> None:
    """Wait until the server and its workers are idle. After indexing, segments are merged and graphs are built."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        processes = [process, *process.children(recursive=True)]
        before = sum(map(processor_ms, processes))
        time.sleep(seconds)
        with contextlib.suppress(psutil.NoSuchProcess):
            if sum(map(processor_ms, processes)) - before < 20 * seconds:
                return


def empty_request(client: ProcessClient) -> None:
    """Sends a request with an unknown method, which only the event loop answers."""
    try:
        client.call("semlens/nothing", {})
    except ResponseError as error:
        if error.code != -32601:
            raise


def measure_indexing(
    folder: Path, scratch: Path, seconds: float, *, attacked: bool, repository: Path = REPOSITORY
) -> Figures:
    """Searches and empty requests during a cold index."""
    done = threading.Event()
    searches: list[float] = []
    empties: list[float] = []
    lateness: list[float] = []
    with Server(scratch / f"cold-cache-{attacked}", scratch, repository=repository) as client:
        client.initialize(root=folder)
        client.call("semlens/status")

        def search() -> None:
            number = 0
            while not done.wait(0.03):
                question = QUESTIONS[number % len(QUESTIONS)]
                searches.append(timed(lambda q=question: client.search(q)))
                number += 1

        def probe() -> None:
            while not done.wait(0.005):
                empties.append(timed(lambda: empty_request(client)))

        def attack() -> None:
            version = 1
            while attacked and not done.is_set():
                for name, text in ADVERSARIES.items():
                    uri = (folder / f"semlens-bench-{name}").as_uri()
                    client.open(uri, text, name.partition(".")[2])
                    for _ in range(5):
                        version += 1
                        client.change(uri, version, edit(0, 1, 0, 1, "("))
                        if done.wait(0.05):
                            break
                    client.close_document(uri)

        def control() -> None:
            while not done.is_set():
                lateness.append(timed(lambda: time.sleep(0.005)) - 5)

        threads = [threading.Thread(target=work) for work in (search, probe, attack, control)]
        for thread in threads:
            thread.start()
        started = time.monotonic()
        complete = False
        while time.monotonic() - started < seconds and not complete:
            time.sleep(0.2)
            complete = client.call("semlens/status")["complete"]
        done.set()
        for thread in threads:
            thread.join()
        return {
            "search": summary(searches),
            "empty request": summary(empties),
            "control: client's own sleep": summary(lateness),
            "load": os.getloadavg()[0],
            "seconds": round(time.monotonic() - started, 1),
            "was complete at the end": complete,
        }


def measure_typed(folder: Path, cache: Path, scratch: Path, rounds: int = 5, repository: Path = REPOSITORY) -> Figures:
    """Type a new function each time, at the end of an open file, in pieces of a few characters."""
    found, gone, misses, n_first = [], [], 0, 0
    place = next(path for path in sorted(folder.rglob("*.py")) if 5_000 < path.stat().st_size < 60_000)
    text = place.read_text(encoding="utf-8", errors="replace")
    with Server(cache, scratch, WITHOUT_REFINEMENT, repository) as client:
        client.initialize(root=folder)
        client.wait_ready(600)
        for number in range(rounds * len(TYPED)):
            name, sentence, question = TYPED[number % len(TYPED)]
            uri = place.as_uri()
            client.open(uri, text)
            line, version = text.count("\n") + 1, 1
            code = f'\n\ndef {name}_{number}(given):\n    """{sentence}"""\n    return given\n'
            column = 0
            client.change(uri, 2, edit(line, 0, line, 0, "\n"))
            lines = text.count("\n") + 1
            for piece in [code[at : at + 7] for at in range(0, len(code), 7)]:
                version += 1
                client.change(uri, version + 1, edit(lines, column, lines, column, piece))
                lines += piece.count("\n")
                column = len(piece) - piece.rfind("\n") - 1 if "\n" in piece else column + len(piece)
                time.sleep(0.01)
            target = f"{name}_{number}"
            elapsed = wait_first(client, question, lambda hits, t=target: any(hit["name"] == t for hit in hits[:10]))
            if elapsed is None:
                misses += 1
            else:
                found.append(elapsed)
                n_first += client.search(question)["hits"][0]["name"] == target
            client.close_document(uri)
            elapsed = wait_first(client, question, lambda hits, t=target: all(hit["name"] != t for hit in hits))
            gone.append(elapsed if elapsed is not None else float("inf"))
    return {"found": summary(found or [0.0]), "reverted": summary(gone), "never among ten": misses, "first": n_first}


def wait_first(
    client: ProcessClient, question: str, good: Callable[[list[dict[str, Any]]], bool], seconds: float = 3.0
) -> float | None:
    """Milliseconds until the response satisfies the predicate, or None."""
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        if good(client.search(question)["hits"]):
            return (time.perf_counter() - started) * 1000
    return None


def show(figures: Figures) -> None:
    print(f"{'':46}{'n':>6}{'median':>10}{'p95':>10}{'p99':>10}{'max':>10}  ms")
    for section, content in figures.items():
        for name, value in content.items() if isinstance(content, dict) else ():
            if isinstance(value, dict):
                columns = "".join(f"{value[key]:>10.2f}" for key in ("median_ms", "p95_ms", "p99_ms", "max_ms"))
                print(f"{(section + ': ' + name)[:46]:46}{value['n']:>6}{columns}")
            else:
                print(f"{section + ': ' + name:60}{value!s:>16}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", default="S", help="S, M, L, XL or a folder")
    parser.add_argument("--only", nargs="*", default=["start", "idle", "refining", "indexing", "attacked", "typed"])
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="maximum duration of the measurement while indexing"
    )
    parser.add_argument("--cache", type=Path, help="a cache folder with the index, made before by 'semlens index'")
    options = parser.parse_args()
    from corpora import named_folder

    label, folder = named_folder(options.corpus)
    scratch = Path(tempfile.mkdtemp(prefix="semlens-lsp-bench-"))
    cache = options.cache or scratch / "cache"
    figures: Figures = {}
    try:
        if set(options.only) & {"start", "idle", "refining", "typed"}:
            figures["index"] = measure_index(folder, cache, scratch)
            if options.cache is not None:
                del figures["index"]["seconds"]  # it was there
            print("index", figures["index"], flush=True)
        for name, measure in {
            "start": lambda: measure_start(folder, cache, scratch),
            "idle": lambda: measure_idle(folder, cache, scratch),
            "refining": lambda: measure_idle(folder, cache, scratch, rounds=2, settings={}),
            "typed": lambda: measure_typed(folder, cache, scratch),
            "indexing": lambda: measure_indexing(folder, scratch, options.seconds, attacked=False),
            "attacked": lambda: measure_indexing(folder, scratch, options.seconds, attacked=True),
        }.items():
            if name in options.only:
                figures[name] = measure()
                print(name, figures[name], flush=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    show(figures)
    results = REPOSITORY / "bench" / "results"
    results.mkdir(exist_ok=True)
    target = results / f"lsp_latency_{label}.json"
    old = json.loads(target.read_text()) if target.exists() else {}
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform(terse=True)}
    target.write_text(json.dumps({**old, **figures, "machine": machine}, indent=2) + "\n")


if __name__ == "__main__":
    main()
