"""`make bench`: every benchmark that needs nothing but this checkout and the package registries, one after the other.

    python bench/run.py [--corpus S] [--only command_line ...]

Each is a program of its own with its own options; what it measures is kept in bench/results/*.json, of which
`bench/report.py` makes docs/benchmarks.md. One that fails does not stop the others, but fails the run.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
RESULTS = BENCH / "results"


def steps(corpus: str) -> dict[str, list[str]]:
    """Name of a benchmark: its command line. In the order in which they run."""
    return {
        "installed_size": ["installed_size.py"],
        "command_line": ["command_line.py", corpus],
        "command_line_words": ["command_line.py", corpus, "--words-only"],
        "lsp_latency": ["lsp_latency.py", corpus],
        "live": ["live.py"],
        "nvim_typing": ["nvim_typing.py", corpus],
        "embedding_speed": ["embedding.py", "speed", "--json", str(RESULTS / "embedding_speed.json")],
        "outline_speed": ["outline_speed.py", "--json", "M"],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", choices=("S", "M", "L"), default="S")
    parser.add_argument("--only", nargs="*", choices=tuple(steps("S")))
    options = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    failed = []
    for name, (script, *arguments) in steps(options.corpus).items():
        if (options.only and name not in options.only) or not (BENCH / script).exists():
            continue
        print(f"== {name}", flush=True)
        environment = {**os.environ, "PYTHONPATH": str(BENCH.parent / "server")}
        command = [sys.executable, str(BENCH / script), *arguments]
        if name == "outline_speed":  # prints its rows rather than writing them
            ran = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
            if ran.returncode == 0:
                (RESULTS / "outline_speed.json").write_text(ran.stdout, encoding="utf-8")
        else:
            ran = subprocess.run(command, env=environment, check=False)
        if ran.returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
