"""The vectors of the refining tier in a store outside of the index: filled, asked, down, slow, and lost."""

from __future__ import annotations

import shutil
import threading
import time

import numpy as np
import pytest
from damage import overwrite
from engine_cases import Workspace, complete, found, function, make_settings, wait_for, write_model

from semlens.core.cancel import CancelToken
from semlens.core.request import SearchRequest
from semlens.core.status import EngineState, TierRole
from semlens.engine.embedding import tier_store
from semlens.index.nearest import opening
from semlens.index.nearest.qdrant_store import QdrantStore
from semlens.index.nearest.vector_store import VectorStoreError
from semlens.search.signals.text_evidence import QueryVector
from semlens.settings.choices import VectorStoreSetting
from semlens.settings.loading import VectorsSettings

pytest.importorskip("faiss")
N = 12


class Server:
    """A Qdrant server in this process. :ivar is_down: it refuses. :ivar may_answer: it answers searches when set.

    :ivar outlasted: searches that somebody waited for to the end although it did not answer.
    """

    def __init__(self) -> None:
        self.is_down = False
        self.outlasted = 0
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.client = pytest.importorskip("qdrant_client").QdrantClient(":memory:")

    def connect(self, url, _key):
        assert url == "http://vectors.test:6333"
        return self

    def close(self):
        pass

    def __getattr__(self, name):
        if self.is_down:
            raise ConnectionError("refused")
        if name == "query_points":
            self.outlasted += not self.may_answer.wait(60)
        return getattr(self.client, name)


@pytest.fixture
def server(monkeypatch):
    server = Server()
    monkeypatch.setattr(opening, "connect", server.connect)
    monkeypatch.setattr("semlens.engine.embedding.circuit_breaker.FIRST_PAUSE_SECONDS", 0.05)
    return server


@pytest.fixture
def workspace(tmp_path):
    opened = Workspace(tmp_path / "ws", tmp_path / "cache", None)
    opened.refine = write_model(tmp_path / "model")
    for number in range(N):
        opened.write(f"file{number}.py", function(f"name_{number}", "retry = download" if number == 7 else "sail = x"))
    yield opened
    opened.close()


def engine_with(workspace, store, *, one_shot=False, **changes):
    url = "http://vectors.test:6333" if store is VectorStoreSetting.QDRANT else ""
    settings = make_settings(None, refine=workspace.refine, vectors={"url": url, "store": store, **changes})
    return workspace.engine(settings=settings, one_shot=one_shot)


def tier_of(engine):
    (status,) = engine.status().tiers
    return status.embedded, status.pending


def refine_cosines(engine, question="retry download", budget_ms=60_000):
    """The best cosine of each file that was found, by path."""
    request = SearchRequest(question, limit=50, time_budget_ms=budget_ms)
    hits = engine.search(request, CancelToken(), explain=True).hits
    return {hit.path: hit.features["file.refine.best"] for hit in hits if "file.refine.best" in hit.features}


@pytest.mark.parametrize("store", [VectorStoreSetting.FAISS, VectorStoreSetting.QDRANT])
def test_a_store_is_filled_and_asked_and_keeps_what_was_computed(workspace, server, store):
    plain = engine_with(workspace, VectorStoreSetting.INDEX)
    complete(plain, refined=True)
    expected = refine_cosines(plain)
    assert max(expected, key=expected.get) == "file7.py"
    plain.close()
    shutil.rmtree(workspace.cache)
    engine = engine_with(workspace, store)
    complete(engine, refined=True)
    assert (tier_of(engine), engine.status().counters["computed.refine"]) == ((N, 0), N)
    assert refine_cosines(engine) == pytest.approx(expected, abs=0.01)
    engine.close()
    assert list(workspace.cache.rglob("*.vectors")) == []
    assert len(list(workspace.cache.glob("vectors.*.faiss"))) == (store is VectorStoreSetting.FAISS)
    again = engine_with(workspace, store)
    complete(again, refined=True)
    assert (tier_of(again), again.status().counters["computed.refine"]) == ((N, 0), 0)
    assert refine_cosines(again) == pytest.approx(expected, abs=0.01)


def test_a_search_does_not_ask_a_store_that_failed_a_moment_ago(tmp_path, monkeypatch):
    asked = []

    class Failing:
        def nearest(self, query, count):
            asked.append(count)
            raise VectorStoreError("refused")

    monkeypatch.setattr(tier_store, "open_store", lambda *_: Failing())
    store = tier_store.TierStore(VectorsSettings(store=VectorStoreSetting.FAISS), tmp_path)
    vector = QueryVector("model", TierRole.REFINE, np.full(4, 0.5, np.float32))
    for _ in range(3):
        assert store.with_neighbours(vector, time.monotonic() + 60) is None
    assert (len(asked), store.is_paused) == (1, True)
    store.reset_pause()
    store.with_neighbours(vector, time.monotonic() + 60)
    assert len(asked) == 2


def test_a_command_uses_what_is_in_the_store(workspace):
    first = engine_with(workspace, VectorStoreSetting.FAISS)
    complete(first, refined=True)
    expected = refine_cosines(first)
    first.close()
    command = engine_with(workspace, VectorStoreSetting.FAISS, one_shot=True)
    assert refine_cosines(command) == pytest.approx(expected, abs=0.01)
    assert (tier_of(command), command.status().counters["computed.refine"]) == ((0, 0), 0)


def test_changed_and_merged_files_are_found_through_the_store(workspace, server):
    engine = engine_with(workspace, VectorStoreSetting.QDRANT)
    complete(engine, refined=True)
    for number in range(20):  # each is a segment at first
        workspace.write(f"more{number}.py", function(f"more_{number}", f"boat = paint({number})"))
        workspace.change(engine, f"more{number}.py")
    workspace.write("file7.py", function("name_7", "river = wall"))
    workspace.change(engine, "file7.py")
    complete(engine, refined=True)
    cosines = refine_cosines(engine, "river wall")
    assert max(cosines, key=cosines.get) == "file7.py"
    assert tier_of(engine) == (N + 20, 0)


def test_a_store_that_is_down_costs_only_its_meaning(workspace, server):
    server.is_down = True
    engine = engine_with(workspace, VectorStoreSetting.QDRANT)
    wait_for(engine, lambda: engine.status().state is EngineState.DEGRADED)
    (problem,) = engine.status().problems
    assert "Qdrant could not open: ConnectionError: refused" in problem.message
    assert "Check semlens.vectors.store" in problem.message
    assert found(engine, "name_7")[0][0] == "file7.py"
    assert engine.status().counters["computed.refine"] == 0
    complete(engine, refined=True)  # waits for no store that is down
    assert tier_of(engine) == (0, N)
    server.is_down = False
    wait_for(engine, lambda: tier_of(engine) == (N, 0))
    assert (engine.status().state, engine.status().problems) == (EngineState.READY, ())
    server.is_down = True
    assert found(engine, "name_7")[0][0] == "file7.py"
    assert refine_cosines(engine) == {}


def test_what_a_store_did_not_take_is_not_computed_again(workspace, server, monkeypatch):
    put, refused = QdrantStore.put, threading.Event()

    def refuse_once(self, *vectors):
        if not refused.is_set():
            refused.set()
            raise VectorStoreError("full.")
        put(self, *vectors)

    monkeypatch.setattr(QdrantStore, "put", refuse_once)
    engine = engine_with(workspace, VectorStoreSetting.QDRANT)
    wait_for(engine, lambda: tier_of(engine) == (N, 0))
    assert (refused.is_set(), engine.status().counters["computed.refine"]) == (True, N)


def test_a_slow_store_is_not_waited_for_beyond_the_budget(workspace, server):
    engine = engine_with(workspace, VectorStoreSetting.QDRANT)
    complete(engine, refined=True)
    server.may_answer.clear()
    for _ in range(4):  # more than may wait at once
        assert refine_cosines(engine, budget_ms=1) == {}
    assert server.outlasted == 0
    server.may_answer.set()
    wait_for(engine, lambda: "file7.py" in refine_cosines(engine))


def test_a_damaged_file_of_a_store_is_filled_again(workspace):
    first = engine_with(workspace, VectorStoreSetting.FAISS)
    complete(first, refined=True)
    first.close()
    (path,) = workspace.cache.glob("vectors.*.faiss")
    overwrite(path, path.read_bytes()[:-9])
    engine = engine_with(workspace, VectorStoreSetting.FAISS)
    complete(engine, refined=True)
    assert (tier_of(engine), engine.status().problems) == ((N, 0), ())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"store": VectorStoreSetting.FAISS, "faiss_kind": "nonsense"}, "FAISS has no index of the kind 'nonsense'"),
        ({"store": VectorStoreSetting.QDRANT, "url": ""}, "semlens.vectors.url is not set"),
    ],
)
def test_a_wrong_setting_is_a_problem(workspace, changes, message):
    engine = engine_with(workspace, **changes)
    wait_for(engine, lambda: engine.status().problems)
    assert message in engine.status().problems[0].message
    assert found(engine, "name_7")[0][0] == "file7.py"
