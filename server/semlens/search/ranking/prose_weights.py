"""Weights of questions in prose. Written by bench/learn_prose.py; do not edit."""

from __future__ import annotations

from collections.abc import Mapping

from semlens.core.status import TierRole

PROSE: dict[TierRole, Mapping[str, Mapping[str, float]]] = {
    TierRole.FIRST: {
        "fit": {
            "bias": 0.56,
            "cover": 2.69,
            "stem": 1.22,
            "name": -0.96,
            "definition": 1.83,
            "words": -2.2,
            "first": 4.85,
        },
        "files": {
            "words.best": 0.87,
            "words.top3": -1.79,
            "words.file": 2.77,
            "words.rank": -0.23,
            "cover.name": -1.42,
            "cover.best": 3.49,
            "definition": -0.27,
            "stem": -0.34,
            "folder": -0.07,
            "first.rank": -0.02,
            "first.best": 15.92,
            "size": -0.61,
            "inner": 0.79,
        },
        "symbols": {
            "words": -0.75,
            "covered": 2.63,
            "named": -4.41,
            "first": 8.94,
            "name": -7.55,
            "no_symbol": -8.17,
            "value": -9.72,
            "container": -0.03,
        },
    },
    TierRole.REFINE: {
        "fit": {
            "bias": 0.13,
            "cover": 1.78,
            "stem": 0.61,
            "name": -0.45,
            "definition": 1.0,
            "words": -1.42,
            "first": 2.29,
            "refine": 2.22,
        },
        "files": {
            "words.best": 0.46,
            "words.top3": -2.23,
            "words.file": 2.51,
            "words.rank": -0.23,
            "cover.name": -1.97,
            "cover.best": 2.8,
            "definition": -0.12,
            "stem": -0.2,
            "folder": -0.63,
            "first.rank": 0.12,
            "first.best": 4.0,
            "refine.best": 18.94,
            "size": -0.66,
            "inner": 0.52,
        },
        "symbols": {
            "words": -1.11,
            "covered": 1.23,
            "named": -5.56,
            "first": 1.85,
            "refine": 14.26,
            "name": -6.11,
            "no_symbol": -8.46,
            "value": -9.35,
            "container": 0.18,
        },
    },
}
"""By the last model that has read the index: coefficients of `word_fit`, and weights of files and of symbols for a
question in other words than those of the code."""
