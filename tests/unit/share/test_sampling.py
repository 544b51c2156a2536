"""What a pull computes again: vectors of every model, and few of the slow one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from engine_cases import DIMENSION, VOCABULARY, complete, function, make_settings
from tiny_onnx import write_own_folder

from semlens.engine.embedding.tiers import choose_tiers
from semlens.share import publishing, sampling
from semlens.share.errors import RejectedError
from semlens.share.sampling import Sampler

from .conftest import SECRET, Team


class TeamWithTwoModels(Team):
    def __init__(self, tmp_path):
        super().__init__(tmp_path)
        table = np.random.default_rng(8).normal(size=(len(VOCABULARY), DIMENSION)).astype(np.float32)
        self.refine = write_own_folder(tmp_path / "refine", table, VOCABULARY)
        self.tiers = choose_tiers(str(self.model), str(self.refine), (), None)[0]
        self.sampler = Sampler(self.pool, self.tiers, 1 << 20)

    def index(self, workspace):
        engine = workspace.engine(settings=make_settings(self.model, refine=self.refine))
        complete(engine)
        assert engine.wait_complete(refined=True, timeout=60)
        counters = dict(engine.status().counters)
        engine.wait_saved()
        engine.close()
        return counters


@pytest.fixture
def team(tmp_path):
    made = TeamWithTwoModels(tmp_path)
    yield made
    made.pool.close()


def test_vectors_of_both_models_are_compared_and_none_is_computed_twice(team):
    team.push()
    clone = team.clone("clone")
    pulled = team.pull(clone)
    assert [tier.n_computed for tier in team.tiers] == [sampling._LEAST_SAMPLE] * 2
    assert pulled.n_compared == 2 * sampling._LEAST_SAMPLE
    counters = team.index(clone)
    assert (counters["computed.first"], counters["computed.refine"]) == (1, 1), "the file with the secret"


def test_few_vectors_of_the_slow_model_are_computed_and_more_of_the_fast_one(team, monkeypatch):
    monkeypatch.setattr(sampling, "ONE_IN", 2)
    monkeypatch.setattr(sampling, "MOST_OF_SLOW_MODEL", 3)
    monkeypatch.setattr(sampling, "_LEAST_SAMPLE", 1)
    team.push()
    team.pull(team.clone("clone"))
    assert [tier.n_computed for tier in team.tiers] == [13 - 3, 3]  # half of two times 13


def test_the_vectors_of_the_slow_model_are_of_many_files(team, monkeypatch):
    monkeypatch.setattr(sampling, "_MOST_OF_A_BATCH", 1)
    monkeypatch.setattr(sampling, "_FILES_A_BATCH", 2)
    monkeypatch.setattr(sampling, "_LEAST_SAMPLE", 4)
    sizes = []
    real = team.tiers[1].embed
    monkeypatch.setattr(
        team.tiers[1], "embed", lambda tokens, **named: sizes.append(len(tokens)) or real(tokens, **named)
    )
    team.push()
    team.pull(team.clone("clone"))
    assert sizes == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("lie", "sentence"),
    [
        (np.zeros_like, "vectors that the model does not compute"),
        (lambda matrix: matrix[:, :-1].copy(), "vectors of a wrong length"),
    ],
)
@pytest.mark.parametrize("name", ["merge_blocks", "loose_vectors"])
def test_vectors_of_nothing_and_of_a_wrong_length_reject_the_source(team, monkeypatch, lie, sentence, name):
    text = f'TOKEN = "{SECRET}"\n' + "".join(function(f"sail_{n}", "return boat") + "\n" for n in range(12))
    team.origin.write("keys.py", text)
    team.commit("a secret beside other code")
    real = getattr(publishing, name)

    def lying(*arguments):
        told = real(*arguments)
        return told and replace(told, matrix=lie(told.matrix))

    monkeypatch.setattr(publishing, name, lying)
    team.push()
    with pytest.raises(RejectedError, match=sentence):
        team.pull(team.clone("clone"))


def test_wrong_vectors_of_the_second_model_reject_the_source(team, monkeypatch):
    real = publishing.merge_blocks
    n_merged = []

    def lying_about_the_second(parts):
        block = real(parts)
        n_merged.append(block)
        return block if len(n_merged) == 1 else type(block)(block.rows, block.matrix[::-1].copy() * -1)

    monkeypatch.setattr(publishing, "merge_blocks", lying_about_the_second)
    team.push()
    with pytest.raises(RejectedError, match="vectors that the model does not compute"):
        team.pull(team.clone("clone"))
    assert len(n_merged) == 2


def with_line_ends_of_windows(workspace):
    for path in workspace.folder.glob("**/*.py"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    return workspace


def test_vectors_are_compared_where_git_writes_other_line_ends(team):
    team.push()
    pulled = team.pull(with_line_ends_of_windows(team.clone("clone")))
    assert pulled.is_used
    assert pulled.n_compared == 2 * sampling._LEAST_SAMPLE


def test_wrong_vectors_reject_the_source_where_git_writes_other_line_ends(team, monkeypatch):
    real = publishing.merge_blocks

    def lying(parts):
        block = real(parts)
        return replace(block, matrix=np.zeros_like(block.matrix))

    monkeypatch.setattr(publishing, "merge_blocks", lying)
    team.push()
    clone = with_line_ends_of_windows(team.clone("clone"))
    with pytest.raises(RejectedError, match="vectors that the model does not compute"):
        team.pull(clone)
