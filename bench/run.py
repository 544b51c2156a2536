"""`make bench`: runs every benchmark that needs only this checkout and the package registries, one after the other.

    python bench/run.py [--corpus S] [--only command_line ...]

Each benchmark is a program with its own options, and writes bench/results/*.json, from which `bench/report.py` makes
docs/benchmarks.md. A failing benchmark does not stop the others, but fails the run.
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
    """The command line of each benchmark by name, in running order."""
    return {
        "installed_size": ["installed_size.py"],
        "command_line": ["command_line.py", corpus],
        "command_line_words": ["command_line.py", corpus, "--words-only"],
        "lsp_latency": ["lsp_latency.py", corpus],
        "live": ["live.py"],
        "worktree": ["worktree.py", corpus],
        "nvim_typing": ["nvim_typing.py", corpus],
        "embedding_speed": ["embedding.py", "speed", "--json", str(RESULTS / "embedding.json")],
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
        if name == "outline_speed":  # prints its results instead of writing them
            ran = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
            if ran.returncode == 0:
                (RESULTS / "outline_speed.json").write_text(ran.stdout, encoding="utf-8")
        else:
            ran = subprocess.run(command, env=environment, check=False)
        if ran.returncode:
            failed.append(name)
    if failed:
        print(f"These benchmarks failed: {', '.join(failed)}. Run them alone for the cause.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
