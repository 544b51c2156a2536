"""Measures the map of the index: what its process costs, and whether neighbours on the map are neighbours by vector.

    python bench/map.py FOLDER --name M [--cache DIR] [--sample 1000]

FOLDER is an indexed folder: `semlens index FOLDER`. The map is computed in a process of its own on one thread, as for
the page. Trustworthiness (Venna and Kaski) at 15 neighbours is that of a random sample of points with ranks among all
points: 1 means that the map shows no false neighbour. The map is computed twice, and the positions are compared. Needs
the extra `map`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from semlens.embedding.registry import find_model
from semlens.engine.mapping.map_points import MapPoints, collect_points
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.index.storage.root_store import RootStore
from semlens.settings.loading import cache_folder, load_settings

RESULTS = Path(__file__).parent / "results"
K = 15


def points_of(folder: Path, cache: Path, fingerprint: str) -> MapPoints:
    """The points of a stored index."""
    store = RootStore(cache, folder)
    try:
        stored = store.load()
        views = []
        for segment_id, segment in stored.segments.items():
            living = {path for path, entry in stored.files.items() if entry.segment == segment_id}
            alive = np.array([path in living for path in segment.files.paths.tolist()])
            block = store.read_vectors(segment_id, fingerprint)
            tiers = {} if block is None else {fingerprint: (block,)}
            views.append(SegmentView(str(folder), segment, alive, tiers))
        points = collect_points(IndexSnapshot(1, tuple(views), complete=True), {str(folder): str(folder)}, fingerprint)
        assert points is not None, "index the folder first: semlens index --wait"
        return points
    finally:
        store.close()


def compute(points: MapPoints, folder: Path, number: int) -> tuple[dict[str, float], npt.NDArray[np.float32], int]:
    """Time, processor time and memory of the process, the positions, and the number of labels."""
    source, target = folder / "points.npz", folder / f"map{number}.npz"
    names = np.frombuffer("\n".join(points.names()).encode("utf-8", "replace"), np.uint8)
    np.savez(source, vectors=points.vectors, hashes=points.hashes, names=names)
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "semlens.engine.mapping.map_process", str(source), str(target)],
        stdout=subprocess.DEVNULL,
        env={**os.environ, **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")},
    )
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    costs = {
        "seconds": round(time.monotonic() - started, 1),
        "processorSeconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peakMb": round(usage.ru_maxrss / 1024),
    }
    with np.load(target) as data:
        return costs, data["positions"], len(json.loads(data["labels"].tobytes()))


def trustworthiness(vectors: npt.NDArray[np.int8], positions: npt.NDArray[np.float32], sample: int) -> float:
    """Of a sample of points, with ranks among all points."""
    unit = vectors.astype(np.float32)
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-6)
    n = len(unit)
    chosen = np.random.default_rng(0).permutation(n)[:sample]
    penalties = []
    for point in chosen.tolist():
        squares = ((positions - positions[point]) ** 2).sum(axis=1)
        squares[point] = np.inf
        shown = np.argpartition(squares, K)[:K]
        cosines = unit @ unit[point]
        cosines[point] = np.inf  # rank 0
        ranks = np.array([int((cosines > cosines[other]).sum()) for other in shown.tolist()])  # equal ones share a rank
        penalties.append(np.maximum(ranks - K, 0).sum())
    return float(1 - 2 / (n * K * (2 * n - 3 * K - 1)) * np.mean(penalties) * n)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--name", default="M")
    parser.add_argument("--model", default="semlens-static-v1")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--sample", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        cache = options.cache or cache_folder(load_settings()[0])
        points = points_of(options.folder.resolve(), cache, find_model(options.model).fingerprint)
        print(f"{len(points):,} points of {len(points.files):,} files", flush=True)
        costs, positions, n_labels = compute(points, Path(scratch), 1)
        print(costs, n_labels, flush=True)
        _, again, _ = compute(points, Path(scratch), 2)
        spread = np.random.default_rng(1).permutation(positions)
        result = {
            "points": len(points),
            **costs,
            "labels": n_labels,
            "trustworthiness": round(trustworthiness(points.vectors, positions, options.sample), 4),
            "trustworthinessOfChance": round(trustworthiness(points.vectors, spread, options.sample), 4),
            "largestMoveFromRunToRun": float(np.abs(again - positions).max()),
        }
    print(json.dumps(result, indent=1))
    (RESULTS / f"map_{options.name}.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
