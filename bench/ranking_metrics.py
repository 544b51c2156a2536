"""Metrics of ranked places for labelled questions: NDCG@10, recall, reciprocal rank, and intervals of their means.

A target is a file, or lines of one. Each target has the rank of the first result that covers it. DCG sums 1 / log2(rank
+ 1) over the distinct ranks within ten; the ideal DCG has one rank per target. Paths match if one is a suffix of the
other at a folder boundary, or, strictly, if they are the same file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

K = 10
METRICS = ("ndcg10", "recall10", "mrr10", "hit1")

_NAME_IN_PROSE = re.compile(
    r"\b(?:[A-Za-z]+[a-z0-9][A-Z]\w*|[A-Z]{2,}[a-z]\w+|\w*[a-z0-9]_\w+"
    r"|\w+(?:::|->|\\\\)\w[\w.:]*|[A-Za-z]\w+\.[A-Za-z]\w*)"
    r"|(?<!\w)_\w+"
)


@dataclass(frozen=True, slots=True)
class Target:
    """:ivar path: as labelled. :ivar resolved: relative to the repository; "" if the file does not exist.

    :ivar lines: first and last, 1-based and inclusive, or None for the whole file.
    """

    path: str
    resolved: str
    lines: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Result:
    """A place in a search result, relative to the repository; lines as in `Target`."""

    path: str
    lines: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Question:
    """:ivar kind: see `kind_of`."""

    repository: str
    language: str
    category: str
    kind: str
    text: str
    targets: tuple[Target, ...]


def kind_of(text: str, first_target: str) -> str:
    """``bare-symbol``: one word; ``ident``: a written name in prose; ``filename``: the file's stem; else ``prose``."""
    if " " not in text.strip():
        return "bare-symbol"
    if _NAME_IN_PROSE.search(text):
        return "ident"
    words = {word.lower() for word in re.findall(r"\w+", text)}
    stem = PurePosixPath(first_target).stem.lower()
    if {stem, stem.replace("_", ""), stem.replace("-", ""), stem.rstrip("s")} & words:
        return "filename"
    return "prose"


def score(results: Sequence[Result], question: Question, prefix: str, *, strict: bool) -> dict[str, float]:
    """:param prefix: the indexed folder within the repository; lenient matching compares paths below it."""
    ranks = []
    for target in question.targets:
        for rank, result in enumerate(results[:K], 1):
            if covers(result, target, prefix, strict=strict):
                ranks.append(rank)
                break
    n = len(question.targets)
    gained = sum(1 / math.log2(rank + 1) for rank in set(ranks))
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(K, n) + 1))
    return {
        "ndcg10": gained / ideal if ideal else 0.0,
        "recall10": len(ranks) / n if n else 0.0,
        "mrr10": 1 / min(ranks) if ranks else 0.0,
        "hit1": float(1 in ranks),
    }


def covers(result: Result, target: Target, prefix: str, *, strict: bool) -> bool:
    """Whether a result shows a target, or a part of it."""
    if strict:
        if result.path != (target.resolved or target.path):
            return False
    else:
        below = result.path.removeprefix(f"{prefix}/") if prefix else result.path
        if not (below == target.path or below.endswith("/" + target.path) or target.path.endswith("/" + below)):
            return False
    return target.lines is None or not (result.lines[1] < target.lines[0] or result.lines[0] > target.lines[1])


Row = tuple[Question, dict[str, float]]


def mean(rows: Iterable[dict[str, float]]) -> dict[str, float]:
    """The mean of each metric, and the number of rows as ``n``."""
    listed = list(rows)
    if not listed:
        return {"n": 0}
    return {name: round(sum(row[name] for row in listed) / len(listed), 4) for name in METRICS} | {"n": len(listed)}


def summary(rows: Sequence[Row]) -> dict[str, object]:
    """The published mean (over repositories), and means by each label of the questions."""
    repositories = sorted({question.repository for question, _ in rows})
    by_repository = {name: mean(row for q, row in rows if q.repository == name) for name in repositories}
    over = {
        name: round(sum(row[name] for row in by_repository.values()) / max(1, len(by_repository)), 4)
        for name in METRICS
    }
    low, high = interval(rows)
    return {
        "overall": over | {"n": len(rows), "repositories": len(repositories), "ndcg10_95": [low, high]},
        "by_kind": _by(rows, [question.kind for question, _ in rows]),
        "by_category": _by(rows, [question.category for question, _ in rows]),
        "by_language": _by(rows, [question.language for question, _ in rows]),
        "by_repository": by_repository,
    }


def _by(rows: Sequence[Row], keys: Sequence[str]) -> dict[str, dict[str, float]]:
    return {
        key: mean(row for (_, row), other in zip(rows, keys, strict=True) if other == key) for key in sorted(set(keys))
    }


def interval(rows: Sequence[Row], *, n_samples: int = 2_000, seed: int = 7) -> tuple[float, float]:
    """95 % bootstrap interval of the mean NDCG@10 over repositories, resampling questions within each repository."""
    groups: dict[str, list[float]] = {}
    for question, row in rows:
        groups.setdefault(question.repository, []).append(row["ndcg10"])
    return _bootstrap_interval(groups, n_samples, seed)


def paired(
    before: Sequence[Row], after: Sequence[Row], *, n_samples: int = 4_000, seed: int = 7
) -> tuple[float, float, float]:
    """Change of the mean NDCG@10 over repositories, with its 95 % bootstrap interval within repositories."""
    groups: dict[str, list[float]] = {}
    for (question, old), (other, new) in zip(before, after, strict=True):
        if question != other:
            raise ValueError("the rows are not of the same questions")
        groups.setdefault(question.repository, []).append(new["ndcg10"] - old["ndcg10"])
    return mean_with_interval(groups, n_samples=n_samples, seed=seed)


def mean_with_interval(
    groups: dict[str, list[float]], *, n_samples: int = 4_000, seed: int = 7
) -> tuple[float, float, float]:
    """Mean over groups of their means, with its 95 % bootstrap interval within groups."""
    low, high = _bootstrap_interval(groups, n_samples, seed)
    change = sum(float(np.mean(values)) for values in groups.values()) / max(1, len(groups))
    return round(change, 4), low, high


def _bootstrap_interval(groups: dict[str, list[float]], n_samples: int, seed: int) -> tuple[float, float]:
    """Return the 95 % interval of the mean over groups, by drawing values again within each group."""
    generator = np.random.default_rng(seed)
    means = np.zeros(n_samples)
    for values in groups.values():
        of_repository = np.array(values)
        drawn = generator.integers(0, len(values), (n_samples, len(values)))
        means += of_repository[drawn].mean(axis=1)
    low, high = np.percentile(means / max(1, len(groups)), [2.5, 97.5])
    return round(float(low), 4), round(float(high), 4)
