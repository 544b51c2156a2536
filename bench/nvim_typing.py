"""Measures typing in the picker of a real Neovim, from a key to the redrawn list, and the plugin's startup time.

    python bench/nvim_typing.py [S|M|L|/any/folder] [--pause-ms 120]

Prints the figures and writes bench/results/nvim_typing_<corpus>.json. Neovim runs with its terminal interface in a
pseudo terminal. The clock starts when a key is written to it, and stops when it writes the bytes that draw the list of
that query (`nvim_typing.lua` does both). Keys come at the pace of a fast typist, even if the list is not drawn yet. A
query that the next key cancels is counted, not timed. There is no refining model, so the first result is the final one.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from corpora import named_folder

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "bench" / "results"
CLIENT = REPOSITORY / "clients" / "nvim"
QUESTIONS = (
    "parse command line arguments",
    "retry after a failure",
    "escape html characters",
    "HTTPServer",
    "lock that can be taken twice by its owner",
)
N_STARTS = 21
SOURCED = re.compile(r"^\S+\s+(\S+)\s+\S+: sourcing .*/plugin/semlens\.lua$", re.MULTILINE)


def neovim(scratch: Path, *arguments: str, folder: Path, **environment: str) -> None:
    """Run a script in the Neovim of the client's tests, which install it."""
    command = '. "$tests/setup.sh"; cd "$BENCH_FOLDER"; "$nvim" "$@"'
    subprocess.run(
        ["bash", "-euc", command, "bash", *arguments],
        env={
            **os.environ,
            "tests": str(CLIENT / "tests"),
            "SEMLENS_PYTHON": sys.executable,
            "BENCH_FOLDER": str(folder),
            "BENCH_RESULT": str(scratch / "result.json"),
            **environment,
        },
        check=True,
    )


def summary(times_ms: Sequence[float]) -> dict[str, float]:
    if not times_ms:
        return {"n": 0}
    ordered = sorted(times_ms)
    at_95 = min(len(ordered) - 1, int(0.95 * len(ordered)))
    return {
        "n": len(ordered),
        "median_ms": round(statistics.median(ordered), 2),
        "p95_ms": round(ordered[at_95], 2),
        "max_ms": round(ordered[-1], 2),
    }


def measure_typing(folder: Path, scratch: Path, pause_ms: int) -> dict[str, Any]:
    neovim(
        scratch,
        *("--headless", "-u", "NONE", "-i", "NONE", "-n", "-l", str(REPOSITORY / "bench" / "nvim_typing.lua")),
        folder=folder,
        BENCH_QUESTIONS=json.dumps(QUESTIONS),
        BENCH_PAUSE_MS=str(pause_ms),
    )
    said = json.loads((scratch / "result.json").read_text(encoding="utf-8"))
    return {
        "symbols": said["symbols"],
        "key to list": summary(said["listed_ms"]),
        "key to its own echo": summary(said["echoed_ms"]),
        "questions overtaken by the next key": said["n_overtaken"],
    }


def measure_start(scratch: Path) -> dict[str, Any]:
    """Milliseconds to source the plugin, and to enable it as an additional server."""
    sourcing, enabling = [], []
    for number in range(N_STARTS):
        log = scratch / f"start-{number}.log"
        enable = (
            "vim.lsp.enable('another') local before = vim.uv.hrtime() vim.lsp.enable('semlens') "
            "vim.fn.writefile({ (vim.uv.hrtime() - before) / 1e6 .. '' }, vim.env.BENCH_RESULT) "
        )
        neovim(
            scratch,
            *("--headless", "-i", "NONE", "-n", "-u", str(CLIENT / "tests" / "init.lua")),
            *("--startuptime", str(log), "-c", f"lua {enable}", "-c", "qall!"),
            folder=scratch,
        )
        found = SOURCED.search(log.read_text(encoding="utf-8"))
        if not found:
            sys.exit("Neovim did not source the plugin. Run make test-nvim first.")
        sourcing.append(float(found[1]))
        enabling.append(float((scratch / "result.json").read_text(encoding="utf-8")))
    return {"plugin/semlens.lua": summary(sourcing), "vim.lsp.enable": summary(enabling)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", default="S", help="S, M, L or a folder")
    parser.add_argument("--pause-ms", type=int, default=120, help="pause between two keys")
    options = parser.parse_args()
    label, folder = named_folder(options.corpus)
    load = round(os.getloadavg()[0], 1)
    with tempfile.TemporaryDirectory(prefix="semlens-bench-") as name:
        scratch = Path(name)
        figures = {
            "typing": measure_typing(folder, scratch, options.pause_ms),
            "start": measure_start(scratch),
            "machine": {
                "cores": os.cpu_count(),
                "system": platform.platform(terse=True),
                "load_at_start": load,
            },
        }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(figures, indent=2)
    (RESULTS / f"nvim_typing_{label}.json").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
