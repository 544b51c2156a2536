"""Local models as tiers."""

from __future__ import annotations

import pytest
from engine_cases import write_model

from semlens.core.errors import ModelError
from semlens.core.status import TierRole
from semlens.embedding.registry import find_model
from semlens.engine.embedding import tiers
from semlens.engine.embedding.tiers import Tier


@pytest.mark.parametrize(("closed", "n_logged"), [(False, 1), (True, 0)])
def test_a_model_failure_during_shutdown_is_no_problem(tmp_path, monkeypatch, caplog, closed, n_logged):
    tier = Tier(TierRole.FIRST, find_model(str(write_model(tmp_path / "model"))), None)

    def embed(_tokens):
        if closed:
            tier.close()
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    monkeypatch.setattr(tier.embedder(), "embed", embed)
    with pytest.raises(ModelError):
        tier.embed({b"hash": b""}, cache_vectors=False)
    assert len([record for record in caplog.records if record.exc_info]) == n_logged
    assert (tier.error is None) == closed


@pytest.mark.parametrize(
    "error", [ImportError("std::bad_alloc"), MemoryError(), RuntimeError("can't start new thread")]
)
def test_a_model_that_does_not_fit_into_memory_is_reported_once(tmp_path, monkeypatch, error):
    n_loads = []

    def load(_manifest):
        n_loads.append(1)
        raise error

    monkeypatch.setattr(tiers, "load_embedder", load)
    tier = Tier(TierRole.FIRST, find_model(str(write_model(tmp_path / "model"))), None)
    for _ in range(2):
        with pytest.raises(ModelError, match="cannot be loaded"):
            tier.embedder()
    assert tier.is_paused
    assert len(n_loads) == 1
