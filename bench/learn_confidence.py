"""Learns the weights of the confidence and writes them: run it again after a change of the ranking.

    python bench/learn_confidence.py --dataset DIR --checkouts DIR --sources DIR... [--reports DIR] [--again]

Logistic regression with a small L2 penalty, a table of weights for each sort of query and set of models. Half of the
weight is on questions that the index answers. `confidence.py` judges it by languages that it did not learn from.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from confidence_examples import Example, Presence, add_arguments, examples_of
from semlens.embedding.registry import find_model, load_embedder
from semlens.search.ranking.confidence_weights import MODELS as KNOWN_MODELS

Floats = npt.NDArray[np.float64]

MODULE = Path(__file__).resolve().parents[1] / "server" / "semlens" / "search" / "ranking" / "confidence_weights.py"
L2 = 1.0
NOTHING_FITS = 0.2
MODELS = {"first": "semlens-static-v1", "refine": "semlens-minilm-v1"}

MASS = {
    "set.prose": 3.0, "set.name": 1.0, "words.words": 0.7, "words.need": 0.6, "words.keywords": 0.7, "words.where": 0.5,
    "words.error": 0.5, "code.docs": 1.0, "code.name": 1.5, "code.path": 0.5, "code.message": 0.7, "code.code": 0.5,
    "code.trace": 0.5, "report.report": 0.5,
}  # fmt: skip
"""Share of each group of questions in the mix that the confidence is calibrated for."""

LEAST_EXAMPLES = 100
"""A table of fewer examples takes the weights of the table with fewer models, and leaves the other model out."""

_FEWER_MODELS = {"first": "words", "refine": "first"}
_SHARES = {Presence.HERE: 0.5, Presence.REMOVED: 0.25, Presence.ELSEWHERE: 0.25}

HEADER = '''"""Weights of the confidence. Written by bench/learn_confidence.py; do not edit."""

from __future__ import annotations

NOTHING_FITS = {threshold}
"""An answer of less confidence says that nothing fits."""

MODELS: dict[str, str] = {models}
"""Fingerprints of the models whose cosines the weights belong to, by role. Cosines of other models are left out."""

WEIGHTS: dict[str, dict[str, float]] = {{
'''

Tables = Mapping[str, Mapping[str, float]]


def balanced(examples: Sequence[Example]) -> Floats:
    """The weight of each example in the mix. They sum to the number of examples."""
    counts: dict[tuple[str, Presence], int] = {}
    for example in examples:
        key = (example.group, example.presence)
        counts[key] = counts.get(key, 0) + 1
    weights = [MASS[e.group] * _SHARES[e.presence] / counts[e.group, e.presence] for e in examples]
    return np.array(weights) * len(examples) / max(sum(weights), 1e-9)


def learn(examples: Iterable[Example]) -> Tables:
    """Weights by table and feature."""
    by_models: dict[str, list[Example]] = {}
    for example in examples:
        by_models.setdefault(example.models, []).append(example)
    tables: dict[str, dict[str, float]] = {}
    for models, group in by_models.items():
        weights = balanced(group)
        for table in sorted({example.table for example in group if example.table}):
            chosen = [place for place, example in enumerate(group) if example.table == table]
            fallback = f"{table.partition('.')[0]}.{_FEWER_MODELS.get(models, '')}"
            if len(chosen) < LEAST_EXAMPLES and fallback in tables:
                tables[table] = {**tables[fallback], models: 0.0}
            else:
                tables[table] = _fit([group[place] for place in chosen], weights[chosen])
    return tables


def _fit(examples: Sequence[Example], weights: Floats) -> dict[str, float]:
    names = list(examples[0].features)
    inputs = np.array([[1.0, *(example.features[name] for name in names)] for example in examples])
    right = np.array([example.is_right for example in examples], float)
    penalty = L2 * np.eye(inputs.shape[1])
    penalty[0, 0] = 1e-3
    found = np.zeros(inputs.shape[1])
    for _ in range(50):  # Newton's method
        probable = sigmoid(inputs @ found)
        slope = inputs.T @ (weights * (right - probable)) - penalty @ found
        curve = (inputs.T * (weights * probable * (1 - probable))) @ inputs + penalty
        step = np.linalg.solve(curve, slope)
        found += step
        if np.abs(step).max() < 1e-6:
            break
    return {name: round(float(value), 3) for name, value in zip(["bias", *names], found, strict=True)}


def predict(examples: Sequence[Example], tables: Tables) -> Floats:
    """The confidence of each example, as `search/ranking/confidence` computes it."""
    totals = []
    for example in examples:
        weights = tables.get(example.table)
        if weights is None:
            totals.append(-30.0)
            continue
        totals.append(weights["bias"] + sum(weights[name] * value for name, value in example.features.items()))
    return sigmoid(np.array(totals))


def sigmoid(totals: Floats) -> Floats:
    result: Floats = 1.0 / (1.0 + np.exp(-np.clip(totals, -30.0, 30.0)))
    return result


def shipped_models() -> dict[str, str]:
    """The fingerprints of the models by role."""
    return {role: load_embedder(find_model(name)).manifest.fingerprint for role, name in MODELS.items()}


def write(tables: Tables, models: Mapping[str, str]) -> None:
    pairs = ", ".join(f'"{role}": "{fingerprint}"' for role, fingerprint in models.items())
    lines = [HEADER.format(threshold=NOTHING_FITS, models=f"{{{pairs}}}")]
    for table in sorted(tables):
        lines.append(f'    "{table}": {{\n')
        lines += [f'        "{name}": {value},\n' for name, value in tables[table].items()]
        lines.append("    },\n")
    MODULE.write_text("".join([*lines, "}\n"]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    models = shipped_models()
    KNOWN_MODELS.update(models)  # else the cosines of models that changed would be left out
    examples = examples_of(parser.parse_args())
    tables = learn(examples)
    write(tables, models)
    print(f"Learnt {len(tables)} tables from {len(examples)} examples, into {MODULE.name}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
