"""Learns the weights of files from labelled questions: a linear softmax over the files of each question's repository.

    python bench/learn_weights.py --dataset DIR --checkouts DIR --first MODEL [--l2 32] [--each] [--out FILE]

Prints the table `LEARNT` of ``search/ranking/weights.py``, and its cross-validated quality: each repository is searched
with weights that were learnt without it. The loss is the cross-entropy between the softmax of the sums and the labelled
files, with a penalty on the weights of features scaled to unit variance. Weights that are set by hand are fixed and
shift the sums. ``--each`` learns again without each feature, and prints the loss of quality.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from altered_weights import one_table
from quality import Repository, in_process, load_dataset
from ranking_corpus import Tier, default_cache, make_snapshot, parse_folder
from ranking_metrics import Question, Row, paired, score, summary
from semlens.core.cancel import CancelToken
from semlens.core.request import SearchRequest
from semlens.core.status import TierRole
from semlens.index.snapshot import IndexSnapshot
from semlens.search.query.query import parse_query
from semlens.search.ranking import weights as w
from semlens.search.ranking.query_weights import weights_of
from semlens.search.ranking.rank import file_scores
from semlens.search.readers import reader
from semlens.search.readers.view_reader import find_candidates
from semlens.search.signals.file_table import FileTable

N_FILES = 60
"""Number of files per question to learn from: the best by the current weights, and those that answer it."""

L2 = 32.0
"""The best of 4, 8, 16, 32 and 64 by cross-validation. Between 8 and 64 results differ by at most 0.003."""

N_STEPS = 30

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """A question as training data.

    :ivar features: shape (files, learnt features). :ivar shift: sum of what is set by hand, shape (files,).
    :ivar wanted: weight of each file in the answer; sums to 1.
    """

    question: Question
    features: Floats
    shift: Floats
    wanted: Floats


@dataclass(frozen=True, slots=True)
class Corpus:
    """An indexed repository with the training data from its questions."""

    repository: Repository
    snapshot: IndexSnapshot
    cases: tuple[Case, ...]


def table_of(snapshot: IndexSnapshot, text: str, tiers: Sequence[Tier]) -> tuple[FileTable, npt.NDArray[np.float32]]:
    """The features of every file for a question, and the sums by the current weights."""
    query = parse_query(text)
    vectors = [vector for tier in tiers for vector in tier.ask(text)]
    question = reader.Question(SearchRequest(text), query, vectors, "", reader.EVERYTHING, CancelToken())
    table = find_candidates(list(snapshot.views), question)
    return table, file_scores(table, weights_of(table, query).files)


def collect(
    repositories: Sequence[Repository], tiers: Sequence[Tier], cache: Path, names: Sequence[str]
) -> list[Corpus]:
    """:param names: the features to learn, in order."""
    corpora = []
    for repository in repositories:
        snapshot = make_snapshot(parse_folder(repository.root, cache), tiers, cache)
        prefix = f"{repository.prefix}/" if repository.prefix else ""
        paths = [prefix + path for path in snapshot.views[0].segment.files.paths.tolist()]
        cases = []
        for question in repository.questions:
            table, sums = table_of(snapshot, question.text, tiers)
            targets = {target.resolved for target in question.targets}
            relevant = np.array([path in targets for path in paths]) & table.eligible
            order = np.argsort(-sums, kind="stable")[:N_FILES]
            chosen = np.union1d(order[np.isfinite(sums[order])], np.flatnonzero(relevant))
            features = np.stack([table.columns[name][chosen] for name in names], axis=1).astype(np.float64)
            learnt = np.array([w.FILE_WEIGHTS.get(name, 0.0) for name in names])
            found = relevant[chosen]
            if found.any() and not found.all():
                shift = sums[chosen].astype(np.float64) - features @ learnt
                cases.append(Case(question, features, shift, found / found.sum()))
        corpora.append(Corpus(repository, snapshot, tuple(cases)))
    return corpora


def fit(cases: Sequence[Case], keep: Sequence[int], scale: Floats, l2: float, start: Floats | None = None) -> Floats:
    """Newton's method on the convex loss. :returns: weights of the unscaled features, in order of ``keep``."""
    usable = [(case.features[:, keep] / scale[keep], case.shift, case.wanted) for case in cases]
    n = len(keep)
    weights = np.zeros(n) if start is None else start * scale[keep]
    loss = _loss(usable, weights, l2)
    for _ in range(N_STEPS):
        gradient, hessian = l2 * weights, l2 * np.eye(n)
        for x, shift, y in usable:
            p = _softmax(x @ weights + shift)
            mean = p @ x
            gradient = gradient + mean - y @ x
            hessian = hessian + (x * p[:, None]).T @ x - np.outer(mean, mean)
        step = np.linalg.solve(hessian, gradient)
        while (tried := _loss(usable, weights - step, l2)) > loss and np.abs(step).max() > 1e-6:
            step = step / 2
        weights, gained, loss = weights - step, loss - tried, tried
        if gained < 1e-5:
            break
    return weights / scale[keep]


def _softmax(sums: Floats) -> Floats:
    p = np.exp(sums - sums.max())
    return p / p.sum()


def _loss(usable: Sequence[tuple[Floats, Floats, Floats]], weights: Floats, l2: float) -> float:
    total = l2 / 2 * float(weights @ weights)
    for x, shift, y in usable:
        sums = x @ weights + shift
        total += float(np.log(np.exp(sums - sums.max()).sum()) + sums.max() - y @ sums)
    return total


def judge(corpus: Corpus, tiers: Sequence[Tier], weights: Mapping[str, float], *, strict: bool) -> list[Row]:
    """Metrics of the questions of one repository, with the real search."""
    search = in_process(corpus.snapshot, list(tiers), corpus.repository.prefix)
    with one_table(weights):
        return [
            (question, score(search(question.text), question, corpus.repository.prefix, strict=strict))
            for question in corpus.repository.questions
        ]


class Learner:
    """:ivar names: names of the learnt features."""

    def __init__(self, corpora: Sequence[Corpus], names: Sequence[str], tiers: Sequence[Tier], l2: float) -> None:
        self.corpora = corpora
        self.names = names
        self.tiers = tiers
        self.l2 = l2
        self.cases = [case for corpus in corpora for case in corpus.cases]
        self.scale = np.maximum(np.concatenate([case.features for case in self.cases]).std(axis=0), 1e-3)

    def weights(self, without: str = "", held_out: Corpus | None = None) -> dict[str, float]:
        """The whole table: learnt weights, rounded as shipped, and weights set by hand."""
        keep = [i for i, name in enumerate(self.names) if name != without]
        cases = [case for corpus in self.corpora if corpus is not held_out for case in corpus.cases]
        found = fit(cases, keep, self.scale, self.l2)
        by_hand = {name: weight for name, weight in w.FILE_WEIGHTS.items() if name not in self.names}
        return {self.names[i]: round(float(x), 2) for i, x in zip(keep, found, strict=True)} | by_hand

    def cross_validated(self, without: str = "", *, strict: bool) -> list[Row]:
        rows: list[Row] = []
        for corpus in self.corpora:
            rows += judge(corpus, self.tiers, self.weights(without, corpus), strict=strict)
        return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--checkouts", type=Path, required=True)
    parser.add_argument("--first", default="")
    parser.add_argument("--refine", default="")
    parser.add_argument("--whole", action="store_true", help="whole repositories, strict paths")
    parser.add_argument("--learn", nargs="*", help="features to learn instead of those of `LEARNT`")
    parser.add_argument("--l2", type=float, default=L2)
    parser.add_argument("--each", action="store_true", help="also without each feature, learnt again")
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    tiers = [Tier(role, name) for role, name in zip(TierRole, (arguments.first, arguments.refine), strict=True) if name]
    repositories = load_dataset(arguments.dataset, arguments.checkouts, whole=arguments.whole)
    if not repositories:
        parser.error(f"there is no labelled set in {arguments.dataset}, or there are no checkouts")
    names = arguments.learn or [name for name in w.LEARNT if tiers or not name.startswith("first.")]
    learner = Learner(collect(repositories, tiers, arguments.cache, names), names, tiers, arguments.l2)
    rows = learner.cross_validated(strict=arguments.whole)
    table = learner.weights()
    everything: list[Row] = []
    for corpus in learner.corpora:
        everything += judge(corpus, tiers, table, strict=arguments.whole)
    result: dict[str, object] = {
        "cross_validated": summary(rows),
        "in_sample": summary(everything)["overall"],
        "weights": {name: table[name] for name in names},
    }
    print(json.dumps(result, indent=1))
    if arguments.each:
        result["without"] = {}
        for name in names:
            others = learner.cross_validated(name, strict=arguments.whole)
            change, low, high = paired(rows, others)
            result["without"][name] = {"change": change, "95": [low, high]}  # type: ignore[index]
            print(f"without {name:12} {change:+.4f} [{low:+.4f}, {high:+.4f}]", flush=True)
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
