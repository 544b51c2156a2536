"""Runs a long session: edits and searches at a steady rate during refinement. Samples memory and checks every result.

    python bench/soak.py [--minutes 12] [--files 5000] [--edits 5] [--searches 2] [--name soak]

The workspace is a copy of Python files of this environment. About twenty documents are open. Each edit replaces a
function at the end of one of them; some documents are saved, closed, or replaced by another. Writes
bench/results/<name>.json: the memory every ten seconds (`server` is the language server only, `all` includes its parse
workers), and the faults. A slow machine does fewer edits and searches; the counts are the actual numbers.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import statistics
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "tests" / "support"), str(REPOSITORY / "bench")]

from chaos_server import fault_of  # noqa: E402 - found by the line above
from lsp_client import ProcessClient, edit  # noqa: E402

from questions import QUESTIONS  # noqa: E402

RESULTS = REPOSITORY / "bench" / "results"
N_OPEN = 20
SAMPLE_SECONDS = 10.0
SAVE_EVERY, SWAP_EVERY = 10, 40  # edits
VERBS = "fetch parse render merge split encode decode rotate compress validate schedule throttle".split()
NOUNS = "invoice colour packet vector ticket window cursor ledger socket buffer record picture".split()


@dataclass(slots=True)
class OpenFile:
    """The client's state of one open document.

    :ivar typed: name of the function at its end; "" before the first edit. :ivar start: its first line.
    """

    path: Path
    text: str
    start: int
    typed: str = ""
    version: int = 1

    @property
    def uri(self) -> str:
        return self.path.as_uri()

    @property
    def n_lines(self) -> int:
        return self.text.count("\n")


@dataclass(slots=True)
class Tally:
    """Counts of actions, and faults."""

    edits: int = 0
    saves: int = 0
    searches: int = 0
    hits: int = 0
    wrong: list[str] = field(default_factory=list)
    search_ms: list[float] = field(default_factory=list)


class Session:
    """The scripted user: edits, searches, and checks the results."""

    def __init__(self, client: ProcessClient, folder: Path, seed: int) -> None:
        self.client = client
        self.random = random.Random(seed)
        self.paths = sorted(folder.rglob("*.py"))
        self.open: list[OpenFile] = []
        self.gone: list[str] = []
        self.tally = Tally()
        for _ in range(N_OPEN):
            self._open_one()

    def edit(self) -> None:
        """Replace the function at the end of one open document by another."""
        document = self.random.choice(self.open)
        number = self.tally.edits
        name = f"{self.random.choice(VERBS)}_{self.random.choice(NOUNS)}_{number}"
        words = " ".join(self.random.choices(VERBS + NOUNS, k=6))
        function = f'def {name}(value):\n    """{words}."""\n    return value + {number}\n'
        change = edit(document.start, 0, document.n_lines, 0, function)
        document.version += 1
        self.client.change(document.uri, document.version, change)
        document.text = "".join(document.text.splitlines(keepends=True)[: document.start]) + function
        if document.typed:
            self.gone.append(document.typed)
        document.typed = name
        self.tally.edits += 1
        if number % SAVE_EVERY == 0:
            self._save(document)
        if number % SWAP_EVERY == SWAP_EVERY - 1:
            self._close_one()
            self._open_one()

    def search(self) -> None:
        """Search in turn by meaning, for text just typed, and for deleted text."""
        kind = self.tally.searches % 3
        typed = [document.typed for document in self.open if document.typed]
        if kind == 0 or not typed or not self.gone:
            query = self.random.choice(QUESTIONS)
        else:
            query = self.random.choice(typed) if kind == 1 else self.random.choice(self.gone[-50:])
        started = time.perf_counter()
        answer = self.client.search(query, limit=20)
        self.tally.search_ms.append((time.perf_counter() - started) * 1000)
        self.tally.searches += 1
        self.tally.hits += len(answer["hits"])
        for hit in answer["hits"]:
            self._judge(hit, query)

    def _judge(self, hit: dict[str, Any], query: str) -> None:
        uri = hit["location"]["uri"]
        if fault := fault_of(hit, {document.uri: document.text for document in self.open}):
            say(f"{fault}: {hit['name']} in {uri} {hit['selectionRange']} for {query!r}")
            self.tally.wrong.append(fault)

    def _save(self, document: OpenFile) -> None:
        document.path.write_text(document.text, encoding="utf-8")
        self.client.save(document.uri)
        self.tally.saves += 1

    def _open_one(self) -> None:
        shown = {document.path for document in self.open}
        path = self.random.choice([path for path in self.paths if path not in shown])
        text = path.read_text(encoding="utf-8")
        if not text.endswith("\n"):
            text += "\n"
        document = OpenFile(path, text, text.count("\n"))
        self.open.append(document)
        self.client.open(document.uri, text)

    def _close_one(self) -> None:
        document = self.open.pop(self.random.randrange(len(self.open)))
        self.client.close_document(document.uri)
        if document.typed and document.typed not in document.path.read_text(encoding="utf-8"):
            self.gone.append(document.typed)


def copy_files(folder: Path, n_files: int) -> int:
    """Copies a fixed selection of the Python files of this environment. Returns their number."""
    sources = [Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib"))]
    found = []
    for source in sources:
        for path in source.rglob("*.py"):
            relative = path.relative_to(source)
            if path.stat().st_size < 128 * 1024 and (source != sources[0] or "site-packages" not in relative.parts):
                found.append((hashlib.sha256(str(relative).encode()).hexdigest(), path, relative))
    n_copied = 0
    for _, path, relative in sorted(found):
        text = path.read_bytes()
        if n_copied == n_files:
            break
        try:
            plain = "\r" not in text.decode("utf-8") and "\f" not in text.decode("utf-8")
        except UnicodeDecodeError:
            continue
        if not plain:
            continue
        target = folder / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text)
        n_copied += 1
    return n_copied


def memory_of(client: ProcessClient) -> dict[str, float]:
    """In MB: PSS of the server, PSS of all its processes, and the server's anonymous memory."""
    server = psutil.Process(client.process.pid)
    total = 0.0
    for process in (server, *server.children(recursive=True)):
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    rollup = Path(f"/proc/{server.pid}/smaps_rollup").read_text().splitlines()
    kilobytes = {words[0].rstrip(":"): int(words[1]) for line in rollup[1:] if (words := line.split())}
    return {
        "server": round(kilobytes["Pss"] / 2**10, 1),
        "anonymous": round(kilobytes["Pss_Anon"] / 2**10, 1),
        "all": round(total / 2**20, 1),
        "threads": server.num_threads(),
        "files": server.num_fds(),
    }


def n_refined(client: ProcessClient) -> int:
    """Number of passages with a vector of the refining tier. Each takes 384 bytes in the server until all are done."""
    status = client.call("semlens/status", {})
    return sum(tier["embedded"] for tier in status["tiers"] if tier["role"] == "refine")


def soak(options: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    folder = scratch / "code"
    n_files = copy_files(folder, options.files)
    path = os.pathsep.join(filter(None, [str(REPOSITORY / "server"), os.environ.get("PYTHONPATH", "")]))
    client = ProcessClient(
        [sys.executable, "-m", "semlens", "serve"],
        stderr_path=scratch / "stderr.txt",
        env={
            "PYTHONPATH": path,
            "SEMLENS_CACHE_DIR": str(scratch / "cache"),
            "SEMLENS_CONFIG_DIR": str(scratch / "config"),
        },
    )
    try:
        client.initialize(root=folder, encodings=["utf-32"])
        client.wait_ready(1800)
        session = Session(client, folder, options.seed)
        samples = run_for(session, options)
    finally:
        exit_code = client.close()
    log = (scratch / "stderr.txt").read_text(errors="replace")
    tally = session.tally
    return {
        "files": n_files,
        "minutes": options.minutes,
        "edits": tally.edits,
        "saves": tally.saves,
        "searches": tally.searches,
        "hits": tally.hits,
        "wrong_hits": len(tally.wrong),
        "search_median_ms": round(statistics.median(tally.search_ms), 1),
        "tracebacks": log.count("Traceback") + log.count("raised at"),
        "exit_code": exit_code,
        "samples": samples,
    }


def run_for(session: Session, options: argparse.Namespace) -> list[dict[str, float]]:
    """Edits and searches at their rates until the time is over. Skips actions that are very late."""
    started = time.monotonic()
    samples: list[dict[str, float]] = []
    due = {"edit": started, "search": started, "sample": started}
    pause = {"edit": 1 / options.edits, "search": 1 / options.searches, "sample": SAMPLE_SECONDS}
    while (now := time.monotonic()) < started + options.minutes * 60:
        what = min(due, key=lambda name: due[name])
        if due[what] > now:
            time.sleep(due[what] - now)
        if what == "sample":
            samples.append({"s": round(time.monotonic() - started), **memory_of(session.client)})
            samples[-1]["refined"] = n_refined(session.client)
            session.client.notifications.clear()
            tally = session.tally
            say(f"{samples[-1]} {tally.edits} edits, {tally.searches} searches, {len(tally.wrong)} wrong")
        else:
            (session.edit if what == "edit" else session.search)()
        due[what] = max(due[what] + pause[what], time.monotonic() - 1.0)
    return samples


def say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--edits", type=float, default=5, help="edits per second")
    parser.add_argument("--searches", type=float, default=2, help="searches per second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--name", default="soak", help="name of the result")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    scratch = Path(tempfile.mkdtemp(prefix="semlens-soak-"))
    try:
        figures = soak(options, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    figures["machine"] = {"cores": os.cpu_count(), "python": sys.version.split()[0], "load_at_start": round(load, 1)}
    (RESULTS / f"{options.name}.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    first, last = figures["samples"][0], figures["samples"][-1]
    print(f"server {first['server']} to {last['server']} MB, all {first['all']} to {last['all']} MB")
    print(f"{figures['hits']} hits of {figures['searches']} searches, wrong: {figures['wrong_hits']}")
    return 1 if figures["wrong_hits"] or figures["tracebacks"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
