"""Measures whether limited candidates give the page of the exhaustive ranking, and how many candidates a query has.

    python bench/candidates.py [--dataset DIR --checkouts DIR] [--packages DIR] [--indexed FOLDER... --cache DIR]
                               [--graph] [--out FILE]

Every reader is limited, however small it is, and every page is compared with the page of all files: the share of
questions with the same first ten, and the difference of NDCG@10 where questions are labelled. ``--indexed`` takes
folders that `semlens index` has indexed, and asks 300 questions of each: those of the latency benchmarks, and names,
mistyped names, words of names and paths drawn from the index. Its segments are merged as at rest. ``--graph`` gives
each view a vector graph, so that its effect counts too.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import platformdirs

from hard_cases import load_cases
from quality import load_dataset, result_of
from questions import QUESTIONS
from ranking_corpus import Tier, default_cache, make_snapshot, parse_folder
from ranking_metrics import Question as Labelled
from ranking_metrics import score
from semlens.core.cancel import CancelToken
from semlens.core.request import SearchRequest
from semlens.core.status import TierRole
from semlens.core.text.identifiers import split_identifier
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.search.query.query import parse_query
from semlens.search.ranking.rank import RankedHit, rank
from semlens.search.readers.reader import EVERYTHING, CandidateLimit, Question
from semlens.search.readers.view_reader import find_candidates
from stored_snapshot import stored_snapshot, with_graphs

RESULTS = Path(__file__).parent / "results"
FORCED = CandidateLimit(least_passages=0, least_graph_passages=0)
N_QUESTIONS = 300


class Comparison:
    """Asks every question with and without a limit."""

    def __init__(self, tiers: Sequence[Tier]) -> None:
        self._tiers = tiers
        self.n_equal: list[bool] = []
        self.n_candidates: list[int] = []
        self.gained: list[float] = []
        self.limited_ms: list[float] = []
        self.all_ms: list[float] = []

    def ask(self, snapshot: IndexSnapshot, text: str, labelled: Labelled | None = None, prefix: str = "") -> None:
        query = parse_query(text)
        vectors = [vector for tier in self._tiers for vector in tier.ask(query.text)]
        request = SearchRequest(text, limit=10)
        pages = []
        for limit, times in ((EVERYTHING, self.all_ms), (FORCED, self.limited_ms)):
            started = time.process_time()
            pages.append(rank(snapshot, request, query, vectors, CancelToken(), limit))
            times.append((time.process_time() - started) * 1000)
        self.n_equal.append([_place(hit) for hit in pages[0]] == [_place(hit) for hit in pages[1]])
        views = [view for view in snapshot.views if len(view.segment.passages)]
        question = Question(request, query, vectors, "", FORCED, CancelToken())
        self.n_candidates.append(len(find_candidates(views, question).rows))
        if labelled is not None:
            one_per_file = request._replace(per_file=1)
            of_all, of_limited = (
                score(
                    [
                        result_of(hit, prefix)
                        for hit in rank(snapshot, one_per_file, query, vectors, CancelToken(), limit)
                    ],
                    labelled,
                    prefix,
                    strict=True,
                )["ndcg10"]
                for limit in (EVERYTHING, FORCED)
            )
            self.gained.append(of_limited - of_all)

    def figures(self) -> dict[str, float]:
        figures = {
            "questions": len(self.n_equal),
            "equal_first_ten": round(statistics.fmean(self.n_equal), 4),
            "candidates_median": statistics.median(self.n_candidates),
            "candidates_most": max(self.n_candidates),
            "limited_ms": round(statistics.median(self.limited_ms), 2),
            "exhaustive_ms": round(statistics.median(self.all_ms), 2),
        }
        if self.gained:
            figures["ndcg10_change"] = round(statistics.fmean(self.gained), 5)
        return figures


def _place(hit: RankedHit) -> tuple[str, int, int]:
    return hit.path, hit.symbol, hit.passages[0]


def drawn_questions(snapshot: IndexSnapshot) -> Iterator[str]:
    """Questions about an index: those of the latency benchmarks, then names, typing errors, words and paths from it."""
    yield from QUESTIONS
    chance = random.Random(0)
    views = [view for view in snapshot.views if len(view.segment.symbols)]
    weights = [len(view.segment.symbols) for view in views]
    for number in range(N_QUESTIONS - len(QUESTIONS)):
        view = chance.choices(views, weights)[0]
        name = view.segment.symbols.names[chance.randrange(len(view.segment.symbols))] or "main"
        other = view.segment.symbols.names[chance.randrange(len(view.segment.symbols))]
        words = [*split_identifier(name), *split_identifier(other)]
        yield (
            name,
            _mistyped(name, chance),
            " ".join(words),
            "how to " + " ".join(words[:4]),
            name[: max(3, len(name) // 2)],
            _path(view, chance),
        )[number % 6]


def _mistyped(name: str, chance: random.Random) -> str:
    at = chance.randrange(max(1, len(name) - 1))
    return name[:at] + name[at + 1 : at + 2] + name[at : at + 1] + name[at + 2 :]


def _path(view: SegmentView, chance: random.Random) -> str:
    return view.segment.files.paths[chance.randrange(len(view.segment.files))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--checkouts", type=Path)
    parser.add_argument("--packages", type=Path)
    parser.add_argument("--indexed", type=Path, nargs="*", default=[])
    parser.add_argument("--cache", type=Path, default=Path(platformdirs.user_cache_dir("semlens")))
    parser.add_argument("--outlines", type=Path, default=default_cache())
    parser.add_argument("--graph", action="store_true")
    parser.add_argument("--first", default="semlens-static-v1")
    parser.add_argument("--out", type=Path, default=RESULTS / "candidates.json")
    options = parser.parse_args()
    tiers = [Tier(TierRole.FIRST, options.first)] if options.first else []
    found = json.loads(options.out.read_text()) if options.out.exists() else {}

    def note(name: str, comparison: Comparison) -> None:
        found[name + (" with graphs" if options.graph else "")] = comparison.figures()
        print(name, comparison.figures(), flush=True)

    def prepared(snapshot: IndexSnapshot) -> IndexSnapshot:
        return with_graphs(snapshot, options.outlines / "graphs") if options.graph else snapshot

    if options.dataset:
        comparison = Comparison(tiers)
        for repository in load_dataset(options.dataset, options.checkouts, whole=False):
            parsed = parse_folder(repository.root, options.outlines)
            snapshot = prepared(make_snapshot(parsed, tiers, options.outlines))
            for labelled in repository.questions:
                comparison.ask(snapshot, labelled.text, labelled, repository.prefix)
        note("benchmark", comparison)
    if options.packages:
        comparison = Comparison(tiers)
        parsed = parse_folder(options.packages, options.outlines)
        snapshot = prepared(make_snapshot(parsed, tiers, options.outlines))
        for case in load_cases(parsed):
            comparison.ask(snapshot, case.query)
        note("hard cases", comparison)
    for folder in options.indexed:
        comparison = Comparison(tiers)
        snapshot = prepared(stored_snapshot(folder, options.cache, [tier.fingerprint for tier in tiers]))
        for text in drawn_questions(snapshot):
            comparison.ask(snapshot, text)
        note(f"indexed {folder.name}", comparison)
    options.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
