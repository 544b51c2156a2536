"""Vectors are read from the cache, then computed, in segments of any size."""

from __future__ import annotations

from engine_cases import complete, computed, function, wait_for

from semlens.engine.embedding import vector_filler


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
