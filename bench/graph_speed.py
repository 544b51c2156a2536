"""Times callers, callees and impact on a corpus, in memory and warm: processor time, which other processes change less.

python bench/graph_speed.py M [--result FILE]
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path

from corpora import named_folder
from graph_truth import load
from semlens.core.symbol import SymbolKind
from semlens.graph.impact import impact_of
from semlens.graph.neighbours import callees, callers
from semlens.graph.resolver import Resolver
from semlens.graph.segment_names import SymbolPlace

SEED = 20
N_SYMBOLS = 1_000
N_DIFFS = 20
N_FILES = 20
EXTENSIONS = (".py", ".ts", ".js", ".c", ".h", ".rs", ".rb", ".go", ".java", ".cc", ".cpp")
KINDS = (SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CLASS, SymbolKind.STRUCT)


def spread(times: list[float]) -> dict[str, float]:
    times.sort()
    return {
        "median ms": round(times[len(times) // 2], 2),
        "95th percentile ms": round(times[int(len(times) * 0.95)], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("--result", type=Path)
    options = parser.parse_args()
    label, folder = named_folder(options.corpus)
    view = load(folder, EXTENSIONS).view
    symbols = view.segment.symbols
    rows = [row for row in range(len(symbols)) if int(symbols.kinds[row]) in KINDS]
    chosen = random.Random(SEED).sample(rows, min(N_SYMBOLS, len(rows)))
    resolver = Resolver([view])
    callers(resolver, SymbolPlace(0, chosen[0]))  # the names of the segment are read once
    figures: dict[str, object] = {"symbols": len(symbols)}
    for name, find in (("callers", callers), ("callees", callees)):
        times = []
        for row in chosen:
            fresh = Resolver([view])  # nothing is remembered from the question before
            started = time.process_time()
            find(fresh, SymbolPlace(0, row))
            times.append((time.process_time() - started) * 1000)
        figures[name] = spread(times)
    times = []
    for number in range(N_DIFFS):
        by_file: dict[int, int] = {}
        for row in random.Random(number).sample(rows, 20 * N_FILES):
            by_file.setdefault(int(symbols.files[row]), row)
        places = [SymbolPlace(0, row) for row in list(by_file.values())[:N_FILES]]
        started = time.process_time()
        impact_of(Resolver([view]), places, [(0, int(symbols.files[place.symbol])) for place in places])
        times.append((time.process_time() - started) * 1000)
    figures["impact of 20 files"] = spread(times)
    print(json.dumps({label: figures}, indent=1))
    if options.result:
        results = json.loads(options.result.read_text()) if options.result.exists() else {}
        results[f"speed on {label}"] = figures
        options.result.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
