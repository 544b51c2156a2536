"""The files of maps: one that is damaged, and those that a process which was killed left."""

from __future__ import annotations

import os
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from engine_cases import DEADLINE_S

from semlens.engine.mapping import index_map
from semlens.engine.mapping.index_map import VERSION, IndexMap, MapFailedError
from semlens.engine.mapping.map_points import MapPoints

NONE = np.zeros(2, np.int64)
POINTS = MapPoints((), NONE, NONE, NONE, NONE, (), np.zeros((2, 4), np.int8), np.zeros(2, np.uint64), "digest")


def write_map(_map, _points, path):
    positions = np.array([[0, 1], [1, 0]], np.float32)
    with path.open("wb") as file:
        np.savez(file, positions=positions, labels=np.frombuffer(b"[]", np.uint8))


@pytest.fixture
def found(tmp_path, monkeypatch):
    monkeypatch.setattr(index_map, "can_draw", lambda: True)
    monkeypatch.setattr(index_map, "collect_points", lambda *_arguments: POINTS)
    monkeypatch.setattr(IndexMap, "_run", write_map)
    return IndexMap(lambda: SimpleNamespace(complete=True, views=()), dict, str, tmp_path)


def wait_for(found):
    deadline = time.monotonic() + DEADLINE_S
    while (ready := found.ready()) is None:
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)
    return ready


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_damaged_map_is_told_deleted_and_computed_again(found, tmp_path, share):
    path = tmp_path / f"digest.{VERSION}.npz"
    write_map(found, POINTS, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(MapFailedError, match="is damaged"):
        wait_for(found)
    assert not path.exists()
    assert wait_for(found).positions.tolist() == [[0, 1], [1, 0]]


def test_an_error_that_nobody_expected_is_told(found, monkeypatch):
    monkeypatch.setattr(index_map, "collect_points", lambda *_arguments: np.zeros(1)[2])
    with pytest.raises(MapFailedError, match="out of bounds"):
        wait_for(found)


def test_what_was_left_by_a_killed_computation_is_deleted(tmp_path):
    for name in ("a.1.points", "a.1.part", "b.1.points", "c.1.npz"):
        (tmp_path / name).write_bytes(b"")
        if name[0] != "b":
            os.utime(tmp_path / name, (0, 0))
    index_map._make_room(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.1.points", "c.1.npz"]
