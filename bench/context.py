"""Recall of context: whether a context of a token budget has the files and the lines that answer a question.

    python bench/context.py [--dataset DIR --checkouts DIR] [--packages DIR] [--first MODEL] [--refine MODEL]
        [--without-graph]

Files: labelled questions about public repositories, which are not part of this project. A target file counts if one of
its items is full, or if its items show at least 40 tokens of code below their declarations. Lines: the questions of
``bench/hard_cases``, which name the symbols that answer; the score is the fraction of a symbol's lines in the context.
Tokens are counted by MiniLM's tokenizer. Means are over repositories; intervals are bootstrapped over their questions.
Without either set the benchmark prints a message and exits with code 3.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hard_cases import load_cases
from quality import ABSENT, load_dataset
from ranking_corpus import Tier, default_cache, make_snapshot, parse_folder
from semlens.core.cancel import CancelToken
from semlens.core.context import ContextItem, ContextPack, ContextRequest
from semlens.core.request import SearchRequest
from semlens.core.status import TierRole
from semlens.embedding.registry import find_model
from semlens.embedding.token_counting import TokenCounter, load_counter
from semlens.engine.query.context_builder import ContextBuilder
from semlens.engine.query.current_texts import CurrentDocument
from semlens.engine.query.query_service import MAX_SEED_HITS
from semlens.index.segment.builder import ParsedFile
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.search.context import related_code
from semlens.search.context.forms import head_of
from semlens.search.query.query import parse_query
from semlens.search.ranking.rank import rank
from semlens.syntax.parsing.decode import decode, split_lines

BUDGETS = (500, 1_000, 2_000, 4_000)
BARS = {500: 0.86, 1_000: 0.93, 2_000: 0.97, 4_000: 0.99}
LEAST_TOKENS = 40
N_BOOTSTRAPS = 2_000

Scores = list[tuple[str, float]]
"""Repository, and recall of one question."""


class Workspace:
    """Builds contexts over one folder as the engine does, without its threads."""

    def __init__(self, root: Path, snapshot: IndexSnapshot, tiers: Sequence[Tier], counter: TokenCounter) -> None:
        self._root = root
        self._tiers = tiers
        self._snapshot = snapshot
        self._documents: dict[str, CurrentDocument] = {}
        self.counter = counter
        (self._view,) = snapshot.views
        self._files = {path: row for row, path in enumerate(self._view.segment.files.paths.tolist())}

    def packs(self, text: str, budgets: Sequence[int]) -> list[ContextPack]:
        """Ranks the question once for all budgets."""
        query = parse_query(text)
        vectors = [vector for tier in self._tiers for vector in tier.ask(query.text)]
        asked = SearchRequest(text, limit=MAX_SEED_HITS, per_file=2, first_page=MAX_SEED_HITS)
        hits = rank(self._snapshot, asked, query, vectors, CancelToken())
        found = []
        for budget in budgets:
            request = ContextRequest(query=text, budget=budget)
            packer = ContextBuilder(self._snapshot, request, query, self._read, self.counter, CancelToken())
            found.append(packer.pack(packer.candidates(None, hits)))
        return found

    def pack_at(self, path: str, line: int, budget: int) -> ContextPack:
        """The context of a position. :param line: 0-based."""
        request = ContextRequest(uri=path, lines=(line, line), budget=budget)
        packer = ContextBuilder(self._snapshot, request, parse_query(""), self._read, self.counter, CancelToken())
        return packer.pack(packer.candidates((0, self._files[path]), ()))

    def lines_of(self, path: str) -> Sequence[str]:
        return self._read(self._view, self._files[path]).lines

    def body_tokens(self, item: ContextItem, shown: set[int]) -> int:
        """The number of tokens that an item shows below its declaration."""
        symbols = self._view.segment.symbols
        lines = self.lines_of(item.path)
        first = item.span.start_line
        for row in np.flatnonzero(symbols.files == self._files[item.path]).tolist():
            span = symbols.span(row)
            if symbols.qualified_names[row] == item.name and span.last_line == item.span.last_line:
                first = head_of(self._view, row, lines, span.start_line, span.last_line)[-1] + 1
        code = "\n".join(lines[n] for n in sorted(shown) if first <= n <= item.span.last_line)
        return self.counter.count(code)

    def _read(self, view: SegmentView, file: int) -> CurrentDocument:
        path = view.segment.files.paths[file]
        if path not in self._documents:
            text = decode((self._root / path).read_bytes())
            self._documents[path] = CurrentDocument(path, split_lines(text or ""), dirty=False)
        return self._documents[path]


_FENCE = re.compile(r"(`{3,})\S* (\S.*):(\d+)-(\d+)")


def shown_lines(pack: ContextPack, lines_of: Callable[[str], Sequence[str]]) -> dict[str, set[int]]:
    """The lines of each file in the context. Reads only its text, as a user does."""
    found: dict[str, set[int]] = {}
    rows = iter(pack.text.split("\n"))
    for row in rows:
        opened = _FENCE.fullmatch(row)
        if opened is None:
            continue
        fence, path, first, last = opened[1], opened[2], int(opened[3]) - 1, int(opened[4]) - 1
        lines, at = lines_of(path), first
        for text in rows:
            if text == fence:
                break
            here = next((n for n in range(at, last + 1) if n < len(lines) and lines[n] == text), None)
            if here is not None:
                found.setdefault(path, set()).add(here)
                at = here + 1
    return found


def shown_files(pack: ContextPack, workspace: Workspace) -> set[str]:
    """The files that count: one item is full, or the items show enough of their bodies."""
    shown: set[str] = set()
    tokens: dict[str, int] = {}
    lines = shown_lines(pack, workspace.lines_of)
    for item in pack.items:
        if item.form == "full":
            shown.add(item.path)
        else:
            of_item = workspace.body_tokens(item, lines.get(item.path, set()))
            tokens[item.path] = tokens.get(item.path, 0) + of_item
    return shown | {path for path, count in tokens.items() if count >= LEAST_TOKENS}


def recall(shown: set[str], targets: list[str]) -> float:
    def covered(target: str) -> bool:
        return any(path == target or target.endswith("/" + path) or path.endswith("/" + target) for path in shown)

    return float(np.mean([covered(target) for target in targets]))


@dataclass
class Tally:
    """Totals over all contexts."""

    over_budget: int = 0
    seconds: float = 0.0
    packs: int = 0

    def packs_of(self, workspace: Workspace, text: str) -> list[ContextPack]:
        started = time.perf_counter()
        packs = workspace.packs(text, BUDGETS)
        self.seconds += time.perf_counter() - started
        self.packs += len(packs)
        self.over_budget += sum(
            pack.tokens > pack.budget or workspace.counter.count(pack.text) > pack.budget for pack in packs
        )
        return packs


def file_recall(
    dataset: Path, checkouts: Path, tiers: Sequence[Tier], counter: TokenCounter, tally: Tally
) -> tuple[dict[int, Scores], list[str]]:
    """Scores by budget, and the questions that miss a target even with the largest budget."""
    rows: dict[int, Scores] = {budget: [] for budget in BUDGETS}
    missed = []
    for repository in load_dataset(dataset, checkouts, whole=False):
        parsed = parse_folder(repository.root, default_cache())
        workspace = Workspace(repository.root, make_snapshot(parsed, tiers, default_cache()), tiers, counter)
        for question in repository.questions:
            targets = [target.path for target in question.targets]
            for pack in tally.packs_of(workspace, question.text):
                value = recall(shown_files(pack, workspace), targets)
                rows[pack.budget].append((repository.name, value))
                if pack.budget == BUDGETS[-1] and value < 1.0:
                    missed.append(f"{repository.name}: {question.text!r} -> {targets}")
    return rows, missed


def line_recall(packages: Path, tiers: Sequence[Tier], counter: TokenCounter, tally: Tally) -> dict[int, Scores]:
    """Scores by budget: the fraction of shown lines, for the expected symbol that is shown best."""
    parsed: list[ParsedFile] = parse_folder(packages, default_cache())
    workspace = Workspace(packages, make_snapshot(parsed, tiers, default_cache()), tiers, counter)
    rows: dict[int, Scores] = {budget: [] for budget in BUDGETS}
    for case in load_cases(parsed):
        wanted = [(want.path, span) for want in case.wanted for span in want.spans]
        if not wanted:
            continue
        for pack in tally.packs_of(workspace, case.query):
            lines = shown_lines(pack, workspace.lines_of)
            shares = [
                sum(n - 1 in lines.get(path, ()) for n in range(first, last + 1)) / (last - first + 1)
                for path, (first, last) in wanted
            ]
            rows[pack.budget].append((case.kind, max(shares)))
    return rows


def summary(rows: Mapping[int, Scores], bars: Mapping[int, float]) -> dict[int, dict[str, float]]:
    found = {}
    for budget, values in rows.items():
        mean, low, high = _interval(values)
        found[budget] = {"mean": round(mean, 4), "low": round(low, 4), "high": round(high, 4)}
        if budget in bars:
            found[budget]["bar"] = bars[budget]
        print(f"{budget:>8} {mean:>8.3f} {f'{low:.3f} - {high:.3f}':>18} {bars.get(budget, ''):>6}")
    return found


def _interval(values: Scores) -> tuple[float, float, float]:
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--checkouts", type=Path)
    parser.add_argument("--packages", type=Path)
    parser.add_argument("--first", default="semlens-static-v1")
    parser.add_argument("--refine", default="")
    parser.add_argument("--without-graph", action="store_true", help="neither callers nor callees of the hits")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.without_graph:
        for name in ("_used", "_users"):
            setattr(related_code, name, lambda *_arguments, **_options: iter(()))
    has_files = options.dataset and options.checkouts and (options.dataset / "repos.json").is_file()
    has_lines = options.packages and options.packages.is_dir()
    if not has_files and not has_lines:
        print("Nothing was measured. Set --dataset and --checkouts, or --packages.", file=sys.stderr)
        return ABSENT
    tiers = [Tier(role, name) for role, name in zip(TierRole, (options.first, options.refine), strict=True) if name]
    counter = load_counter(str(find_model("semlens-minilm-v1").path("tokenizer.json")))
    tally = Tally()
    report: dict[str, object] = {"graph": not options.without_graph, "first": options.first, "refine": options.refine}
    if has_files:
        print("files   budget, recall, 95 % interval, bar")
        rows, missed = file_recall(options.dataset, options.checkouts, tiers, counter, tally)
        report["files"] = summary(rows, BARS)
        for line in missed:
            print(f"  missed at {BUDGETS[-1]}: {line}")
    if has_lines:
        print("lines   budget, recall, 95 % interval")
        report["lines"] = summary(line_recall(options.packages, tiers, counter, tally), {})
    report |= {"packs": tally.packs, "packs_over_budget": tally.over_budget}
    print(f"{tally.packs} packs, {tally.over_budget} over budget, {1000 * tally.seconds / tally.packs:.1f} ms each")
    if options.out:
        options.out.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
