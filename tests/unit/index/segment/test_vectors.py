from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semlens.index.segment.vectors import VectorBlock, join_blocks, matrix_of, merge_blocks, quantise


def random_block(n: int, dimension: int = 24, seed: int = 0, *, step: int = 1) -> VectorBlock:
    floats = np.random.default_rng(seed).normal(size=(n, dimension)).astype(np.float32)
    return VectorBlock(np.arange(0, n * step, step, dtype=np.uint32), quantise(floats))


def cosine(matrix: np.ndarray, query: np.ndarray) -> np.ndarray:
    matrix = matrix.astype(np.float64)
    query = query.astype(np.float64)
    return matrix @ query / np.linalg.norm(matrix, axis=1) / np.linalg.norm(query)


def test_quantised_vectors_keep_their_direction():
    floats = np.random.default_rng(1).normal(size=(200, 64)).astype(np.float32)
    small = quantise(floats)
    assert small.dtype == np.int8
    assert np.abs(small).max(axis=1).tolist() == [127] * 200
    for vector, quantised in zip(floats, small, strict=True):
        assert cosine(quantised[None], vector)[0] > 0.999


def test_vectors_are_normalised_and_zeros_are_kept():
    vector = np.array([[0.5, -1.0, 0.25]], np.float32)
    assert quantise(vector).tolist() == quantise(vector * 1000).tolist() == [[64, -127, 32]]
    assert quantise(np.zeros((2, 3), np.float32)).tolist() == [[0] * 3] * 2
    assert quantise(np.zeros(3, np.float32)).tolist() == [0] * 3


def test_nearest_equals_a_plain_scan():
    block = random_block(500, step=2)
    query = random_block(1, seed=7).matrix[0]
    rows, cosines = block.nearest(query, 20)
    expected = cosine(block.matrix, query)
    assert rows.tolist() == (np.argsort(-expected)[:20] * 2).tolist()
    assert cosines == pytest.approx(np.sort(expected)[::-1][:20], abs=1e-4)


def test_nearest_of_few_and_of_none():
    block = random_block(3)
    assert sorted(block.nearest(block.matrix[0], 10)[0].tolist()) == [0, 1, 2]
    empty = VectorBlock(np.zeros(0, np.uint32), np.zeros((0, 24), np.int8))
    rows, cosines = empty.nearest(block.matrix[0], 10)
    assert len(rows) == len(cosines) == 0


@pytest.mark.parametrize("n", [0, 1, 70, 1001])
def test_all_cosines(n):
    block, query = random_block(n), random_block(1, seed=7).matrix[0]
    assert block.all_cosines(query) == pytest.approx(cosine(block.matrix, query), abs=1e-5)


@given(st.permutations(range(12)), st.integers(1, 11))
def test_joined_blocks_ascend_and_keep_their_vectors(order, cut):
    matrix = random_block(12).matrix
    halves = [sorted(order[:cut]), sorted(order[cut:])]
    blocks = [VectorBlock(np.array(rows, np.uint32), matrix[rows]) for rows in halves]
    joined = join_blocks(blocks)
    assert joined.rows.tolist() == list(range(12))
    assert np.array_equal(joined.matrix, matrix)


def test_merged_blocks_follow_the_new_rows():
    first, second = random_block(3), random_block(2, seed=5)
    merged = merge_blocks([(first, np.array([-1, 1, 0])), (second, np.array([2, -1]))])
    assert merged.rows.tolist() == [0, 1, 2]
    assert np.array_equal(merged.matrix, np.stack([first.matrix[2], first.matrix[1], second.matrix[0]]))


def test_stored_bytes_become_a_matrix():
    block = random_block(4)
    assert np.array_equal(matrix_of([row.tobytes() for row in block.matrix]), block.matrix)
