"""Every number of the ranking, in one place. Where they come from is said beside them; change them by measurement."""

from __future__ import annotations

FILE_WEIGHTS: dict[str, float] = {
    # learnt
    "words.best": 0.5,
    "words.top3": 2.3,
    "words.file": 1.9,
    "cover.best": 0.55,
    "cover.file": 0.15,
    "cover.names": 0.3,
    "cover.name": 1.1,
    "definition": 1.5,
    "stem": 1.95,
    "stem.query": 0.9,
    "folder": 1.3,
    "folder.query": -0.8,
    "example": -1.6,
    "size": 0.38,
    "depth": -0.45,
    "header": -2.9,
    "inner": -1.9,
    "index": 0.25,
    "test": -2.75,
    "old": -4.5,
    # set by hand: the development set has too few of them
    "documentation": -1.0,
    "vendored": -2.0,
    "generated": -1.5,
    "wanted_test": 3.0,
    "path": 8.0,
    "open": 0.1,
    "first.top3": 6.0,
    "refine.top3": 2.0,
}
"""Evidence of the whole file; its best symbol stands where it stands. Learnt by bench/learn_weights.py."""

NAME_SHARE = 0.5
NAME_WEIGHTS: dict[str, float] = {"definition": 16.0}
"""When the question is one name, all else counts by the share, and the name itself so much more."""

LITERAL_WEIGHTS: dict[str, float] = {
    "cover.best": 6.0,
    "words.best": 3.0,
    "stem": -1.95,
    "stem.query": -0.9,
    "folder": -1.3,
    "folder.query": 0.8,
    "definition": -1.5,
    "cover.name": -1.1,
}
"""Added to `FILE_WEIGHTS` for messages and code: the place that says just this, whatever its file is called."""

SYMBOL_WEIGHTS: dict[str, float] = {
    "words": 2.5,
    "covered": 1.5,
    "named": 1.5,
    "first": 4.0,
    "refine": 4.0,
    "name": 2.5,
    "no_symbol": -0.8,
    "value": -0.3,
}
"""Evidence of the symbol itself: orders the symbols of one file. By hand, on bench/hard_cases."""

SYMBOL_NAME_WEIGHTS: dict[str, float] = {"name": 14.0}
"""Added to `SYMBOL_WEIGHTS` when the question is one name."""

SYMBOL_LITERAL_WEIGHTS: dict[str, float] = {"covered": 6.0, "name": -2.5, "named": -1.5}
"""Added to `SYMBOL_WEIGHTS` for messages and code."""

FRAME_WEIGHT = 40.0
"""Of a place that a stack trace names: before everything that is merely alike."""

SCORE_MIDDLE = 6.0
SCORE_WIDTH = 2.0
"""Of the logistic curve that maps the sum of features to a score between 0 and 1."""
