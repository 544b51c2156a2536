"""Judges the confidence by repositories and languages that it did not learn from.

    python bench/confidence.py --dataset DIR --checkouts DIR --sources DIR... [--reports DIR] [--out FILE]

Takes the examples of ``learn_confidence.py``. Languages are in five folds; the weights for a fold are learnt without
any repository of its languages. Reports the area under the ROC curve, of questions with an answer against those
without, and the expected calibration error in ten bins, weighted to the mix of ``learn_confidence.MASS``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from confidence_examples import Example, Presence, add_arguments, examples_of
from learn_confidence import NOTHING_FITS, balanced, learn, predict
from semlens.search.query.query import parse_query
from semlens.search.ranking.confidence import confidence_of, gather_evidence

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

FOLDS = (
    {"c", "cpp", "objc", "swift", "zig"}, {"python", "r", "julia", "bash", "powershell"},
    {"java", "kotlin", "scala", "clojure", "dart", "csharp"},
    {"javascript", "typescript", "php", "ruby", "perl", "lua"},
)  # fmt: skip
"""The last fold has all other languages."""

BINS = 10
RESULT = Path(__file__).parent / "results" / "confidence.json"
NAMES = {"words": "words only", "first": "static", "refine": "static and refined"}


def fold_of(language: str) -> int:
    return next((number for number, languages in enumerate(FOLDS) if language in languages), len(FOLDS))


def cross_validated(examples: Sequence[Example]) -> Floats:
    """The confidence of each example, by weights that saw no repository of its fold."""
    fold_by_name = {example.repository: fold_of(example.language) for example in examples}
    confidences = np.zeros(len(examples))
    for fold in range(len(FOLDS) + 1):
        others = [e for e in examples if fold not in (fold_by_name[e.repository], fold_by_name[e.index])]
        places = [place for place, e in enumerate(examples) if fold_by_name[e.repository] == fold]
        confidences[places] = predict([examples[place] for place in places], learn(others))
    return confidences


def roc_auc(scores: Floats, positive: Mask, weights: Floats) -> float:
    """The probability that a positive has the higher score; equal scores count half."""
    _, places = np.unique(scores, return_inverse=True)
    above = np.bincount(places, weights * positive)
    below = np.bincount(places, weights * ~positive)
    before = np.cumsum(below) - below
    return float((above * (before + below / 2)).sum() / max(above.sum() * below.sum(), 1e-12))


def calibration(confidences: Floats, right: Mask, weights: Floats) -> tuple[float, list[dict[str, float]]]:
    """The expected calibration error, and the bins behind it."""
    bins = np.minimum((confidences * BINS).astype(int), BINS - 1)
    error, rows = 0.0, []
    for number in np.unique(bins):
        inside = bins == number
        share = weights[inside].sum() / weights.sum()
        said = float(np.average(confidences[inside], weights=weights[inside]))
        true = float(np.average(right[inside], weights=weights[inside]))
        error += share * abs(said - true)
        rows.append({"said": round(said, 3), "true": round(true, 3), "share": round(float(share), 3)})
    return float(error), rows


def figures(examples: Sequence[Example], confidences: Floats) -> dict[str, object]:
    weights = balanced(examples)
    here = np.array([example.presence is Presence.HERE for example in examples])
    right = np.array([example.is_right for example in examples])
    removed = np.array([example.presence is not Presence.ELSEWHERE for example in examples])
    elsewhere = np.array([example.presence is not Presence.REMOVED for example in examples])

    def auc(mask: Mask, positive: Mask) -> float:
        return round(roc_auc(confidences[mask], positive[mask], weights[mask]), 3)

    everything = np.ones(len(examples), bool)
    flagged = confidences < NOTHING_FITS
    return {
        "n": len(examples),
        "answer in the first three": round(float(np.average(right[here], weights=weights[here])), 3),
        "AUC": auc(everything, here),
        "AUC removed": auc(removed, here),
        "AUC elsewhere": auc(elsewhere, here),
        "AUC first three right": auc(everything, right),
        "calibration error": round(calibration(confidences, right, weights)[0], 3),
        "says nothing fits, right": round(float(np.average(flagged[right], weights=weights[right])), 3),
        "says nothing fits, no answer": round(float(np.average(flagged[~here], weights=weights[~here])), 3),
    }


def judge(examples: Sequence[Example]) -> dict[str, object]:
    found: dict[str, object] = {}
    everywhere = cross_validated(examples)
    for models, name in NAMES.items():
        chosen = [example for example in examples if example.models == models]
        confidences = everywhere[[example.models == models for example in examples]]
        groups = {"all": np.ones(len(chosen), bool)}
        groups["all but other words and reports"] = np.array(
            [not e.group.startswith(("words.w", "words.n", "words.k", "report")) for e in chosen]
        )
        groups["set"] = np.array([example.group.startswith("set.") for example in chosen])
        for group in sorted({example.group for example in chosen}):
            groups[group] = np.array([example.group == group for example in chosen])
        by_group = {}
        for group, mask in groups.items():
            places = np.flatnonzero(mask)
            by_group[group] = figures([chosen[place] for place in places], confidences[places])
        right = np.array([example.is_right for example in chosen])
        bins = calibration(confidences, right, balanced(chosen))[1]
        found[name] = {"repositories": len({e.repository for e in chosen}), "groups": by_group, "bins": bins}
    return found


def cost_us() -> float:
    """Median microseconds of one confidence."""
    query = parse_query("how does the client try a request again after the connection was lost")
    features = {f"file.{number}": 1.0 for number in range(25)} | {"covered": 0.5, "first": 0.4, "refine": 0.3}
    idf_weights = dict(query.terms[1:])
    times = []
    for _ in range(2_000):
        started = time.perf_counter()
        evidence = gather_evidence(query, [features] * 3, [float(10 - n) for n in range(10)], idf_weights, 100_000, [])
        confidence_of(query, evidence)
        times.append(time.perf_counter() - started)
    return round(sorted(times)[len(times) // 2] * 1e6, 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    result = judge(examples_of(arguments))
    for name, content in result.items():
        print(name)
        for group, row in content["groups"].items():  # type: ignore[index]
            print(f"  {group:34}", "  ".join(f"{key} {value}" for key, value in row.items()))
    arguments.out.write_text(json.dumps({**result, "microseconds": cost_us()}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
