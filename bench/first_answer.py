"""Measures the way from nothing to the first answer: ``uvx semlens search`` with an empty cache of packages.

    make setup-release && python bench/first_answer.py [WHEEL]

Builds the wheel if none is given. Indexes the package `email` of this Python (30 files) and asks one question. Writes
the seconds and sizes into bench/results/first_answer.json. Seconds with downloads depend on the connection.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
RESULT = REPOSITORY / "bench" / "results" / "first_answer.json"
UVX = REPOSITORY / ".venv-release" / "bin" / "uvx"
QUESTION = "split a long line of an address"
FOLDER = Path(sysconfig.get_paths()["stdlib"], "email")


def size_mb(folder: Path) -> float:
    """What the files of a folder take, each counted once however many names it has."""
    sizes = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            status = path.stat()
            sizes[status.st_ino] = status.st_size
    return round(sum(sizes.values()) / 1e6, 1)


def build(folder: Path) -> Path:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def ask(wheel: Path, environment: dict[str, str], *arguments: str) -> float:
    """Seconds of one `uvx`."""
    started = time.perf_counter()
    command = [UVX, "--python", sys.executable, "--from", wheel, "semlens", *arguments]
    subprocess.run(command, env=environment, check=True, capture_output=True, cwd=FOLDER)
    return round(time.perf_counter() - started, 1)


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        wheel = Path(sys.argv[1]).resolve() if sys.argv[1:] else build(folder / "dist")
        environment = {
            **os.environ,
            "UV_CACHE_DIR": str(folder / "uv"),
            "SEMLENS_CACHE_DIR": str(folder / "cache"),
            "SEMLENS_CONFIG_DIR": str(folder / "config"),
        }
        search = ("search", QUESTION, "--no-daemon", "--json")
        figures = {
            "install_s": ask(wheel, environment, "--version"),
            "first_search_s": ask(wheel, environment, *search),
            "next_search_s": ask(wheel, environment, *search),
            "wheel_mb": round(wheel.stat().st_size / 1e6, 1),
            "installed_mb": size_mb(folder / "uv" / "archive-v0"),
            "index_mb": size_mb(folder / "cache"),
            "processors": os.cpu_count(),
            "load": [round(value, 1) for value in os.getloadavg()],
        }
        for name, value in figures.items():
            print(f"{name:>16}  {value}")
        RESULT.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
