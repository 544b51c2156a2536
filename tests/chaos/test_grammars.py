"""Every grammar with deeply nested code of its own tokens. None crashes, hangs or overflows its scanner's state."""

from __future__ import annotations

import os

import pytest
from grammar_shapes import KNOWN, LANGUAGES, faults_of

SEED = int(os.environ.get("CHAOS_SEED", "1"))


def test_a_few_shapes_of_every_grammar() -> None:
    assert faults_of(LANGUAGES, seed=0, count=len(KNOWN) + 3) == []


@pytest.mark.chaos_long
@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_many_shapes(language) -> None:
    assert faults_of([language], SEED, count=400) == [], f"CHAOS_SEED={SEED}"
