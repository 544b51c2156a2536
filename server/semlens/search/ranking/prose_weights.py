"""Weights of questions in prose. Written by bench/learn_prose.py; do not edit."""

from __future__ import annotations

from collections.abc import Mapping

from semlens.core.status import TierRole

PROSE: dict[TierRole, Mapping[str, Mapping[str, float]]] = {
    TierRole.FIRST: {
        "fit": {
            "bias": 0.72,
            "cover": 1.33,
            "stem": 3.45,
            "name": 0.36,
            "definition": 2.53,
            "words": -2.79,
            "how": 5.44,
            "first": 0.42,
        },
        "fit_within": {
            "bias": -0.81,
            "cover": 5.17,
            "stem": 0.5,
            "name": 3.16,
            "definition": 0.21,
            "words": -2.34,
            "how": -1.21,
            "first": -2.59,
            "written": 2.8,
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
            "first.rank": 0.27,
            "first.best": 9.57,
            "size": -0.27,
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
            "bias": 0.64,
            "cover": -0.14,
            "stem": 1.76,
            "name": -0.4,
            "definition": 0.48,
            "words": -1.76,
            "how": 2.11,
            "first": 1.81,
            "refine": 1.99,
        },
        "fit_within": {
            "bias": -1.19,
            "cover": 3.4,
            "stem": 0.52,
            "name": 1.92,
            "definition": 0.19,
            "words": -0.22,
            "how": -2.69,
            "first": -1.32,
            "refine": -2.55,
            "written": 0.72,
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
"""By the last model that has read the index: coefficients of `word_fit` for files and within a file, and weights of
files and of symbols for a question in other words than those of the code."""
