"""Learn the weights of files from labelled questions: a linear softmax over the files of each question's repository.

    python bench/learn_weights.py --dataset DIR --checkouts DIR [--first MODEL] [--refine MODEL] [--whole] [--l2 4]

Prints the weights to put into ``search/weights.py`` and what they reach when each repository is judged by weights that
were learnt without it. The loss is the cross-entropy between the softmax of the files' sums and the labelled files;
features are scaled to unit variance, the penalty is on the scaled weights.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from quality import Repository, load_dataset
from ranking_corpus import Tier, default_cache, make_snapshot, parse_folder
from ranking_metrics import Question, Result, Row, score, summary
from semlens.core.cancel import CancelToken
from semlens.core.request import SearchFilter
from semlens.index.snapshot import IndexSnapshot
from semlens.search.evidence import score_words
from semlens.search.features import FileTable, build_table
from semlens.search.filters import view_mask
from semlens.search.names import match_names
from semlens.search.query import parse_query
from semlens.search.rank import file_scores

N_FILES = 150
"""Files of a question that are learnt from: the best so far, and those that answer it."""

Floats = npt.NDArray[np.float64]


@dataclass
class Case:
    """:ivar features: shape (files, features). :ivar relevant: mask over the files."""

    question: Question
    prefix: str
    paths: list[str]
    features: Floats
    relevant: npt.NDArray[np.bool_]


def table_of(snapshot: IndexSnapshot, text: str, tiers: Sequence[Tier]) -> tuple[FileTable, npt.NDArray[np.float32]]:
    """The features of every file for a question, and the sums by the weights as they are."""
    query = parse_query(text)
    views = list(snapshot.views)
    masks = [view_mask(view, SearchFilter(), query) for view in views]
    words = score_words(views, masks, query, CancelToken())
    vectors = [vector for tier in tiers for vector in tier.ask(text)]
    table = build_table(views, masks, words, match_names(views, query), query, vectors)
    return table, file_scores(table, query)


def collect(repositories: Sequence[Repository], tiers: Sequence[Tier], cache: Path, names: list[str]) -> list[Case]:
    cases = []
    for repository in repositories:
        snapshot = make_snapshot(parse_folder(repository.root, cache), tiers, cache)
        all_paths = [
            f"{repository.prefix}/{p}" if repository.prefix else p
            for p in snapshot.views[0].segment.files.paths.tolist()
        ]
        for question in repository.questions:
            table, sums = table_of(snapshot, question.text, tiers)
            wanted = {target.resolved for target in question.targets}
            relevant = np.array([path in wanted for path in all_paths])
            order = np.argsort(-sums, kind="stable")[:N_FILES]
            chosen = np.union1d(order[np.isfinite(sums[order])], np.flatnonzero(relevant & table.eligible))
            if not names:
                names.extend(name for name in table.columns if name != "unsaved")
            features = np.stack([table.columns[name][chosen] for name in names], axis=1).astype(np.float64)
            cases.append(Case(question, repository.prefix, [all_paths[i] for i in chosen], features, relevant[chosen]))
    return cases


def fit(cases: Sequence[Case], scale: Floats, l2: float, n_steps: int = 30) -> Floats:
    """Newton's method; the loss is convex. :returns: weights of the unscaled features."""
    usable = [(case.features / scale, case.relevant / case.relevant.sum()) for case in cases if _tells(case)]
    n = len(scale)
    weights = np.zeros(n)
    loss = _loss(usable, weights, l2)
    for _ in range(n_steps):
        gradient, hessian = l2 * weights, l2 * np.eye(n)
        for x, y in usable:
            p = _softmax(x @ weights)
            mean = p @ x
            gradient = gradient + mean - y @ x
            hessian = hessian + (x * p[:, None]).T @ x - np.outer(mean, mean)
        step = np.linalg.solve(hessian, gradient)
        while (tried := _loss(usable, weights - step, l2)) > loss and np.abs(step).max() > 1e-6:
            step = step / 2
        weights, gained, loss = weights - step, loss - tried, tried
        if gained < 1e-6:
            break
    return weights / scale


def _tells(case: Case) -> bool:
    return bool(case.relevant.any()) and not bool(case.relevant.all())


def _softmax(sums: Floats) -> Floats:
    p = np.exp(sums - sums.max())
    return p / p.sum()


def _loss(usable: Sequence[tuple[Floats, Floats]], weights: Floats, l2: float) -> float:
    total = l2 / 2 * float(weights @ weights)
    for x, y in usable:
        sums = x @ weights
        total += float(np.log(np.exp(sums - sums.max()).sum()) + sums.max() - y @ sums)
    return total


def judge(cases: Sequence[Case], weights: Floats, *, strict: bool) -> list[Row]:
    rows = []
    for case in cases:
        order = np.argsort(-(case.features @ weights), kind="stable")[:10]
        results = [Result(case.paths[i], (1, 1 << 30)) for i in order]
        rows.append((case.question, score(results, case.question, case.prefix, strict=strict)))
    return rows


def cross_validated(cases: Sequence[Case], scale: Floats, l2: float, *, strict: bool) -> list[Row]:
    rows: list[Row] = []
    for name in sorted({case.question.repository for case in cases}):
        inside = [case for case in cases if case.question.repository != name]
        held_out = [case for case in cases if case.question.repository == name]
        rows += judge(held_out, fit(inside, scale, l2), strict=strict)
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--checkouts", type=Path, required=True)
    parser.add_argument("--first", default="")
    parser.add_argument("--refine", default="")
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--l2", type=float, default=4.0)
    parser.add_argument("--without", nargs="*", default=[], help="features to leave out")
    parser.add_argument("--each", action="store_true", help="also without each feature, learnt again")
    parser.add_argument("--packages", type=Path, help="also learn the table of plain questions, with `plain_cases`")
    parser.add_argument("--cache", type=Path, default=default_cache())
    arguments = parser.parse_args()
    tiers = [Tier(role, name) for role, name in (("first", arguments.first), ("refine", arguments.refine)) if name]
    repositories = load_dataset(arguments.dataset, arguments.checkouts, whole=arguments.whole)
    names: list[str] = []
    cases = collect(repositories, tiers, arguments.cache, names)
    keep = [i for i, name in enumerate(names) if name not in arguments.without]
    report(cases, names, keep, arguments.l2, strict=arguments.whole)
    if arguments.each:
        for i in keep:
            rows, _ = learn(cases, [j for j in keep if j != i], arguments.l2, strict=arguments.whole)
            print(f"without {names[i]:18} {summary(rows)['overall']['ndcg10']}")  # type: ignore[index]
    if arguments.packages:
        learn_plain(cases, names, keep, tiers, arguments)
    return 0


def learn_plain(
    cases: Sequence[Case], names: list[str], keep: list[int], tiers: Sequence[Tier], arguments: argparse.Namespace
) -> None:
    """Prints the weights of questions without written names: their own, half of the hard cases, a few docstrings."""
    from plain_cases import more_cases

    hard, docstrings = more_cases(arguments.packages, tiers, arguments.cache, names)
    plain = [case for case in cases if not parse_query(case.question.text).names]
    chosen = [*plain, *hard[::2], *docstrings[::32]]
    narrowed = [Case(c.question, c.prefix, c.paths, c.features[:, keep], c.relevant) for c in chosen]
    scale = np.maximum(np.concatenate([case.features[:, keep] for case in cases]).std(axis=0), 1e-3)
    weights = fit(narrowed, scale, arguments.l2)
    print("plain", json.dumps({names[i]: round(float(x), 2) for i, x in zip(keep, weights, strict=True)}, indent=1))


def learn(cases: Sequence[Case], keep: list[int], l2: float, *, strict: bool) -> tuple[list[Row], Floats]:
    """Cross-validated rows with some of the features, and the weights learnt from everything."""
    narrowed = [Case(c.question, c.prefix, c.paths, c.features[:, keep], c.relevant) for c in cases]
    scale = np.maximum(np.concatenate([case.features for case in narrowed]).std(axis=0), 1e-3)
    return cross_validated(narrowed, scale, l2, strict=strict), fit(narrowed, scale, l2)


def report(cases: Sequence[Case], names: list[str], keep: list[int], l2: float, *, strict: bool) -> None:
    rows, weights = learn(cases, keep, l2, strict=strict)
    found = summary(rows)
    print("cross-validated", json.dumps(found["overall"]))
    print({kind: (row["n"], row["ndcg10"]) for kind, row in found["by_kind"].items()})  # type: ignore[attr-defined]
    print({name: row["ndcg10"] for name, row in found["by_language"].items()})  # type: ignore[attr-defined]
    print(json.dumps({names[i]: round(float(weight), 2) for i, weight in zip(keep, weights, strict=True)}, indent=1))


if __name__ == "__main__":
    raise SystemExit(main())
