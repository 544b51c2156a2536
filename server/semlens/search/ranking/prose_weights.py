"""Weights of questions in prose. Written by bench/learn_prose.py; do not edit."""

from __future__ import annotations

from collections.abc import Mapping

from semlens.core.status import TierRole

PROSE: dict[TierRole, Mapping[str, Mapping[str, float]]] = {
    TierRole.FIRST: {
        "fit": {
            "bias": -1.3,
            "cover": 2.58,
            "stem": 1.48,
            "name": 0.76,
            "definition": 1.24,
            "words": -1.26,
        },
        "files": {
            "words.best": 0.38,
            "words.top3": -0.39,
            "words.file": 2.42,
            "cover.name": -1.62,
            "cover.best": 2.72,
            "definition": -0.6,
            "stem": -0.3,
            "folder": -0.21,
            "size": -0.27,
            "first.best": 9.57,
            "first.rank": 0.27,
        },
        "symbols": {
            "words": 0.4,
            "covered": 3.5,
            "named": -4.7,
            "first": 12.4,
            "name": -2.6,
            "no_symbol": -4.8,
            "value": -3.5,
            "container": 0.2,
        },
    },
    TierRole.REFINE: {
        "fit": {
            "bias": -1.47,
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
