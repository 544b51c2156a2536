from __future__ import annotations

import numpy as np
import pytest
from damage import overwrite

from semlens.index.nearest.hnsw import GraphData, HnswGraph, build_graph, graph_path, read_graph, write_graph
from semlens.index.segment.columns import ColumnFileError
from semlens.index.segment.vectors import VectorBlock, quantise

SEGMENT, MODEL = "0123", "model-1"


def vectors(n: int) -> np.ndarray:
    return quantise(np.random.default_rng(0).normal(size=(n, 16)).astype(np.float32))


def test_a_graph_is_kept(tmp_path):
    assert write_graph(tmp_path, SEGMENT, MODEL, build_graph(vectors(300))) > 300 * 16
    graph = read_graph(tmp_path, SEGMENT, MODEL, (300, 16))
    for row in (0, 150, 299):
        rows, cosines = graph.nearest(vectors(300)[row], 5)
        assert rows[0] == row
        assert cosines[0] == pytest.approx(1.0, abs=1e-3)


def damage(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize(
    "change", [damage, lambda data: data[: len(data) // 2], lambda _: b"", lambda _: b"junk" * 1000]
)
def test_a_damaged_graph_is_refused_before_it_is_used(tmp_path, change):
    write_graph(tmp_path, SEGMENT, MODEL, build_graph(vectors(50)))
    path = graph_path(tmp_path, SEGMENT, MODEL)
    overwrite(path, change(path.read_bytes()))
    with pytest.raises(ColumnFileError):
        read_graph(tmp_path, SEGMENT, MODEL, (50, 16))


@pytest.mark.parametrize("shape", [(51, 16), (50, 24)])
def test_a_graph_of_other_vectors_is_refused(tmp_path, shape):
    write_graph(tmp_path, SEGMENT, MODEL, build_graph(vectors(50)))
    with pytest.raises(ColumnFileError, match="50 vectors of 16"):
        read_graph(tmp_path, SEGMENT, MODEL, shape)


def test_a_graph_of_another_segment_or_model_is_refused(tmp_path):
    write_graph(tmp_path, SEGMENT, MODEL, build_graph(vectors(5)))
    path = graph_path(tmp_path, SEGMENT, MODEL)
    for segment, model in ((SEGMENT, "model-2"), ("4567", MODEL)):
        path.replace(graph_path(tmp_path, segment, model))
        path = graph_path(tmp_path, segment, model)
        with pytest.raises(ColumnFileError, match="another graph"):
            read_graph(tmp_path, segment, model, (5, 16))
        path.replace(graph_path(tmp_path, SEGMENT, MODEL))
        path = graph_path(tmp_path, SEGMENT, MODEL)
    with pytest.raises(ColumnFileError, match="missing"):
        read_graph(tmp_path, "8901", MODEL, (5, 16))


def test_data_that_is_no_graph_is_refused():
    with pytest.raises(ColumnFileError):
        HnswGraph(GraphData(np.zeros(4096, np.uint8), np.zeros(0, np.uint32), np.zeros(1, np.uint32)))


def test_a_build_that_is_not_wanted_any_more_ends():
    asked = []

    def is_wanted() -> bool:
        asked.append(1)
        return len(asked) < 3

    with pytest.raises(InterruptedError):
        build_graph(vectors(5000), is_wanted=is_wanted)
    assert len(asked) == 3


def test_copies_of_a_vector_do_not_hide_others():
    copied = np.concatenate([vectors(200), np.repeat(vectors(3), 400, axis=0), np.zeros((5, 16), np.int8)])
    graph = HnswGraph(build_graph(copied))
    assert len(graph) == 1405
    for row in (0, 1, 150):
        rows, cosines = graph.nearest(vectors(200)[row], 30)
        equal = np.flatnonzero((copied == copied[row]).all(axis=1))
        assert set(equal.tolist()) <= set(rows.tolist())
        assert cosines[: len(equal)] == pytest.approx(1.0, abs=1e-3)
        assert cosines == pytest.approx(np.sort(cosines)[::-1])


def test_the_nearest_are_those_of_a_scan():
    matrix = vectors(520)
    block = VectorBlock(np.arange(500, dtype=np.uint32), matrix[:500])
    graph = HnswGraph(build_graph(matrix[:500]))
    for query in matrix[500:]:
        scanned, cosines = block.nearest(query, 20)
        rows, found = graph.nearest(query, 20)
        assert len(set(rows.tolist()) & set(scanned.tolist())) >= 19
        assert found[0] == pytest.approx(cosines[0], abs=2e-3)


@pytest.mark.parametrize(("n", "count", "expected"), [(3, 10, 3), (0, 10, 0), (3, 1, 1)])
def test_few_and_none(n, count, expected):
    assert len(HnswGraph(build_graph(vectors(n))).nearest(vectors(1)[0], count)[0]) == expected
