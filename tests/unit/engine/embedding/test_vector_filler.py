"""Vectors are read from the cache, then computed, in segments of any size."""

from __future__ import annotations

import errno
import queue
import time
from concurrent.futures import Future
from types import SimpleNamespace

from engine_cases import DEADLINE_S, complete, computed, function, wait_for, write_model

from semlens.core.status import TierRole
from semlens.embedding.registry import find_model
from semlens.engine.embedding import vector_filler
from semlens.engine.embedding.tiers import Tier


def test_a_segment_larger_than_one_batch_is_filled_completely(workspace, monkeypatch):
    """Uncached passages at the start do not keep later ones from being read or computed."""
    monkeypatch.setattr(vector_filler, "_CACHE_LOOKUP_PASSAGES", 3)
    for number in range(4):
        workspace.write(f"file_{number}.py", "".join(function(f"f_{number}_{n}", f"return {n}") for n in range(5)))
    first = workspace.engine()
    index = next(iter(first._indexer.states.values())).index
    assert computed(first) == 20
    wait_for(first, lambda: not index.dirty and not index.unwritten_vectors)
    first.close()
    for path in workspace.cache.rglob("*.vectors"):
        path.unlink()
    for path in workspace.cache.glob("vectors*"):
        path.unlink()
    second = workspace.engine()
    assert complete(second).tiers[0].embedded == 20
    assert computed(second) == 20
    second.close()
    for path in workspace.cache.rglob("*.vectors"):
        path.unlink()
    third = workspace.engine()
    assert complete(third).tiers[0].embedded == 20
    assert computed(third) == 0


def test_open_files_are_embedded_first(workspace, monkeypatch):
    monkeypatch.setitem(vector_filler._REQUEST_PASSAGES, "transformer", 1)
    order = []
    submit = vector_filler.VectorFiller._submit

    def note(self, job, hashes, tokens, **options):
        table = job.live.segment
        order.extend(table.files.paths[int(row)] for row in table.passages.files[job.rows] if not job.cache_only)
        return submit(self, job, hashes, tokens, **options)

    for number in range(6):
        workspace.write(f"file_{number}.py", function(f"function_{number}", f"return {number}"))
    first = workspace.engine()
    index = next(iter(first._indexer.states.values())).index
    wait_for(first, lambda: not index.dirty and not index.unwritten_vectors)
    first.close()
    for path in [*workspace.cache.rglob("*.vectors"), *workspace.cache.glob("vectors*")]:
        path.unlink()
    monkeypatch.setattr(vector_filler.VectorFiller, "_submit", note)
    second = workspace.engine(wait=False)
    second.open_buffer(workspace.uri("file_4.py"), "python", function("function_4", "return 4"))
    complete(second)
    assert "file_4.py" in order[:3]


def test_a_job_without_a_worker_is_tried_again_after_a_pause(workspace, tmp_path):
    workspace.write("a.py", function("alpha"))
    engine = workspace.engine()
    index = next(iter(engine._indexer.states.values())).index
    model = write_model(tmp_path / "refine")
    (model / "tokenizer.json").write_text((model / "tokenizer.json").read_text() + "\n")
    tier = Tier(TierRole.REFINE, find_model(str(model)), None)
    jobs, asked = queue.SimpleQueue(), []

    def refuse(request):
        asked.append(request)
        refused = Future()
        refused.set_exception(OSError(errno.EAGAIN, "Resource temporarily unavailable"))
        return refused

    filler = vector_filler.VectorFiller(jobs.put, lambda _index: None)

    def step(pool):
        filler.step([index], [tier], pool, [])
        while filler.busy:
            jobs.get(timeout=DEADLINE_S)()

    busy = SimpleNamespace(tokenize=refuse)
    for _ in range(9):
        step(busy)
    assert len(asked) == 1
    assert "Resource temporarily unavailable" in filler.problem
    for n_asked in (2, 3):
        filler.backoff.due = time.monotonic()  # the pause is over
        step(busy)
        step(busy)
        assert len(asked) == n_asked
    assert filler.backoff.n_failures == 3
    filler.backoff.due = time.monotonic()
    step(engine._indexer.parser.pool)
    assert (filler.problem, filler.backoff.n_failures) == ("", 0)
    assert not any(len(live.missing(tier.fingerprint)) for live in index.segments.values())
    filler.close()
