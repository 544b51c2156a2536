"""Measures finding and watching files, on a generated tree of 10,000 files and 100,000 ignored folders.

``python bench/discovery_speed.py [--json] [FOLDER]`` lists and watches a fresh tree in a temporary folder, or FOLDER.
Bars: 10,000 files are listed in under a second; ignored folders need no watch; an idle watcher needs no processor time.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from pathlib import Path

from semlens.files.discovery import Discovery
from semlens.files.watching.watcher import Watcher
from semlens.settings.loading import Settings

N_FILES = 10_000
N_IGNORED_FOLDERS = 100_000
IDLE_S = 10.0


def make_tree(root: Path) -> None:
    """Creates 700 folders of Python files below an ignore file of 100 patterns, and a large ``node_modules``."""
    for number in range(N_FILES):
        folder = root / f"src/package{number % 100}/part{number % 7}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"file{number}.py").write_text("x = 1\n")
    for number in range(N_IGNORED_FOLDERS):
        (root / f"node_modules/package{number // 100}/folder{number % 100}").mkdir(parents=True, exist_ok=True)
    patterns = [f"*.ext{n}\nfolder{n}/\n/anchored/path{n}\nsome{n}*thing\n" for n in range(25)]
    (root / ".gitignore").write_text("".join(patterns))


def measure(root: Path) -> dict[str, float]:
    """Figures by name. Times are in seconds, of processor time if the name says so."""
    discovery = Discovery(root, Settings())
    times: list[float] = []
    n_files = 0
    for _ in range(5):
        begin = time.perf_counter()
        n_files = sum(1 for _ in discovery.walk())
        times.append(time.perf_counter() - begin)
    woken: list[object] = []
    watcher = Watcher(root, discovery, Settings(), woken.append)
    n_threads = threading.active_count()
    begin = time.perf_counter()
    watcher.start()
    watcher.wait_ready(600)
    figures = {
        "files": n_files,
        "listing_first_s": times[0],
        "listing_median_s": sorted(times)[2],
        "watching_begins_s": time.perf_counter() - begin,
        "watches": watcher.n_watches,
        "threads": threading.active_count() - n_threads,
    }
    before = time.process_time()
    time.sleep(IDLE_S)
    figures["idle_processor_s_per_minute"] = (time.process_time() - before) * 60 / IDLE_S
    watcher.stop()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = options.folder
        if root is None:
            root = Path(temporary)
            make_tree(root)
        figures = measure(root)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:28} {value:10.3f}" if isinstance(value, float) else f"{name:28} {value:10}")


if __name__ == "__main__":
    main()
