"""The build hash distinguishes segments with other features or constants from current ones."""

from __future__ import annotations

import dataclasses

import pytest

from semlens.index.segment import build_hash as builds
from semlens.index.segment.build_hash import UNFINISHED_BUILD, build_hash, build_problem
from semlens.index.segment.terms import NAME
from semlens.index.versions import FEATURE_VERSION, IndexProblem


@pytest.mark.parametrize(
    ("stored", "problem"),
    [
        (build_hash(), None),
        (None, IndexProblem.MISSING),
        (UNFINISHED_BUILD, IndexProblem.UNFINISHED),
        (5, IndexProblem.FEATURE_VERSION),
        (build_hash(FEATURE_VERSION - 1), IndexProblem.FEATURE_VERSION),
        (build_hash(FEATURE_VERSION + 1), IndexProblem.FEATURE_VERSION),
        (build_hash(constants="others"), IndexProblem.BM25F_CONSTANTS),
    ],
)
def test_a_stored_hash_shows_why_segments_are_rebuilt(stored, problem):
    assert build_problem(stored) is problem


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STEM", dataclasses.replace(builds.STEM, weight=9.0)),
        ("FIELDS", (dataclasses.replace(NAME, b=0.1), *builds.FIELDS[1:])),
        ("NAME_MARK", 2.0),
        ("CODES_PER_E", 16.0),
        ("STOP_WORDS", builds.STOP_WORDS - {"the"}),
    ],
)
def test_every_constant_of_the_weights_is_part_of_the_hash(monkeypatch, name, value):
    before = build_hash()
    monkeypatch.setattr(builds, name, value)
    assert build_problem(before) is IndexProblem.BM25F_CONSTANTS
