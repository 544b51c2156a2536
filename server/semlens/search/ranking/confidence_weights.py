"""Weights of the confidence. Written by bench/learn_confidence.py."""

from __future__ import annotations

NOTHING_FITS = 0.25
"""An answer of less confidence says that nothing fits."""

WEIGHTS: dict[str, dict[str, float]] = {
    "words": {"bias": -5.0, "known": 2.0, "covered": 4.0, "named": 1.0, "name": 2.0, "many_words": 0.0},
    "first": {"bias": -6.0, "known": 2.0, "covered": 3.0, "named": 1.0, "name": 2.0, "many_words": 0.0, "first": 4.0},
    "refined": {
        "bias": -6.0, "known": 2.0, "covered": 3.0, "named": 1.0, "name": 2.0, "many_words": 0.0, "first": 2.0,
        "refine": 3.0,
    },
}  # fmt: skip
