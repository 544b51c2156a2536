"""Recall of packed context: whether a pack of so many tokens holds the files that answer a question.

    python bench/context.py --dataset DIR --checkouts DIR [--first MODEL] [--refine MODEL] [--out FILE]

A target file counts when an item of it is full, or shows at least 40 tokens of code. Tokens are those of MiniLM's
tokenizer. Recall is the share of a question's targets, averaged by repository, with bootstrapped intervals.
The labelled questions are not part of this project: without them the benchmark says so and ends with code 3.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from quality import ABSENT, Repository, load_dataset
from ranking_corpus import Tier, default_cache, make_snapshot, parse_folder
from semlens.core.cancel import CancelToken
from semlens.core.context import ContextPack, ContextRequest
from semlens.core.request import SearchRequest
from semlens.embedding.registry import find_model
from semlens.embedding.token_counting import TokenCounter, load_counter
from semlens.engine.documents import CurrentDocument
from semlens.engine.hits import split_lines
from semlens.engine.packing import make_pack, wishes_for
from semlens.engine.questions import SEEDS
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.search.query import parse_query
from semlens.search.rank import rank
from semlens.syntax.decode import decode

BUDGETS = (500, 1_000, 2_000, 4_000)
BARS = {500: 0.86, 1_000: 0.93, 2_000: 0.97, 4_000: 0.99}
LEAST_TOKENS = 40
N_BOOTSTRAPS = 2_000


class Packer:
    """Packs over one repository, as the engine does, without its threads."""

    def __init__(self, repository: Repository, tiers: list[Tier], counter: TokenCounter, cache: Path) -> None:
        self._root = repository.root
        self._tiers = tiers
        self._counter = counter
        self._snapshot: IndexSnapshot = make_snapshot(parse_folder(repository.root, cache), tiers, cache)
        self._documents: dict[str, CurrentDocument] = {}

    def pack(self, text: str, budget: int) -> ContextPack:
        query = parse_query(text)
        vectors = [vector for tier in self._tiers for vector in tier.ask(query.text)]
        hits = rank(self._snapshot, SearchRequest(text, limit=SEEDS, per_file=2), query, vectors, CancelToken())
        request = ContextRequest(query=text, budget=budget)
        wishes = wishes_for(self._snapshot, request, None, hits)
        return make_pack(self._snapshot, request, wishes, query, self._read, self._counter, CancelToken())

    def _read(self, view: SegmentView, file: int) -> CurrentDocument | None:
        path = view.segment.files.paths[file]
        if path not in self._documents:
            text = decode((self._root / path).read_bytes())
            self._documents[path] = CurrentDocument(path, split_lines(text or ""), dirty=False)
        return self._documents[path]


def shown_files(pack: ContextPack) -> set[str]:
    """Files that count: one of their items is full, or their items show enough tokens of code."""
    tokens: dict[str, int] = {}
    shown: set[str] = set()
    for item in pack.items:
        tokens[item.path] = tokens.get(item.path, 0) + item.tokens
        if item.form == "full":
            shown.add(item.path)
    fence = 20  # tokens of a fence and its place, at most
    return shown | {path for path, count in tokens.items() if count - fence >= LEAST_TOKENS}


def recall(shown: set[str], targets: list[str]) -> float:
    def covered(target: str) -> bool:
        return any(path == target or target.endswith("/" + path) or path.endswith("/" + target) for path in shown)

    return float(np.mean([covered(target) for target in targets]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--checkouts", type=Path, required=True)
    parser.add_argument("--first", default="semlens-static-v1")
    parser.add_argument("--refine", default="")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    repositories = load_dataset(options.dataset, options.checkouts, whole=False)
    if not repositories:
        print("The labelled questions or the checkouts are not there: nothing was measured.", file=sys.stderr)
        return ABSENT
    tiers = [Tier(role, name) for role, name in (("first", options.first), ("refine", options.refine)) if name]
    tokenizer = find_model("all-minilm-l6-v2").path("tokenizer.json")
    counter = load_counter(str(tokenizer))
    rows: dict[int, list[tuple[str, float]]] = {budget: [] for budget in BUDGETS}
    worst: list[tuple[str, str, list[str]]] = []
    over, seconds = 0, []
    for repository in repositories:
        packer = Packer(repository, tiers, counter, default_cache())
        for question in repository.questions:
            targets = [target.path for target in question.targets]
            for budget in BUDGETS:
                started = time.perf_counter()
                pack = packer.pack(question.text, budget)
                seconds.append(time.perf_counter() - started)
                over += pack.tokens > budget or counter.count(pack.text) > budget
                value = recall(shown_files(pack), targets)
                rows[budget].append((repository.name, value))
                if budget == BUDGETS[-1] and value < 1.0:
                    worst.append((repository.name, question.text, targets))
    report = {"packs_over_budget": over, "median_ms": round(1000 * float(np.median(seconds)), 1), "recall": {}}
    print(f"{'budget':>8} {'recall':>8} {'95 % interval':>18} {'bar':>6}")
    for budget, values in rows.items():
        mean, low, high = _interval(values)
        report["recall"][budget] = {
            "mean": round(mean, 4),
            "low": round(low, 4),
            "high": round(high, 4),
            "bar": BARS[budget],
        }
        print(f"{budget:>8} {mean:>8.3f} {f'{low:.3f} - {high:.3f}':>18} {BARS[budget]:>6}")
    print(f"packs over budget: {over}; median {report['median_ms']} ms a pack, of {len(seconds)}")
    for name, text, targets in worst[:20]:
        print(f"  missed at {BUDGETS[-1]}: {name}: {text!r} -> {targets}")
    if options.out:
        options.out.write_text(json.dumps(report, indent=1) + "\n")
    return 0


def _interval(values: list[tuple[str, float]]) -> tuple[float, float, float]:
    """Mean of the repositories' means, and a bootstrap over the questions of each."""
    by_repository: dict[str, list[float]] = {}
    for name, value in values:
        by_repository.setdefault(name, []).append(value)
    groups = [np.array(group) for group in by_repository.values()]
    generator = np.random.default_rng(7)
    draws = [
        float(np.mean([generator.choice(group, len(group)).mean() for group in groups])) for _ in range(N_BOOTSTRAPS)
    ]
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(np.mean([group.mean() for group in groups])), float(low), float(high)


if __name__ == "__main__":
    raise SystemExit(main())
