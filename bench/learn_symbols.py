"""Learns the weights of symbols within their file: a linear softmax over the symbols of the correct file.

    python bench/learn_symbols.py --packages DIR --first MODEL [--l2 16]

Queries are first sentences of docstrings. Every second one is searched in packages without docstrings.
DIR holds the packages of `PACKAGES` (``pip install --no-deps --target DIR``). Prints the table `SYMBOL_LEARNT` of
``search/ranking/weights.py``, and how often the correct symbol is first with weights learnt from the other packages.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from learn_weights import Case, fit, table_of
from ranking_corpus import Tier, default_cache, make_snapshot, parse_folder
from ranking_metrics import Question
from semlens.core.status import TierRole
from semlens.core.symbol import SymbolKind
from semlens.index.segment.builder import ParsedFile
from semlens.index.snapshot import IndexSnapshot
from semlens.search.ranking import weights as w
from semlens.search.ranking.symbol_ranking import score_symbols

PACKAGES = ("werkzeug", "rich", "networkx", "tenacity", "itsdangerous")
"""Packages that are in no labelled set of repositories."""

A_PACKAGE = 60
SEED = 7


@dataclass(frozen=True, slots=True)
class Item:
    """:ivar name: qualified name of the function that the sentence documents."""

    package: str
    sentence: str
    path: str
    name: str


def items_of(parsed: Sequence[ParsedFile]) -> list[Item]:
    """First sentences of public functions of four lines or more, at most `A_PACKAGE` per package."""
    found: dict[str, Item] = {}
    for file in parsed:
        for passage in file.outline.passages:
            text = " ".join(passage.documentation.strip().split("\n\n")[0].split())
            match = re.match(r"(.+?[.!?])(\s|$)", text)
            sentence = match[1] if match else text
            is_function = passage.kind in (SymbolKind.FUNCTION, SymbolKind.METHOD) and not passage.name.startswith("_")
            long_enough = len(sentence.split()) >= 5 and len(sentence) < 200 and passage.body.count("\n") > 2
            if is_function and long_enough and passage.symbol >= 0:
                name = file.outline.symbols[passage.symbol].qualified_name
                found.setdefault(sentence, Item(file.path.split("/")[0], sentence, file.path, name))
    generator = random.Random(SEED)
    chosen: list[Item] = []
    for package in PACKAGES:
        of_package = [item for item in found.values() if item.package == package]
        generator.shuffle(of_package)
        chosen += of_package[:A_PACKAGE]
    return chosen


def without_documentation(parsed: Sequence[ParsedFile]) -> list[ParsedFile]:
    return [
        replace(
            file,
            outline=file.outline._replace(
                passages=tuple(passage._replace(documentation="") for passage in file.outline.passages)
            ),
        )
        for file in parsed
    ]


def case_of(item: Item, snapshot: IndexSnapshot, tiers: Sequence[Tier], names: Sequence[str]) -> Case | None:
    """The symbols of the correct file; None if there are not several."""
    views = list(snapshot.views)
    segment = views[0].segment
    table, _ = table_of(snapshot, item.sentence, tiers)
    file = np.array([segment.files.paths.tolist().index(item.path)])
    found = score_symbols(views, table, file, [], w.SYMBOL_WEIGHTS)
    features = np.stack([found.columns[name] for name in names], axis=1).astype(np.float64)
    right = np.array([row >= 0 and segment.symbols.qualified_names[row] == item.name for row in found.symbols.tolist()])
    if not right.any() or right.all():
        return None
    question = Question(item.package, "python", "docstring", "prose", item.sentence, ())
    return Case(question, features, np.zeros(len(right)), right / right.sum())


def first_rate(cases: Sequence[Case], weights: npt.NDArray[np.float64]) -> float:
    return sum(bool(case.wanted[int(np.argmax(case.features @ weights))]) for case in cases) / max(1, len(cases))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--first", required=True)
    parser.add_argument("--l2", type=float, default=16.0)
    parser.add_argument("--cache", type=Path, default=default_cache())
    arguments = parser.parse_args()
    parsed = [file for file in parse_folder(arguments.packages, arguments.cache) if file.path.split("/")[0] in PACKAGES]
    items = items_of(parsed)
    if not items:
        parser.error(f"{arguments.packages} has none of {', '.join(PACKAGES)}")
    tiers = [Tier(TierRole.FIRST, arguments.first)]
    names = list(w.SYMBOL_LEARNT)
    cases: list[Case] = []
    for files, chosen in ((parsed, items[::2]), (without_documentation(parsed), items[1::2])):
        snapshot = make_snapshot(files, tiers, arguments.cache)
        cases += [case for item in chosen if (case := case_of(item, snapshot, tiers, names)) is not None]
    keep = list(range(len(names)))
    scale = np.maximum(np.concatenate([case.features for case in cases]).std(axis=0), 1e-3)
    rates = []
    for package in PACKAGES:
        others = [case for case in cases if case.question.repository != package]
        own = [case for case in cases if case.question.repository == package]
        rates.append((package, len(own), round(first_rate(own, fit(others, keep, scale, arguments.l2)), 3)))
    shipped = np.array([w.SYMBOL_WEIGHTS[name] for name in names])
    found = fit(cases, keep, scale, arguments.l2)
    print("first, each package by the others:", rates)
    print(f"first, all: learnt {first_rate(cases, found):.3f}, shipped {first_rate(cases, shipped):.3f}")
    print(json.dumps({name: round(float(x), 1) for name, x in zip(names, found, strict=True)}, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
