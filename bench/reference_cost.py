"""What reading references costs: the cold index of a folder with and without it, alternating in one run.

Both run as a user would: `semlens index --no-daemon` into an empty cache. Without it, a patch (`sitecustomize`) makes
`read_references` find nothing, in the parse workers too. With --before TREE, a third variant is the code of another
checkout. The figures are processor time of all processes; ratios are medians over the rounds.

    python bench/reference_cost.py FOLDER... [--rounds 7] [--before TREE] [--result FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

OWN = Path(__file__).parent.parent / "server"
WITHOUT = """
import importlib.abc, sys

class Patch(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "semlens.syntax.symbols.builder":
            import semlens.syntax.references.reader as reader
            reader.read_references = lambda *arguments: ()
        return None

sys.meta_path.insert(0, Patch())
"""


def cold_index(folder: Path, *paths: Path) -> tuple[float, int]:
    """Processor seconds of a cold index, and the bytes of what it wrote for the folder."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "SEMLENS_CACHE_DIR": cache}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "semlens", "index", "--no-daemon", str(folder)],
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        size = sum(
            one.stat().st_size for root in Path(cache).glob("roots*") for one in root.rglob("*") if one.is_file()
        )
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--before", type=Path, help="another checkout of the project")
    parser.add_argument("--result", type=Path, help="a JSON file to add the figures to")
    options = parser.parse_args()
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as patch:
        Path(patch, "sitecustomize.py").write_text(WITHOUT)
        variants = {"with": (OWN,), "without": (Path(patch), OWN)}
        if options.before:
            variants["before"] = (options.before / "server",)
        for folder in options.folders:
            seconds: dict[str, list[float]] = {name: [] for name in variants}
            sizes: dict[str, int] = {}
            for _ in range(options.rounds):
                for name, paths in variants.items():
                    spent, sizes[name] = cold_index(folder.resolve(), *paths)
                    seconds[name].append(round(spent, 2))
            kept: dict[str, object] = {"seconds": seconds, "bytes": sizes}
            for name in variants:
                ratios = [one / other for one, other in zip(seconds["with"], seconds[name], strict=True)]
                if name != "with":
                    kept[f"with / {name}"] = round(statistics.median(ratios), 3)
            figures[folder.name] = kept
            print(json.dumps({folder.name: kept}), flush=True)
    if options.result:
        results = json.loads(options.result.read_text()) if options.result.exists() else {}
        results["cost of a cold index"] = figures
        options.result.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
