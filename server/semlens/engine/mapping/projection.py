"""Places vectors on a plane, near those that are like them: t-SNE for a part of them, the rest by their neighbours.

Deterministic: landmarks are chosen by their hashes, the start is the principal plane, and one thread computes. The
library (openTSNE) is an extra, so it is imported by the functions that need it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from semlens.index.arrays import Floats, Ints

N_LANDMARKS = 12_000
PERPLEXITY = 30
N_EARLY, N_LATE = 200, 300
"""Iterations with and without exaggeration."""

_EXAGGERATION = 12.0
_N_NEIGHBOURS = 3 * PERPLEXITY
_N_PLACED_BY = 5
_STEP = 25
_CHUNK = 1_000
_SHARPNESS = 30.0
_NEAR = 0.02
"""Neighbours farther from the nearest one than this share of the map do not pull."""

Progress = Callable[[float], None]


def project(vectors: npt.NDArray[np.int8], hashes: npt.NDArray[np.uint64], progress: Progress) -> Floats:
    """Positions within -1 and 1. Shape (n, 2).

    :param hashes: equal for equal vectors. :param progress: is told the share that is done.
    """
    unit = vectors.astype(np.float32)
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-6)
    _, first = np.unique(hashes, return_index=True)  # sorted by hash
    landmarks = np.sort(first[:N_LANDMARKS])
    placed = _tsne(unit[landmarks], lambda share: progress(0.75 * share))
    placed = _scaled(placed)
    positions = _place(unit, unit[landmarks], placed, hashes, lambda share: progress(0.75 + 0.25 * share))
    positions[landmarks] = placed
    return positions


def _tsne(unit: Floats, progress: Progress) -> Floats:
    n = len(unit)
    start = _principal_plane(unit)
    if n < 12:
        return start
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    n_neighbours = min(_N_NEIGHBOURS, n - 1)
    neighbours, cosines = nearest(unit, unit, n_neighbours + 1)
    progress(0.1)
    rows = np.arange(n)[:, None]
    is_self = neighbours == rows
    is_self[~is_self.any(axis=1), -1] = True  # equal vectors may have pushed it out
    keep = ~is_self
    neighbours = neighbours[keep].reshape(n, n_neighbours)
    distances = 1.0 - cosines[keep].reshape(n, n_neighbours)
    affinities = PerplexityBasedNN(
        perplexity=min(PERPLEXITY, n_neighbours / 3),
        knn_index=PrecomputedNeighbors(neighbours, np.maximum(distances, 0.0)),
        n_jobs=1,
        random_state=1,
    )
    n_done = 0

    def tell(_iteration: int, _error: float, _embedding: npt.NDArray[np.float64]) -> None:
        nonlocal n_done
        n_done += _STEP
        progress(0.1 + 0.9 * min(1.0, n_done / (N_EARLY + N_LATE)))

    embedding = TSNEEmbedding(
        start.astype(np.float64) * 1e-4 / max(float(start[:, 0].std()), 1e-9),
        affinities,
        negative_gradient_method="fft" if n > 2_000 else "bh",
        n_jobs=1,
        random_state=1,
        callbacks=tell,
        callbacks_every_iters=_STEP,
    )
    embedding.optimize(N_EARLY, exaggeration=_EXAGGERATION, momentum=0.5, inplace=True)
    embedding.optimize(N_LATE, momentum=0.8, inplace=True)
    return np.asarray(embedding, np.float32)


def nearest(queries: Floats, unit: Floats, count: int) -> tuple[Ints, Floats]:
    """The nearest rows of each query, best first, and their cosines. Equal ones in the order of rows."""
    rows = np.empty((len(queries), count), np.int64)
    cosines = np.empty((len(queries), count), np.float32)
    for start in range(0, len(queries), _CHUNK):
        found = queries[start : start + _CHUNK] @ unit.T
        top = np.argpartition(-found, count - 1, axis=1)[:, :count]
        top.sort(axis=1)
        values = np.take_along_axis(found, top, 1)
        order = np.argsort(-values, axis=1, kind="stable")
        rows[start : start + _CHUNK] = np.take_along_axis(top, order, 1)
        cosines[start : start + _CHUNK] = np.take_along_axis(values, order, 1)
    return rows, cosines


def _principal_plane(unit: Floats) -> Floats:
    """Coordinates in the plane of the largest variance, with signs that do not depend on the library."""
    centred = (unit - unit.mean(axis=0)).astype(np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    plane = centred @ axes[:, -1:-3:-1]
    signs = np.where(np.abs(plane.min(axis=0)) > plane.max(axis=0), -1.0, 1.0)
    signed: Floats = (plane * signs).astype(np.float32)
    return signed


def _scaled(positions: Floats) -> Floats:
    """Within -1 and 1, with the same scale on both axes."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    scaled: Floats = (positions - (low + high) / 2) * np.float32(2.0 / max(float((high - low).max()), 1e-9))
    return scaled


def _place(
    unit: Floats, landmarks: Floats, placed: Floats, hashes: npt.NDArray[np.uint64], progress: Progress
) -> Floats:
    """Each vector beside the landmarks that are most like it, a little apart from them."""
    count = min(_N_PLACED_BY, len(landmarks))
    positions = np.empty((len(unit), 2), np.float32)
    angles = (hashes & np.uint64(0xFFFF)).astype(np.float32) * np.float32(2 * np.pi / 0xFFFF)
    radii = (0.2 + (hashes >> np.uint64(16) & np.uint64(0xFFFF)).astype(np.float32) / 0xFFFF) / np.float32(1.2)
    spread = np.float32(0.7 / np.sqrt(len(landmarks)))
    for start in range(0, len(unit), 16 * _CHUNK):
        part = slice(start, start + 16 * _CHUNK)
        rows, cosines = nearest(unit[part], landmarks, count)
        near = placed[rows]
        weights = np.exp(_SHARPNESS * (cosines - cosines[:, :1]))
        weights *= np.linalg.norm(near - near[:, :1], axis=2) <= 2 * _NEAR
        positions[part] = (near * weights[..., None]).sum(axis=1) / weights.sum(axis=1, keepdims=True)
        progress(min(1.0, (start + 16 * _CHUNK) / len(unit)))
    positions[:, 0] += spread * radii * np.cos(angles)
    positions[:, 1] += spread * radii * np.sin(angles)
    return np.clip(positions, -1.0, 1.0)
