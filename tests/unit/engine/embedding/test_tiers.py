"""Local models as tiers."""

from __future__ import annotations

import json

import pytest
from engine_cases import write_model

from semlens.core.errors import ModelError
from semlens.core.status import TierRole
from semlens.embedding import derived_manifest
from semlens.embedding.registry import find_model
from semlens.engine.embedding import tiers
from semlens.engine.embedding.tiers import Tier, choose_tiers


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


@pytest.fixture
def derived(tmp_path):
    """A user's model without ``model.toml``."""
    folder = tmp_path / "derived"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"")
    (folder / "tokenizer.json").write_text("{}")
    (folder / "config.json").write_text('{"hidden_size": 4}')
    return folder


def chosen(tmp_path, derived):
    """The roles of the tiers of a good model and a derived one, and the errors."""
    found, errors = choose_tiers(str(write_model(tmp_path / "good")), str(derived), (), None)
    return [tier.role for tier in found], [str(error) for error in errors]


def test_a_model_without_a_manifest_is_a_tier(tmp_path, derived):
    assert chosen(tmp_path, derived) == ([TierRole.FIRST, TierRole.REFINE], [])


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("config_sentence_transformers.json", {"prompts": ["query: "]}),
        ("sentence_bert_config.json", {"max_seq_length": "all"}),
        ("sentence_bert_config.json", {"max_seq_length": -1}),
    ],
)
def test_a_value_that_has_no_sense_costs_one_model(tmp_path, derived, name, values):
    (derived / name).write_text(json.dumps(values))
    roles, (error,) = chosen(tmp_path, derived)
    assert roles == [TierRole.FIRST]
    assert str(derived / name) in error


def test_a_file_that_cannot_be_read_costs_one_model(tmp_path, derived, monkeypatch):
    model_file = derived_manifest._model_file

    def refuse(folder, name):
        if folder == derived:
            raise PermissionError(13, "Permission denied", str(folder / name))
        return model_file(folder, name)

    monkeypatch.setattr(derived_manifest, "_model_file", refuse)
    roles, (error,) = chosen(tmp_path, derived)
    assert roles == [TierRole.FIRST]
    assert str(derived / "model.onnx") in error
