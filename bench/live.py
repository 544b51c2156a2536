"""Measures the live index under change, in this process: branch switches, reopening unchanged, thousands of edits.

    python bench/live.py [--corpus M|S|/any/folder] [--files 3000] [--edits 10000] [--idle 60] [--quick]

Works on a copy of the corpus, with the watcher and the installed first tier. Prints a table and writes
bench/results/live.json. The bars are those of the issue "The live index".
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from semlens.core.cancel import CancelToken
from semlens.core.hashing import content_hash
from semlens.core.paths import path_to_uri
from semlens.core.request import SearchRequest
from semlens.core.status import WatchMode
from semlens.engine.engine import Engine
from semlens.engine.indexing.indexer import Indexer
from semlens.engine.indexing.root_state import RootState
from semlens.settings.loading import Settings

BENCH = Path(__file__).resolve().parent
RESULTS = BENCH / "results"
NAMED = re.compile(r"^(?:async )?(?:def|class) (\w+)", re.MULTILINE)
DEADLINE_S = 1800.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", default="M")
    parser.add_argument("--files", type=int, default=3000)
    parser.add_argument("--edits", type=int, default=10_000)
    parser.add_argument("--idle", type=float, default=60.0, help="seconds of measuring an idle engine")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, to test the benchmark")
    parser.add_argument("--reopen", nargs=2, metavar=("FOLDER", "CACHE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.reopen:
        print(json.dumps(reopen(*map(Path, options.reopen), options.idle, options.edits)))
        return 0
    if options.quick:
        options.files, options.edits, options.idle = options.files // 10, options.edits // 10, options.idle / 10
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="semlens-live-") as scratch:
        figures = measure(options, Path(scratch))
    figures["machine"] = {"cores": os.cpu_count(), "python": sys.version.split()[0], "load_at_start": round(load, 1)}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "live.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    show(figures)
    return 0


def measure(options: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    folder, cache = scratch / "code", scratch / "cache"
    copy_corpus(options.corpus, folder)
    figures: dict[str, Any] = {"corpus": options.corpus}
    engine = Engine(settings(), cache_folder=cache)
    engine.start()
    started = time.monotonic()
    engine.add_root(folder, watching=WatchMode.NATIVE)
    say("cold index")
    state = wait_root(engine)
    wait_until(lambda: state.settled and inside(engine).is_published)
    words_s = time.monotonic() - started
    finish(engine)
    status = engine.status()
    figures["cold"] = {
        "files": status.roots[0].files,
        "symbols": status.roots[0].symbols,
        "names_and_words_s": round(words_s, 2),
        "complete_s": round(time.monotonic() - started, 2),
        "model": status.tiers[0].model if status.tiers else "none",
    }
    figures["branch_switch"] = branch_switch(engine, state, folder, options.files)
    figures["edits"] = edit(engine, folder, options.edits)
    finish(engine)
    wait_until(lambda: not state.index.dirty and not state.index.unwritten_vectors)
    engine.close()
    say("reopening with nothing to do")
    command = [sys.executable, __file__, "--idle", str(options.idle), "--edits", str(options.edits)]
    command += ["--reopen", str(folder), str(cache)]
    ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures["nothing_to_do"] = json.loads(ran.stdout)
    return figures


def settings() -> Settings:
    """Settings without refinement, which takes minutes. The benchmark of the command line measures it."""
    default = Settings()
    return dataclasses.replace(default, models=dataclasses.replace(default.models, refine="none"))


def copy_corpus(name: str, folder: Path) -> None:
    if Path(name).is_dir():
        shutil.copytree(name, folder, symlinks=True)
        return
    sys.path.insert(0, str(BENCH))
    from corpora import corpus

    shutil.copytree(corpus(name), folder, symlinks=True)


# --- branch switch ---------------------------------------------------------------------------------------------------


def branch_switch(engine: Engine, state: RootState, folder: Path, n_files: int) -> dict[str, Any]:
    """Writes other text to thousands of files, then the old text again."""
    paths = sorted(path for path in state.index.rows if path.endswith(".py"))
    paths += sorted(set(state.index.rows) - set(paths))
    paths = paths[:n_files]
    main = {path: (folder / path).read_bytes() for path in paths}
    branch = {path: other_text(data) for path, data in main.items()}
    names = list(
        dict.fromkeys(name for data in main.values() for name in NAMED.findall(data.decode("utf-8", "replace")))
    )
    names = names[:: max(1, len(names) // 20)][:20]
    figures: dict[str, Any] = {"files": len(paths)}
    for label, texts in (("there", branch), ("back", main)):
        say(f"branch switch of {len(paths)} files: {label}")
        before = engine.status().counters.get("computed.first", 0)
        began = time.monotonic()
        for path, data in texts.items():  # as git does: replaces the file by a new one
            target = folder / path
            target.unlink()
            target.write_bytes(data)
        written = time.monotonic()
        n_hits, n_stale = look_for_stale(engine, folder, names)
        asked_ms = (time.monotonic() - written) * 1000 / max(1, len(names))
        hashes = {path: content_hash(data) for path, data in texts.items()}

        def is_right(hashes: dict[str, bytes] = hashes) -> bool:
            files = state.index.files
            return (
                all(path in files and files[path].hash == digest for path, digest in hashes.items())
                and inside(engine).is_published
            )

        wait_until(is_right)
        right = time.monotonic()
        finish(engine)
        after, stale_after = look_for_stale(engine, folder, names)
        figures[label] = {
            "writing_s": round(written - began, 2),
            "names_and_words_s": round(right - written, 2),
            "complete_s": round(time.monotonic() - written, 2),
            "hits_at_once": n_hits,
            "stale_at_once": n_stale,
            "ms_a_question_at_once": round(asked_ms, 1),
            "hits_after": after,
            "stale_after": stale_after,
            "computed": engine.status().counters.get("computed.first", 0) - before,
        }
    return figures


def other_text(data: bytes) -> bytes:
    """The text with every line moved and most functions changed."""
    return b"\n\n" + re.sub(rb"\breturn\b", b"return_", data)


def look_for_stale(engine: Engine, folder: Path, names: list[str]) -> tuple[int, int]:
    """The number of hits of exact names, and of those that do not match the disk."""
    n_hits = n_stale = 0
    for name in names:
        for hit in engine.search(SearchRequest(name, limit=10, per_file=0), CancelToken()).hits:
            if hit.name != name:
                continue
            n_hits += 1
            lines = (folder / hit.path).read_text("utf-8", "replace").split("\n")
            line = lines[hit.name_span.start_line] if hit.name_span.start_line < len(lines) else ""
            n_stale += name not in line
    return n_hits, n_stale


# --- edits -----------------------------------------------------------------------------------------------------------


def edit(engine: Engine, folder: Path, n_edits: int) -> dict[str, Any]:
    """A user types ten keys, pauses, and continues; sometimes searches for the typed text."""
    say(f"{n_edits} edits")
    state = wait_root(engine)
    path = next(
        path for path in sorted(state.index.rows) if path.endswith(".py") and (folder / path).stat().st_size > 12_000
    )
    text = (folder / path).read_text("utf-8", "replace")
    uri = path_to_uri(str(folder / path))
    engine.open_buffer(uri, "python", text)
    memory: list[float] = []
    found_ms: list[float] = []
    n_missed = 0
    for number in range(n_edits):
        name = f"typed_{number // 10}"
        body = "return wait_for_a_free_connection(pool)"[: 4 * (number % 10)]
        engine.change_buffer(uri, f"{text}\n\ndef {name}():\n    {body}\n")
        if number % 10 == 9:
            typed = time.monotonic()
            hits = engine.search(SearchRequest(name, limit=5), CancelToken()).hits
            n_missed += all(hit.name != name for hit in hits)
            found_ms.append((time.monotonic() - typed) * 1000)
        if number % max(1, n_edits // 10) == 0:
            memory.append(pss_mb())
    memory.append(pss_mb())
    closed = time.monotonic()
    engine.close_buffer(uri)
    last = f"typed_{(n_edits - 1) // 10}"
    gone = all(hit.name != last for hit in engine.search(SearchRequest(last, limit=5), CancelToken()).hits)
    found_ms.sort()
    return {
        "edits": n_edits,
        "typed_to_found_median_ms": round(statistics.median(found_ms), 1),
        "typed_to_found_p95_ms": round(found_ms[int(len(found_ms) * 0.95) - 1], 1),
        "not_found": n_missed,
        "reverted_ms": round((time.monotonic() - closed) * 1000, 1) if gone else None,
        "pss_mb": [round(value) for value in memory],
    }


# --- nothing to do ---------------------------------------------------------------------------------------------------


def reopen(folder: Path, cache: Path, idle_s: float, n_edits: int) -> dict[str, Any]:
    """In a process of its own, as on most days: the time to ready, what it costs to do nothing, memory over edits."""
    process = psutil.Process()
    started = process.create_time()
    engine = Engine(settings(), cache_folder=cache)
    opened = time.monotonic()
    engine.start()
    engine.add_root(folder, watching=WatchMode.NATIVE)
    finish(engine)
    ready = time.monotonic()
    since_start = time.time() - started
    status = engine.status()
    state = wait_root(engine)
    if state.watcher is not None:
        state.watcher.wait_ready(60)
    finish(engine)
    time.sleep(2)
    before = processor_seconds()
    time.sleep(idle_s)
    idle = processor_seconds() - before
    memory = pss_mb()
    edited = edit(engine, folder, n_edits)
    engine.close()
    return {
        "engine_to_ready_s": round(ready - opened, 2),
        "process_to_ready_s": round(since_start, 2),
        "parsed": status.counters["parsed"],
        "computed": status.counters.get("computed.first", 0),
        "idle_s": idle_s,
        "idle_processor_ms": round(idle * 1000),
        "pss_mb": round(memory),
        "pss_mb_over_edits": edited["pss_mb"],
        "symbols": status.roots[0].symbols,
    }


# --- helpers ---------------------------------------------------------------------------------------------------------


def inside(engine: Engine) -> Indexer:
    """The indexed text of each file, which the status does not show."""
    return engine._indexer  # noqa: SLF001


def wait_root(engine: Engine) -> RootState:
    wait_until(lambda: bool(inside(engine).states))
    return next(iter(inside(engine).states.values()))


def finish(engine: Engine) -> None:
    if not engine.wait_complete(timeout=DEADLINE_S):
        sys.exit(f"The index was not complete before the deadline: {engine.status()}")


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("The engine did not reach the expected state before the deadline.")
        time.sleep(0.02)


def family() -> list[psutil.Process]:
    me = psutil.Process()
    return [me, *me.children(recursive=True)]


def pss_mb() -> float:
    total = 0
    for process in family():
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total / (1 << 20)


def processor_seconds() -> float:
    total = 0.0
    for process in family():
        try:
            times = process.cpu_times()
            total += times.user + times.system
        except psutil.Error:
            continue
    return total


def say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def show(figures: dict[str, Any]) -> None:
    cold, switch, edits, idle = (figures[name] for name in ("cold", "branch_switch", "edits", "nothing_to_do"))
    there, back = switch["there"], switch["back"]
    files = switch["files"]
    rows = [
        ("corpus", f"{cold['files']} files, {cold['symbols']} symbols, model {cold['model']}", ""),
        (
            f"branch switch, {files} files: stale hits at once",
            f"{there['stale_at_once']} + {back['stale_at_once']}",
            "0",
        ),
        ("  names and words right", f"{there['names_and_words_s']} s, back {back['names_and_words_s']} s", "10 s"),
        ("  vectors computed", f"{there['computed']}, back {back['computed']}", "back: 0"),
        ("nothing to do: ready", f"{idle['engine_to_ready_s']} s ({idle['process_to_ready_s']} s with start)", "1.5 s"),
        ("  parsed, computed", f"{idle['parsed']}, {idle['computed']}", "0, 0"),
        (f"  processor time in {idle['idle_s']:g} s", f"{idle['idle_processor_ms']} ms", "60 ms"),
        ("typed to found by name, 95th percentile", f"{edits['typed_to_found_p95_ms']} ms", "150 ms"),
        ("  closed without saving: gone after", f"{edits['reverted_ms']} ms", "150 ms"),
        (f"memory over {edits['edits']} edits", _first_and_last(idle["pss_mb_over_edits"]), "400 MB, flat"),
        ("  where all was indexed before, and the branch", _first_and_last(edits["pss_mb"]), ""),
    ]
    for name, value, bar in rows:
        print(f"{name:52} {value:44} {bar}")


def _first_and_last(values: list[int]) -> str:
    return f"{values[0]} to {values[-1]} MB"


if __name__ == "__main__":
    raise SystemExit(main())
