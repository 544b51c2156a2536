"""How often a search ranks, and which of its answers are partial."""

from __future__ import annotations

import numpy as np
import pytest
from engine_cases import DIMENSION, VOCABULARY, complete, function, make_settings
from tiny_onnx import write_own_folder

from semlens.core.cancel import CancelToken
from semlens.core.request import SearchRequest
from semlens.engine.query import query_service
from semlens.search.signals import meaning


@pytest.fixture
def ranked(monkeypatch):
    """One entry for each time that a query was ranked: the roles of the vectors."""
    calls = []
    rank = query_service.rank_answer

    def rank_and_count(snapshot, request, query, vectors, cancel, **options):
        calls.append([vector.role for vector in vectors])
        return rank(snapshot, request, query, vectors, cancel, **options)

    monkeypatch.setattr(query_service, "rank_answer", rank_and_count)
    return calls


def stages_of(engine):
    stages = []
    request = SearchRequest("retry download")
    answer = engine.search(request, CancelToken(), lambda _result, stage: stages.append(stage))
    assert [hit.name for hit in answer.hits] == ["alpha"]
    return stages


def test_nothing_is_partial_when_no_tier_refines_it(workspace, ranked):
    workspace.write("a.py", function("alpha", "return retry"))
    assert stages_of(workspace.engine()) == []
    assert ranked == [["first"]]


def test_the_first_tier_answers_before_the_second_one(workspace, ranked, tmp_path, monkeypatch):
    workspace.write("a.py", function("alpha", "return retry"))
    table = np.eye(len(VOCABULARY), DIMENSION, dtype=np.float32)
    refine = write_own_folder(tmp_path / "other", table, VOCABULARY)
    engine = workspace.engine(settings=make_settings(workspace.model, refine=refine))
    complete(engine, refined=True)
    scanned = []
    scan = meaning.ViewScans.__init__
    monkeypatch.setattr(
        meaning.ViewScans,
        "__init__",
        lambda self, views, vector: (scanned.append(vector.role), scan(self, views, vector))[0],
    )
    assert stages_of(engine) == ["first"]
    assert ranked == [["first"], ["first", "refine"]]
    assert scanned == ["first", "refine"]  # the second answer takes the scan of the first one
