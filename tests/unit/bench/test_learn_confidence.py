"""The weights of the confidence: learnt from examples, judged by other languages, used as in the product."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import numpy as np
import pytest

from semlens.search.query.query import parse_query
from semlens.search.ranking import confidence as product

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "bench"))

import confidence
import learn_confidence
from confidence_examples import Example, Presence


def examples():
    """Answers are right as often as ``covered`` says."""
    chance = random.Random(7)
    made = []
    for number in range(600):
        language = ("python", "go", "java", "c", "lua")[number % 5]
        covered = chance.random()
        is_right = chance.random() < covered
        presence = Presence.HERE if is_right or number % 2 else chance.choice([Presence.REMOVED, Presence.ELSEWHERE])
        features = {"covered": covered, "size": chance.random()}
        made.append(
            Example(language, language, language, "set.prose", presence, "words", "text.words", features, is_right)
        )
    return made


def test_what_counts_is_learnt_and_calibrated_on_languages_that_were_not_seen():
    found = learn_confidence.learn(examples())["text.words"]
    assert found["covered"] > 3.0 > abs(found["size"])
    confidences = confidence.cross_validated(examples())
    figures = confidence.figures(examples(), confidences)
    assert figures["AUC first three right"] > 0.75
    assert figures["calibration error"] < 0.1


def test_the_benchmark_computes_the_confidence_of_the_product(monkeypatch):
    tables = learn_confidence.learn(examples())
    monkeypatch.setattr(product, "WEIGHTS", tables)
    for example, expected in zip(examples()[:20], learn_confidence.predict(examples()[:20], tables), strict=True):
        evidence = product.Evidence(example.table, example.features)
        assert product.confidence_of(parse_query("some words"), evidence) == pytest.approx(expected)


@pytest.mark.parametrize(("scores", "expected"), [([3, 2, 1, 0], 1.0), ([0, 1, 2, 3], 0.0), ([1, 1, 1, 1], 0.5)])
def test_area_under_the_curve(scores, expected):
    positive = np.array([True, True, False, False])
    assert confidence.roc_auc(np.array(scores, float), positive, np.ones(4)) == expected
