"""Graphs of vectors beside large segments: built at rest, used when whole, built again when damaged."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest
from damage import overwrite
from engine_cases import Workspace, found, function, wait_for, write_model

import semlens.engine.embedding.hnsw_builder as graphs
from semlens.index.nearest.hnsw import build_graph, write_graph
from semlens.index.segment.vectors import VectorBlock, quantise
from semlens.index.storage.root_store import RootStore
from semlens.search.ranking import rank
from semlens.search.readers.reader import CandidateLimit

N_FILES = 30


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.setattr(graphs, "LEAST_GRAPH_PASSAGES", N_FILES)
    monkeypatch.setattr(graphs, "LEAST_SEGMENT_PASSAGES", N_FILES)
    monkeypatch.setattr(rank, "DEFAULT_LIMIT", CandidateLimit(least_passages=0, least_graph_passages=0))
    opened = Workspace(tmp_path / "ws", tmp_path / "cache", write_model(tmp_path / "model"))
    for number in range(N_FILES):
        opened.write(f"file{number}.py", function(f"retry_{number}", "download a parse of the config"))
    yield opened
    opened.close()


def blocks(engine) -> list[VectorBlock]:
    views = engine._session.snapshot.views
    return [block for view in views for blocks in view.tiers.values() for block in blocks]


def has_graph(engine) -> bool:
    return any(block.graph is not None for block in blocks(engine))


def graph_files(workspace) -> list:
    return sorted(workspace.cache.rglob("*.usearch"))


def closed_with_graph(workspace):
    """An index with a graph beside its segment, and no engine on it. :returns: the file of the graph."""
    engine = workspace.engine()
    wait_for(engine, lambda: has_graph(engine))
    workspace.close()
    workspace.engines.clear()
    (path,) = graph_files(workspace)
    return path


def of_other_vectors(path):
    segment_id, fingerprint, _ = path.name.split(".")
    write_graph(path.parent, segment_id, fingerprint, build_graph(quantise(np.eye(4, 16, dtype=np.float32))))


def test_a_graph_is_built_at_rest_and_read_at_the_next_start(workspace, monkeypatch):
    path = closed_with_graph(workspace)
    monkeypatch.setattr(graphs.HnswBuilder, "_build", lambda *_: pytest.fail("built again"))
    before = path.stat().st_mtime_ns
    engine = workspace.engine()
    wait_for(engine, lambda: has_graph(engine))
    assert path.stat().st_mtime_ns == before
    assert found(engine, "retry_7")[0][0] == "file7.py"


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: overwrite(path, path.read_bytes()[:-100]),
        lambda path: overwrite(path, b"\x00" * path.stat().st_size),
        of_other_vectors,
    ],
    ids=["missing", "truncated", "overwritten", "other dimension"],
)
def test_a_graph_that_cannot_be_used_is_built_again_and_the_search_goes_on(workspace, damage, monkeypatch):
    path = closed_with_graph(workspace)
    whole = path.stat().st_size
    damage(path)
    may_build, build = threading.Event(), graphs.HnswBuilder._build

    def wait_and_build(*arguments):
        may_build.wait(60)
        build(*arguments)

    monkeypatch.setattr(graphs.HnswBuilder, "_build", wait_and_build)
    engine = workspace.engine()
    assert found(engine, "retry_7")[0][0] == "file7.py"
    assert not has_graph(engine)
    may_build.set()
    wait_for(engine, lambda: has_graph(engine))
    assert path.stat().st_size == whole
    assert found(engine, "retry_7")[0][0] == "file7.py"


def test_a_build_that_fails_costs_no_hit_and_is_tried_again(workspace, monkeypatch):
    failed, build = threading.Event(), graphs.HnswBuilder._build

    def fail_once(*arguments):
        if not failed.is_set():
            failed.set()
            raise graphs.HnswBuildError("killed")
        build(*arguments)

    monkeypatch.setattr(graphs, "FIRST_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(graphs.HnswBuilder, "_build", fail_once)
    engine = workspace.engine()
    wait_for(engine, failed.is_set)
    assert found(engine, "retry_7")[0][0] == "file7.py"
    wait_for(engine, lambda: has_graph(engine))


def test_small_indexes_have_no_graph(workspace, monkeypatch):
    monkeypatch.setattr(graphs, "LEAST_GRAPH_PASSAGES", 10_000)
    monkeypatch.setattr(graphs.HnswBuilder, "_read_or_build", lambda *_: pytest.fail("looked for a graph"))
    engine = workspace.engine()
    wait_for(engine, lambda: all(block.graph is None for block in blocks(engine)) and blocks(engine))
    assert graph_files(workspace) == []


def test_the_worker_ends_with_its_server(tmp_path):
    store = RootStore(tmp_path / "cache", tmp_path)
    vectors = quantise(np.random.default_rng(0).normal(size=(200_000, 64)).astype(np.float32))
    store.write_vectors("0123", "model", VectorBlock(np.arange(len(vectors), dtype=np.uint32), vectors))
    command = [sys.executable, "-m", "semlens.workers.hnsw_worker", str(store.segments_folder), "0123", "model"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        process.stdin.close()
        assert process.wait(60) == 1
    assert list(store.segments_folder.glob("*.usearch*")) == []
    store.close()
