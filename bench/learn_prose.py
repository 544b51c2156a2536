"""Learns the weights of questions in prose and writes them: run it again after a change of the models.

    python bench/learn_prose.py --dataset DIR --checkouts DIR --sources DIR... [--tables NAME...] [--out FILE]

For each set of models: the coefficients of the fits that mix two pairs of tables, and with ``--tables`` those for the
files and symbols of questions in other words, learnt together. The loss is the cross-entropy between the
softmax of the sums and what answers: files for the labelled set, symbols for ``models/questions``. A penalty holds the
weights near the shipped ones. Prints how well questions about repositories are ranked by weights that were learnt from
others, and writes ``prose_weights.py``.
"""

from __future__ import annotations

import argparse
import json
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from confidence_corpus import Material, load_repositories
from prose_cases import FILES, FIT, FIT_WITHIN, SYMBOLS, Case, cases_of
from ranking_corpus import Tier, default_cache
from semlens.core.status import TierRole
from semlens.search.ranking import weights as w
from semlens.search.ranking.prose_weights import PROSE

MODULE = Path(__file__).resolve().parents[1] / "server" / "semlens" / "search" / "ranking" / "prose_weights.py"
MODELS = {TierRole.FIRST: "semlens-static-v1", TierRole.REFINE: "semlens-minilm-v1"}
TABLES = {"fit": FIT, "fit_within": FIT_WITHIN, "files": FILES, "symbols": SYMBOLS}

MASS = {"set": 60.0, "code": 5.0, "words": 1.0}
"""What a question counts, by its source; those of ``models/questions`` are many more. With less for the labelled set,
questions about repositories lose what the others gain. With more, a question whose words the code has counts as one in
other words. ``--mass`` replaces the first: the tables of both models were learnt with 120."""

L2 = 20.0
"""Penalty for a change of one standard deviation of the sums."""

N_FOLDS = 4
N_STEPS = 250
RATE = 0.05
PER_FILE = 2

HEADER = '''"""Weights of questions in prose. Written by bench/learn_prose.py; do not edit."""

from __future__ import annotations

from collections.abc import Mapping

from semlens.core.status import TierRole

PROSE: dict[TierRole, Mapping[str, Mapping[str, float]]] = {
'''
FOOTER = '''}
"""By the last model that has read the index: coefficients of `word_fit` for files and within a file, and weights of
files and of symbols for a question in other words than those of the code."""
'''

Floats = npt.NDArray[np.float64]
Weights = dict[str, Floats]


class Sums(NamedTuple):
    """:ivar fit, fit_within: of each case, for its files and for the symbols of a file.

    :ivar files: the sum of each file. :ivar symbols: of each symbol among all. :ivar within: within its file.
    """

    fit: Floats
    fit_within: Floats
    files: Floats
    symbols: Floats
    within: Floats


class Batch:
    """All cases in flat arrays, so that one pass of numpy goes over all of them."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self.cases = cases
        n_files = np.array([len(case.files) for case in cases])
        n_symbols = np.array([len(case.symbols) for case in cases])
        self.files, self.fixed = np.concatenate([c.files for c in cases]), np.concatenate([c.fixed for c in cases])
        self.symbols, self.named = np.concatenate([c.symbols for c in cases]), np.concatenate([c.named for c in cases])
        self.in_words = self.files @ table_of(w.FILE_WEIGHTS, FILES)
        self.symbol_in_words = self.symbols @ table_of(w.SYMBOL_WEIGHTS, SYMBOLS) + self.named
        self.fit = np.stack([case.fit for case in cases])
        self.case_of_file = np.repeat(np.arange(len(cases)), n_files)
        self.first_file = np.concatenate([[0], np.cumsum(n_files)[:-1]])
        self.first_symbol = np.concatenate([[0], np.cumsum(n_symbols)[:-1]])
        self.starts = np.concatenate([case.starts + at for case, at in zip(cases, self.first_symbol, strict=True)])
        self.lengths = np.diff(np.append(self.starts, len(self.symbols)))
        self.case_of_symbol = np.repeat(self.case_of_file, self.lengths)
        right = np.concatenate([case.right for case in cases]).astype(float)
        right_files = np.concatenate([case.right_files for case in cases]).astype(float)
        self.right, self.right_files = (
            right,
            right_files / self._per_case(right_files, self.first_file)[self.case_of_file],
        )
        mass = np.array([MASS[case.asked.source] for case in cases]) / len(cases)
        of_set = np.array([case.asked.source == "set" for case in cases])
        self.mass_of_files = np.where(of_set, mass, 0.25 * mass)
        self.mass_of_symbols = np.where(of_set, 0.0, 0.75 * mass)

    def scale(self, table: str) -> Floats:
        of_fit = self.fit[:, : len(TABLES[table])]
        values = {"files": self.files, "symbols": self.symbols}.get(table, of_fit)
        deviation: Floats = values.std(axis=0)
        return np.where(deviation > 1e-3, deviation, 1.0)

    def _fit(self, weights: Floats) -> Floats:
        fit: Floats = 1 / (1 + np.exp(-np.clip(self.fit[:, : len(weights)] @ weights, -30, 30)))
        return fit

    def _per_case(self, values: Floats, first: npt.NDArray[np.int64]) -> Floats:
        return np.maximum(np.add.reduceat(values, first), 1e-9)

    def sums(self, weights: Weights) -> Sums:
        fit, fit_within = self._fit(weights["fit"]), self._fit(weights["fit_within"])
        of_files, of_symbols = fit[self.case_of_file], fit_within[self.case_of_symbol]
        files = self.fixed + of_files * self.in_words
        files += (1 - of_files) * (self.files @ weights["files"])
        within = of_symbols * self.symbol_in_words
        within += (1 - of_symbols) * (self.symbols @ weights["symbols"])
        best = np.maximum.reduceat(within, self.starts)
        symbols = np.repeat(files, self.lengths) - w.BEHIND_IN_PROSE * (np.repeat(best, self.lengths) - within)
        return Sums(fit, fit_within, files, symbols, within)

    def slopes(self, weights: Weights) -> Weights:
        """Gradient of the loss by each weight."""
        fit, fit_within, files, symbols, within = self.sums(weights)
        by_symbol = self._softmax(symbols, self.first_symbol, self.case_of_symbol)
        by_symbol -= self._softmax(np.where(self.right > 0, symbols, -1e9), self.first_symbol, self.case_of_symbol)
        by_symbol *= self.mass_of_symbols[self.case_of_symbol]
        of_file = np.add.reduceat(by_symbol, self.starts)
        by_file = self._softmax(files, self.first_file, self.case_of_file) - self.right_files
        by_file = by_file * self.mass_of_files[self.case_of_file] + of_file
        by_symbol[self._best(within)] -= of_file
        by_symbol *= w.BEHIND_IN_PROSE
        of_files, of_symbols = fit[self.case_of_file], fit_within[self.case_of_symbol]
        by_fit = np.add.reduceat(by_file * (self.in_words - self.files @ weights["files"]), self.first_file)
        more = self.symbol_in_words - self.symbols @ weights["symbols"]
        by_fit_within = np.add.reduceat(by_symbol * more, self.first_symbol)
        return {
            "fit": (by_fit * fit * (1 - fit)) @ self.fit[:, : len(FIT)],
            "fit_within": (by_fit_within * fit_within * (1 - fit_within)) @ self.fit,
            "files": (by_file * (1 - of_files)) @ self.files,
            "symbols": (by_symbol * (1 - of_symbols)) @ self.symbols,
        }

    def _softmax(self, sums: Floats, first: npt.NDArray[np.int64], case_of: npt.NDArray[np.int64]) -> Floats:
        values = np.exp(sums - np.maximum.reduceat(sums, first)[case_of])
        shares: Floats = values / self._per_case(values, first)[case_of]
        return shares

    def _best(self, within: Floats) -> npt.NDArray[np.int64]:
        """The place of the best symbol of each file."""
        is_best = within >= np.repeat(np.maximum.reduceat(within, self.starts), self.lengths)
        places = np.where(is_best, np.arange(len(within)), len(within))
        return np.minimum.reduceat(places, self.starts)


def shipped(role: TierRole) -> Weights:
    return {table: table_of(PROSE[role][table], names) for table, names in TABLES.items()}


def table_of(weights: Mapping[str, float], names: Sequence[str]) -> Floats:
    return np.array([weights.get(name, 0.0) for name in names])


def learn(cases: Sequence[Case], role: TierRole, tables: Sequence[str]) -> Weights:
    """Adam over all cases at once, with features scaled to unit variance. Other tables stay as they are."""
    batch, start = Batch(cases), shipped(role)
    scales = {table: batch.scale(table) for table in TABLES}
    scaled = {table: start[table] * scales[table] for table in TABLES}
    origin = {table: values.copy() for table, values in scaled.items()}
    mean = {table: np.zeros_like(values) for table, values in scaled.items()}
    square = {table: np.zeros_like(values) for table, values in scaled.items()}
    for step in range(1, N_STEPS + 1):
        slopes = batch.slopes({table: scaled[table] / scales[table] for table in TABLES})
        for table in tables:
            slope = slopes[table] / scales[table] + 2 * L2 * (scaled[table] - origin[table]) / len(cases)
            mean[table] = 0.9 * mean[table] + 0.1 * slope
            square[table] = 0.99 * square[table] + 0.01 * slope * slope
            change = mean[table] / (1 - 0.9**step) / (np.sqrt(square[table] / (1 - 0.99**step)) + 1e-9)
            scaled[table] = scaled[table] - RATE * (1 - 0.95 * step / N_STEPS) * change
    return {table: scaled[table] / scales[table] for table in TABLES}


def judge(cases: Sequence[Case], weights: Weights) -> list[dict[str, float]]:
    """Of each case: NDCG@10 of its files, and the reciprocal rank within ten of the symbol, two a file."""
    batch = Batch(cases)
    fit, _, files, symbols, _ = batch.sums(weights)
    found = []
    for at, case in enumerate(cases):
        own = files[batch.first_file[at] :][: len(case.files)]
        gains = case.right_files[np.argsort(-own, kind="stable")][:10]
        ideal = sum(1 / np.log2(rank + 2) for rank in range(min(10, case.n_right)))
        ndcg = float((gains / np.log2(np.arange(len(gains)) + 2)).sum()) / ideal
        file_of = np.repeat(np.arange(len(case.files)), np.diff(np.append(case.starts, len(case.symbols))))
        order = np.argsort(-symbols[batch.first_symbol[at] :][: len(case.symbols)], kind="stable")
        found.append({"ndcg10": ndcg, "mrr10": _reciprocal(case.right[order], file_of[order]), "fit": float(fit[at])})
    return found


def _reciprocal(right: npt.NDArray[np.bool_], files: npt.NDArray[np.int64]) -> float:
    shown: dict[int, int] = {}
    rank = 0
    for is_right, file in zip(right.tolist(), files.tolist(), strict=True):
        shown[file] = shown.get(file, 0) + 1
        if shown[file] <= PER_FILE:
            rank += 1
            if is_right:
                return 1 / rank
            if rank == 10:
                break
    return 0.0


def summary(cases: Sequence[Case], judged: Sequence[Mapping[str, float]]) -> dict[str, float]:
    groups: dict[str, list[float]] = {}
    for case, one in zip(cases, judged, strict=True):
        if case.asked.source == "code":
            groups.setdefault(f"{case.asked.kind} of the code: mrr10", []).append(one["mrr10"])
        elif case.asked.source == "set":
            groups.setdefault("set: ndcg10", []).append(one["ndcg10"])
        else:
            groups.setdefault("words: mrr10", []).append(one["mrr10"])
            groups.setdefault(f"words: mrr10, {case.asked.kind}", []).append(one["mrr10"])
            groups.setdefault("words: ndcg10 of files", []).append(one["ndcg10"])
    return {name: round(float(np.mean(values)), 4) for name, values in sorted(groups.items())}


def cross_validated(cases: Sequence[Case], role: TierRole, tables: Sequence[str]) -> list[dict[str, float]]:
    names = sorted({case.repository for case in cases})
    fold_of = {name: at % N_FOLDS for at, name in enumerate(np.random.default_rng(3).permutation(names).tolist())}
    judged: list[dict[str, float]] = [{} for _ in cases]
    for fold in range(N_FOLDS):
        inside = [at for at, case in enumerate(cases) if fold_of[case.repository] == fold]
        weights = learn([case for case in cases if fold_of[case.repository] != fold], role, tables)
        for at, one in zip(inside, judge([cases[at] for at in inside], weights), strict=True):
            judged[at] = one
    return judged


def write(tables: Mapping[TierRole, Weights]) -> None:
    lines = [HEADER]
    for role, weights in tables.items():
        lines.append(f"    TierRole.{role.name}: {{\n")
        for table, names in TABLES.items():
            lines.append(f'        "{table}": {{\n')
            for name, value in zip(names, weights[table].tolist(), strict=True):
                if value:
                    lines.append(f'            "{name}": {round(value, 2)},\n')
            lines.append("        },\n")
        lines.append("    },\n")
    MODULE.write_text("".join([*lines, FOOTER]))


def collect(arguments: argparse.Namespace) -> dict[TierRole, list[Case]]:
    """The cases of each set of models, kept between runs."""
    kept: Path = arguments.cache / "prose_cases.pickle"
    if kept.exists() and not arguments.again:
        return pickle.loads(kept.read_bytes())  # type: ignore[no-any-return]
    material = Material(arguments.dataset, arguments.checkouts, tuple(arguments.sources), None, arguments.cache, 1.0)
    repositories = load_repositories(material)
    tiers = {role: Tier(role, name) for role, name in MODELS.items()}
    for one in repositories:
        for tier in tiers.values():
            if tier.role is TierRole.FIRST or one.n_passages <= arguments.most_refined:
                one.embed(tier, arguments.cache)
    found = {
        TierRole.FIRST: list(cases_of(repositories, [tiers[TierRole.FIRST]])),
        TierRole.REFINE: list(cases_of(repositories, list(tiers.values()))),
    }
    kept.write_bytes(pickle.dumps(found, pickle.HIGHEST_PROTOCOL))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, required=True, help="labelled questions, as for quality.py")
    parser.add_argument("--checkouts", type=Path, required=True)
    parser.add_argument("--sources", type=Path, nargs="*", default=[], help="packages of models/questions")
    parser.add_argument(
        "--most-refined", type=int, default=10_000, help="passages of a repository for the second model"
    )
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--again", action="store_true", help="collect again, after a change of features or models")
    parser.add_argument("--only", type=TierRole, nargs="*", default=list(TierRole), help="learn for these models only")
    parser.add_argument(
        "--tables", nargs="*", default=["fit", "fit_within"], choices=list(TABLES), help="the others stay"
    )
    parser.add_argument("--mass", type=float, default=MASS["set"], help="of a question of the labelled set")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    MASS["set"] = arguments.mass
    learnt: dict[TierRole, Weights] = {}
    report: dict[str, dict[str, dict[str, float]]] = {}
    for role, cases in collect(arguments).items():
        if role not in arguments.only:
            learnt[role] = shipped(role)
            continue
        learnt[role] = learn(cases, role, arguments.tables)
        report[str(role)] = {
            "before": summary(cases, judge(cases, shipped(role))),
            "cross-validated": summary(cases, cross_validated(cases, role, arguments.tables)),
            "in sample": summary(cases, judge(cases, learnt[role])),
        }
        print(role, json.dumps(report[str(role)], indent=1), flush=True)
    write(learnt)
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
