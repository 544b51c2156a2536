"""Measures the vector graph against the exact scan: recall, time of a query, build time, size, and where they cross.

    python bench/vector_index.py FOLDER... [--cache DIR] [--sizes 50000 100000 ...] [--neighbours 400]

FOLDER is an indexed folder: `semlens index FOLDER`. Several are searched as one. Their vectors are taken as they are
stored, each distinct vector once. The queries are those of the latency benchmarks. Times are processor time of one
thread, and both ways are asked in turn within one run, so that other work on the machine weighs on both alike. Recall
is by distance: a neighbour counts when it is as near as the last of the exact hundred.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
import platformdirs

from questions import QUESTIONS
from ranking_corpus import Tier
from semlens.core.status import TierRole
from semlens.index.arrays import Int8Matrix
from semlens.index.nearest.hnsw import CONNECTIVITY, EXPANSION_ADD, EXPANSION_SEARCH, HnswGraph, build_graph
from semlens.index.segment.vectors import VectorBlock, quantise
from semlens.index.storage.root_store import RootStore

RESULTS = Path(__file__).parent / "results"
RECALL_AT = 100


def stored_vectors(folders: list[Path], cache: Path, fingerprint: str) -> Int8Matrix:
    """The distinct vectors of the stored indexes, shuffled."""
    parts = []
    for folder in folders:
        store = RootStore(cache, folder.resolve())
        for segment_id in store.load().segments:
            block = store.read_vectors(segment_id, fingerprint)
            if block is not None:
                parts.append(np.array(block.matrix))
        store.close()
    matrix = np.concatenate(parts)
    _, first = np.unique(matrix.view(f"V{matrix.shape[1]}").reshape(-1), return_index=True)
    return matrix[np.random.default_rng(0).permutation(first)]


def processor_ms() -> float:
    return time.thread_time() * 1000


def compare(matrix: Int8Matrix, queries: list[np.ndarray], count: int, options: argparse.Namespace) -> dict[str, float]:
    started = time.thread_time()
    data = build_graph(matrix, connectivity=options.connectivity, expansion_add=options.expansion_add)
    build_s = time.thread_time() - started
    graph = HnswGraph(data, expansion=options.expansion_search)
    block = VectorBlock(np.arange(len(matrix), dtype=np.uint32), matrix)
    exact_ms, graph_ms, recalls = [], [], []
    _ = block.lengths
    for query in (*queries[:3], *queries):  # the first few warm the caches
        started_ms = processor_ms()
        cosines = block.all_cosines(query)
        nearest = np.argpartition(-cosines, count)[:count] if len(cosines) > count else np.arange(len(cosines))
        exact_ms.append(processor_ms() - started_ms)
        started_ms = processor_ms()
        rows, _ = graph.nearest(query, count)
        graph_ms.append(processor_ms() - started_ms)
        least = np.sort(cosines[nearest])[::-1][:RECALL_AT][-1]
        recalls.append(float((cosines[rows[:RECALL_AT]] >= least - 1e-5).mean()))
    return {
        "exact_ms": round(statistics.median(exact_ms[3:]), 3),
        "graph_ms": round(statistics.median(graph_ms[3:]), 3),
        "times_faster": round(statistics.median(exact_ms[3:]) / statistics.median(graph_ms[3:]), 2),
        "recall_at_100": round(statistics.fmean(recalls[3:]), 4),
        "least_recall": round(min(recalls[3:]), 3),
        "build_s": round(build_s, 1),
        "bytes_a_vector": round(len(data.graph) / len(matrix)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--cache", type=Path, default=Path(platformdirs.user_cache_dir("semlens")))
    parser.add_argument("--sizes", nargs="*", type=int, default=[20_000, 50_000, 100_000, 200_000, 400_000, 800_000])
    parser.add_argument("--neighbours", type=int, default=400)
    parser.add_argument("--connectivity", type=int, default=CONNECTIVITY)
    parser.add_argument("--expansion-add", type=int, default=EXPANSION_ADD)
    parser.add_argument("--expansion-search", type=int, default=EXPANSION_SEARCH)
    parser.add_argument("--out", type=Path, default=RESULTS / "vector_index.json")
    options = parser.parse_args()
    tier = Tier(TierRole.FIRST, "semlens-static-v1")
    matrix = stored_vectors(options.folders, options.cache, tier.fingerprint)
    queries = [quantise(vector.vector) for question in QUESTIONS for vector in tier.ask(question)]
    rows = {}
    for size in sorted({min(size, len(matrix)) for size in options.sizes}):
        rows[f"{size} vectors"] = compare(np.ascontiguousarray(matrix[:size]), queries, options.neighbours, options)
        print(size, rows[f"{size} vectors"], flush=True)
    figures = {
        "neighbours": options.neighbours,
        "connectivity": options.connectivity,
        "expansion_add": options.expansion_add,
        "expansion_search": options.expansion_search,
        "sizes": rows,
    }
    options.out.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
