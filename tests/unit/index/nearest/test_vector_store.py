"""One suite for all vector stores: what `VectorStore` promises."""

from __future__ import annotations

import uuid

import numpy as np
import pytest
from damage import overwrite

from semlens.index.nearest.faiss_store import FaissStore
from semlens.index.nearest.qdrant_store import QdrantStore
from semlens.index.nearest.vector_store import LocalRows, Neighbours, VectorStoreError
from semlens.index.segment.vectors import quantise

DIMENSION = 24


def vectors(n: int, seed: int = 0) -> np.ndarray:
    return quantise(np.random.default_rng(seed).normal(size=(n, DIMENSION)).astype(np.float32))


def hashes(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed + 1000).integers(0, 256, (n, 16), dtype=np.uint8)


def keys(found: np.ndarray) -> list[bytes]:
    return [row.tobytes() for row in found]


def cosines(matrix: np.ndarray, query: np.ndarray) -> np.ndarray:
    matrix, query = matrix.astype(np.float64), query.astype(np.float64)
    return matrix @ query / np.linalg.norm(matrix, axis=1) / np.linalg.norm(query)


def in_faiss(n: int, dimension: int = DIMENSION):
    pytest.importorskip("faiss")
    store = FaissStore(dimension)
    store.put(hashes(n), vectors(n)[:, :dimension])
    return store


def in_qdrant(n: int, dimension: int = DIMENSION):
    client = pytest.importorskip("qdrant_client").QdrantClient(":memory:")
    store = QdrantStore(client, f"semlens-{uuid.uuid4().hex}", dimension)
    store.put(hashes(n), vectors(n)[:, :dimension])
    return store


every_store = pytest.mark.parametrize("make", [in_faiss, in_qdrant])


@every_store
def test_the_nearest_are_those_of_a_plain_scan(make):
    index, queries = make(500), vectors(5, seed=7)
    assert (len(index), index.dimension) == (500, DIMENSION)
    for query in queries:
        expected = cosines(vectors(500), query)
        order = np.argsort(-expected)[:20]
        found = index.nearest(query, 20)
        assert len(set(keys(found.hashes)) & set(keys(hashes(500)[order]))) >= 19
        assert found.cosines == pytest.approx(np.sort(found.cosines)[::-1])
        assert found.cosines[0] == pytest.approx(expected[order[0]], abs=2e-3)


@every_store
def test_a_stored_vector_is_its_own_nearest(make):
    index = make(40)
    for number in (0, 17, 39):
        found = index.nearest(vectors(40)[number], 1)
        assert keys(found.hashes) == [hashes(40)[number].tobytes()]
        assert found.cosines[0] == pytest.approx(1.0, abs=2e-3)


@every_store
@pytest.mark.parametrize(("n", "count", "expected"), [(3, 10, 3), (0, 10, 0), (3, 3, 3), (3, 1, 1)])
def test_few_and_none(make, n, count, expected):
    found = make(n).nearest(vectors(1, seed=7)[0], count)
    assert found.hashes.shape == (expected, 16)
    assert found.cosines.shape == (expected,)


@every_store
def test_a_query_of_another_length_is_refused(make):
    with pytest.raises(VectorStoreError, match="8 components"):
        make(3).nearest(vectors(1)[0][:8], 1)


@every_store
def test_a_hash_that_is_put_again_gets_the_new_vector(make):
    store = make(10)
    store.put(hashes(10)[:2], vectors(2, seed=9))
    assert len(store) == 10
    assert keys(store.nearest(vectors(2, seed=9)[1], 1).hashes) == [hashes(10)[1].tobytes()]
    twice = hashes(1, seed=5).repeat(2, axis=0)
    store.put(twice, vectors(2, seed=3))
    assert len(store) == 11
    assert store.nearest(vectors(2, seed=3)[1], 1).cosines[0] == pytest.approx(1.0, abs=2e-3)


@every_store
def test_a_store_knows_what_it_has(make):
    store = make(10)
    asked = np.concatenate([hashes(10)[2:5], hashes(2, seed=77)])
    assert store.known(asked).tolist() == [True, True, True, False, False]
    assert store.known(asked[:0]).shape == (0,)


@every_store
@pytest.mark.parametrize(("n_hashes", "length"), [(3, 8), (2, DIMENSION)])
def test_vectors_that_do_not_fit_are_refused(make, n_hashes, length):
    store = make(2)
    with pytest.raises(VectorStoreError):
        store.put(hashes(n_hashes), vectors(3)[:, :length])
    assert len(store) == 2


def test_a_faiss_store_is_kept_and_a_damaged_one_is_refused(tmp_path):
    store = in_faiss(50)
    store.save(tmp_path / "store")
    again = FaissStore(DIMENSION)
    again.read(tmp_path / "store")
    assert keys(again.nearest(vectors(50)[9], 1).hashes) == [hashes(50)[9].tobytes()]
    again.put(hashes(50)[:5], vectors(50)[:5])
    assert len(again) == 50
    data = bytearray((tmp_path / "store").read_bytes())
    data[len(data) // 2] ^= 1
    overwrite(tmp_path / "store", data)
    for path in (tmp_path / "store", tmp_path / "missing"):
        with pytest.raises(VectorStoreError):
            again.read(path)
        assert len(again) == 50


def test_a_kept_faiss_store_of_another_length_is_refused(tmp_path):
    in_faiss(5).save(tmp_path / "store")
    with pytest.raises(VectorStoreError, match="24 components"):
        FaissStore(8).read(tmp_path / "store")


def test_faiss_refuses_a_kind_that_it_does_not_know():
    pytest.importorskip("faiss")
    with pytest.raises(VectorStoreError, match="banana"):
        FaissStore(DIMENSION, "banana")


def test_a_collection_of_another_length_is_refused():
    store = in_qdrant(1)
    with pytest.raises(VectorStoreError, match="Name another collection"):
        QdrantStore(store._client, store._collection, DIMENSION + 1)


@pytest.mark.parametrize(
    "ask",
    [
        len,
        lambda store: store.nearest(vectors(1)[0], 1),
        lambda store: store.put(hashes(1), vectors(1)),
    ],
)
@pytest.mark.parametrize("fault", [ConnectionRefusedError("refused"), TimeoutError("timed out")])
def test_a_server_that_is_down_or_slow_is_one_error(ask, fault):
    class Client:
        def __getattr__(self, _name):
            def fail(*_arguments, **_named):
                raise fault

            return fail

    store = in_qdrant(1)
    store._client = Client()
    with pytest.raises(VectorStoreError, match=type(fault).__name__):
        ask(store)


def test_a_hash_that_is_not_in_the_segment_is_dropped():
    local = hashes(6)[[0, 1, 2, 1]]
    found = Neighbours(hashes(6)[[5, 1, 4, 0]], np.array([0.9, 0.8, 0.7, 0.6], np.float32))
    rows, cosines = LocalRows(local).of(found)
    assert rows.tolist() == [1, 3, 0]
    assert cosines.tolist() == pytest.approx([0.8, 0.8, 0.6])
    assert LocalRows(hashes(0)).of(found)[0].tolist() == []


def test_hashes_that_begin_alike_are_told_apart():
    local = hashes(2)
    local[1, :8] = local[0, :8]
    rows, _ = LocalRows(local).of(Neighbours(local[1:], np.ones(1, np.float32)))
    assert rows.tolist() == [1]
