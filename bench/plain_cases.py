"""More plain questions to learn from: hard cases that ask for meaning, and docstrings asked of code without them.

Several packages side by side, as in a real workspace: there a file's name tells less than within one repository.
`learn_weights.py --packages DIR` adds them to the plain questions of the labelled set.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from hard_cases import load_cases
from learn_weights import N_FILES, Case, table_of
from ranking_corpus import Tier, make_snapshot, parse_folder
from ranking_metrics import Question, Target
from semlens.core.symbol import SymbolKind
from semlens.index.builder import ParsedFile

_MEANING = ("words", "configured", "mixed", "shared", "foreign", "nottest")
_A_PACKAGE = 30
_SEED = 7

Item = tuple[str, str, list[str]]
"""Kind, question, paths of files or folders that answer it."""


def more_cases(
    packages: Path, tiers: Sequence[Tier], cache: Path, names: Sequence[str]
) -> tuple[list[Case], list[Case]]:
    """Hard cases, and docstrings' first sentences.

    :param names: the features to take, in order.
    """
    parsed = parse_folder(packages, cache)
    hard = [(c.kind, c.query, [want.path for want in c.wanted]) for c in load_cases(parsed) if c.kind in _MEANING]
    return _collect(parsed, hard, tiers, cache, names), _collect(
        _without_documentation(parsed), _docstrings(parsed), tiers, cache, names
    )


def _without_documentation(parsed: Sequence[ParsedFile]) -> list[ParsedFile]:
    return [
        replace(
            file,
            outline=replace(
                file.outline, passages=tuple(passage._replace(documentation="") for passage in file.outline.passages)
            ),
        )
        for file in parsed
    ]


def _docstrings(parsed: Sequence[ParsedFile]) -> list[Item]:
    """The first sentences of public functions of four lines or more, at most thirty a package."""
    by_package: dict[str, list[Item]] = {}
    seen: set[str] = set()
    for file in parsed:
        if "/test" in file.path:
            continue
        for passage in file.outline.passages:
            if passage.kind not in (SymbolKind.FUNCTION, SymbolKind.METHOD) or passage.name.startswith("_"):
                continue
            text = " ".join(passage.documentation.strip().split("\n\n")[0].split())
            match = re.match(r"(.+?[.!?])(\s|$)", text)
            sentence = match[1] if match else text
            if (
                len(sentence.split()) >= 5
                and len(sentence) < 200
                and passage.body.count("\n") > 2
                and sentence not in seen
            ):
                seen.add(sentence)
                by_package.setdefault(file.path.split("/")[0], []).append(("docstring", sentence, [file.path]))
    generator = random.Random(_SEED)
    chosen: list[Item] = []
    for items in by_package.values():
        generator.shuffle(items)
        chosen += items[:_A_PACKAGE]
    return chosen


def _collect(
    parsed: Sequence[ParsedFile], items: Sequence[Item], tiers: Sequence[Tier], cache: Path, names: Sequence[str]
) -> list[Case]:
    snapshot = make_snapshot(parsed, tiers, cache)
    paths = snapshot.views[0].segment.files.paths.tolist()
    cases = []
    for kind, text, wanted in items:
        table, sums = table_of(snapshot, text, tiers)
        relevant = np.array([any(path == want or path.startswith(want + "/") for want in wanted) for path in paths])
        order = np.argsort(-sums, kind="stable")[:N_FILES]
        chosen = np.union1d(order[np.isfinite(sums[order])], np.flatnonzero(relevant & table.eligible))
        features = np.stack([table.columns[name][chosen] for name in names], axis=1).astype(np.float64)
        targets = tuple(Target(want, want, None) for want in wanted)
        question = Question("packages", "python", kind, kind, text, targets)
        cases.append(Case(question, "", [paths[i] for i in chosen], features, relevant[chosen]))
    return cases
