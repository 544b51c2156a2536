"""Every number of the ranking, in one place. Where they come from is said beside them; change them by measurement."""

from __future__ import annotations

FILE_WEIGHTS: dict[str, float] = {
    "words.top3": 4.5,
    "first.top3": 6.0,
    "definition": 1.8,
    "stem": 1.5,
    "test": -3.1,
    "size": 0.25,
    "refine.top3": 2.0,
    "example": -1.0,
    "vendored": -1.5,
    "generated": -1.0,
    "documentation": -1.0,
    "path": 6.0,
    "open": 0.1,
}
"""Evidence of the whole file; lifts its best symbol."""

NAME_WEIGHTS: dict[str, float] = {"definition": 12.0}
"""Added to `FILE_WEIGHTS` when the question is one name: whoever types a name wants what bears it."""

SYMBOL_WEIGHTS: dict[str, float] = {
    "words": 2.5,
    "covered": 1.0,
    "named": 1.5,
    "first": 4.0,
    "refine": 4.0,
    "name": 2.5,
    "no_symbol": -0.4,
    "value": -0.3,
}
"""Evidence of the symbol itself: orders the symbols of one file; the best of them stands where the file stands."""

SYMBOL_NAME_WEIGHTS: dict[str, float] = {"name": 10.0}
"""Added to `SYMBOL_WEIGHTS` when the question is one name."""

FRAME_WEIGHT = 40.0
"""Of a place that a stack trace names: before everything that is merely alike."""

SCORE_MIDDLE = 6.0
SCORE_WIDTH = 2.0
"""Of the logistic curve that maps the sum of features to a score between 0 and 1."""
