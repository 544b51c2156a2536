"""Positions on the map: near what is alike, and the same each time."""

from __future__ import annotations

import numpy as np
import pytest

from semlens.engine.mapping import projection
from semlens.engine.mapping.projection import nearest, project
from semlens.index.segment.vectors import quantise

pytest.importorskip("openTSNE")
N_GROUPS, N_EACH = 6, 40


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(projection, "N_EARLY", 100)
    monkeypatch.setattr(projection, "N_LATE", 50)


@pytest.fixture(scope="module")
def groups():
    """Vectors around some centres, with the number of the centre of each."""
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(N_GROUPS, 16))
    group = np.repeat(np.arange(N_GROUPS), N_EACH)
    vectors = quantise((centres[group] + rng.normal(size=(len(group), 16)) * 0.2).astype(np.float32))
    return vectors, rng.integers(2**63, size=len(group), dtype=np.uint64), group


@pytest.mark.parametrize("n_landmarks", [1000, 120])
def test_neighbours_on_the_map_are_alike(groups, monkeypatch, n_landmarks):
    """Also those that are placed by landmarks alone."""
    monkeypatch.setattr(projection, "N_LANDMARKS", n_landmarks)
    vectors, hashes, group = groups
    positions = project(vectors, hashes, lambda _share: None)
    assert positions.shape == (len(vectors), 2)
    assert np.abs(positions).max() <= 1.0
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (group[distances.argsort(axis=1)[:, :5]] == group[:, None]).mean() > 0.95


def test_a_map_is_the_same_each_time_and_tells_how_far_it_is(groups):
    vectors, hashes, _ = groups
    shares = []
    first = project(vectors, hashes, shares.append)
    assert np.array_equal(first, project(vectors, hashes, shares.append))
    assert min(shares) >= 0.0
    assert shares[len(shares) // 2 - 1] == 1.0


@pytest.mark.parametrize("count", [1, 2, 5, 13, 40])
def test_few_points_and_equal_ones(count):
    vectors = np.ones((count, 8), np.int8)
    positions = project(vectors, np.zeros(count, np.uint64), lambda _share: None)
    assert np.isfinite(positions).all()
    distinct = quantise(np.random.default_rng(1).normal(size=(count, 8)).astype(np.float32))
    positions = project(distinct, np.arange(count, dtype=np.uint64), lambda _share: None)
    assert len(np.unique(positions, axis=0)) == count


def test_nearest_is_exact_and_ordered():
    unit = np.random.default_rng(2).normal(size=(2_500, 8)).astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    rows, cosines = nearest(unit, unit, 4)
    expected = np.argsort(-(unit @ unit.T), axis=1)[:, :4]
    assert (rows[:, 0] == np.arange(2_500)).all()
    assert (rows == expected).mean() > 0.999
    assert (np.diff(cosines, axis=1) <= 0).all()
