"""Measures ranking quality on a labelled set of questions about public repositories.

    python bench/quality.py --dataset DIR --checkouts DIR [--whole] [--first MODEL] [--refine MODEL] [--out FILE]

DATASET has ``repos.json`` and ``queries/NAME.json``; CHECKOUTS has a folder per repository at its pinned revision.
Neither is part of this project. Every question is ranked with at most one hit per file, as ``semlens/search`` does with
``perFile: 1``, among files of every kind. Code alone, the default of the product, gave .9113 in place of .9116.
``--engine`` uses the whole engine instead of only its search, and must give the same results; it also measures the time
to index each repository. ``--ablate`` removes one weight after the other and gives the paired difference with its 95 %
interval; ``learn_weights.py --each`` learns the other weights again first.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from altered_weights import without
from ranking_corpus import Tier, default_cache, make_snapshot, parse_folder
from ranking_metrics import Question, Result, Row, Target, kind_of, paired, score, summary
from semlens.core.cancel import CancelToken
from semlens.core.request import SearchRequest
from semlens.core.status import TierRole
from semlens.index.snapshot import IndexSnapshot
from semlens.search.query.query import parse_query
from semlens.search.ranking import weights
from semlens.search.ranking.prose_weights import PROSE
from semlens.search.ranking.rank import RankedHit, rank
from semlens.settings.loading import ModelsSettings, Settings

ABSENT = 3
"""Exit code if the questions or the repositories are missing."""

LIMIT = 10


@dataclass(frozen=True, slots=True)
class Repository:
    """:ivar base: the checkout. :ivar prefix: the folder to index within it; "" for the whole."""

    name: str
    language: str
    base: Path
    prefix: str
    questions: tuple[Question, ...]

    @property
    def root(self) -> Path:
        return self.base / self.prefix if self.prefix else self.base


def load_dataset(dataset: Path, checkouts: Path, *, whole: bool) -> list[Repository]:
    """The existing repositories. ``whole``: index the entire checkout instead of the labelled folder."""
    specs = dataset / "repos.json"
    if not specs.is_file():
        return []
    found = []
    for spec in json.loads(specs.read_text()):
        labels = dataset / "queries" / f"{spec['name']}.json"
        base = checkouts / spec["name"]
        prefix = (spec.get("benchmark_root") or "").strip("/")
        if labels.is_file() and (base / prefix).is_dir():
            questions = tuple(_question(spec, base, prefix, item) for item in json.loads(labels.read_text()))
            found.append(Repository(spec["name"], spec["language"], base, "" if whole else prefix, questions))
    return found


def _question(spec: dict[str, str], base: Path, prefix: str, item: dict[str, object]) -> Question:
    targets = []
    for label in [*item.get("relevant", []), *item.get("secondary", [])]:  # type: ignore[misc]
        whole = {"path": label} if isinstance(label, str) else label
        places = (whole["path"], f"{prefix}/{whole['path']}")
        inside = [p for p in places if (base / p).is_file() and (not prefix or p.startswith(f"{prefix}/"))]
        start, end = whole.get("start_line"), whole.get("end_line")
        lines = None if start is None or end is None else (int(start), int(end))
        targets.append(Target(whole["path"], inside[0] if inside else "", lines))
    text = str(item["query"])
    category = str(item.get("category") or _category(text))
    return Question(spec["name"], spec["language"], category, kind_of(text, targets[0].path), text, tuple(targets))


def _category(text: str) -> str:
    if " " not in text.strip():
        return "symbol"
    return "architecture" if text.lower().startswith("how ") else "semantic"


Search = Callable[[str], list[Result]]


def in_process(snapshot: IndexSnapshot, tiers: list[Tier], prefix: str, per_file: int = 1) -> Search:
    """Searches a snapshot without the engine."""

    def search(text: str) -> list[Result]:
        vectors = [vector for tier in tiers for vector in tier.ask(text)]
        request = SearchRequest(text, limit=LIMIT, per_file=per_file)
        hits = rank(snapshot, request, parse_query(text), vectors, CancelToken())
        return [result_of(hit, prefix) for hit in hits]

    return search


def result_of(hit: RankedHit, prefix: str) -> Result:
    segment = hit.view.segment
    if hit.symbol >= 0:
        span = segment.symbols.span(hit.symbol)
        lines = (span.start_line + 1, span.last_line + 1)
    else:
        first, last = segment.passages.lines[hit.passages[0]]
        lines = (int(first) + 1, int(last) + 1)
    return Result(f"{prefix}/{hit.path}" if prefix else hit.path, lines)


def searches(
    repositories: list[Repository], tiers: list[Tier], cache: Path, per_file: int = 1
) -> Iterator[tuple[Repository, Search]]:
    for repository in repositories:
        snapshot = make_snapshot(parse_folder(repository.root, cache), tiers, cache)
        yield repository, in_process(snapshot, tiers, repository.prefix, per_file)


def engine_searches(
    repositories: list[Repository], first: str, refine: str, per_file: int, index_s: dict[str, float]
) -> Iterator[tuple[Repository, Search]]:
    """Searches with `Engine.search`, each repository with its own cache.

    :param index_s: receives the seconds from the start of each engine until its index is complete.
    """
    from semlens.engine.engine import Engine

    settings = Settings(models=ModelsSettings(first=first or "none", refine=refine or "none"))
    for repository in repositories:
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            engine = Engine(settings, cache_folder=Path(folder), one_shot=True)
            engine.start()
            try:
                engine.add_root(repository.root)
                if not engine.wait_complete(refined=bool(refine), timeout=1_800):
                    raise RuntimeError(f"{repository.name} was not indexed in half an hour")
                index_s[repository.name] = round(time.perf_counter() - started, 3)

                def search(text: str, engine: Engine = engine, prefix: str = repository.prefix) -> list[Result]:
                    request = SearchRequest(text, limit=LIMIT, per_file=per_file, time_budget_ms=10_000)
                    hits = engine.search(request, CancelToken()).hits
                    return [
                        Result(
                            f"{prefix}/{hit.path}" if prefix else hit.path,
                            (hit.span.start_line + 1, hit.span.last_line + 1),
                        )
                        for hit in hits
                    ]

                yield repository, search
            finally:
                engine.close()


def measure(
    pairs: Iterator[tuple[Repository, Search]], *, strict: bool
) -> tuple[list[Row], list[float], list[dict[str, object]]]:
    """Rows of metrics, milliseconds of processor time per question, and every imperfect answer."""
    rows: list[Row] = []
    times: list[float] = []
    missed: list[dict[str, object]] = []
    for repository, search in pairs:
        for question in repository.questions:
            started = time.process_time()
            results = search(question.text)
            times.append((time.process_time() - started) * 1000)
            row = score(results, question, repository.prefix, strict=strict)
            rows.append((question, row))
            if row["ndcg10"] < 1:
                missed.append(
                    {
                        "repository": repository.name, "kind": question.kind, "query": question.text,
                        "ndcg10": round(row["ndcg10"], 3), "targets": [t.resolved or t.path for t in question.targets],
                        "results": [result.path for result in results[:5]],
                    }
                )  # fmt: skip
        own = [row["ndcg10"] for question, row in rows if question.repository == repository.name]
        print(f"{repository.name:20} {repository.language:11} {sum(own) / len(own):.3f}", file=sys.stderr, flush=True)
    return rows, times, sorted(missed, key=lambda item: float(str(item["ndcg10"])))


def ablate(
    repositories: list[Repository], tiers: list[Tier], cache: Path, *, strict: bool
) -> dict[str, dict[str, object]]:
    """Change of NDCG@10 without the weight of one file feature, with the other weights unchanged."""
    pairs = list(searches(repositories, tiers, cache))

    def rows(feature: str) -> list[Row]:
        with without(feature):
            return [
                (question, score(search(question.text), question, repository.prefix, strict=strict))
                for repository, search in pairs
                for question in repository.questions
            ]

    found: dict[str, dict[str, object]] = {}
    everything = rows("")
    for name in {**weights.FILE_WEIGHTS, **PROSE[TierRole.FIRST]["files"]}:
        change, low, high = paired(everything, rows(name))
        found[name] = {"change": change, "95": [low, high]}
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--checkouts", type=Path, required=True)
    parser.add_argument("--first", default="", help="model of the first tier; none by default")
    parser.add_argument("--refine", default="", help="model of the refine tier; none by default")
    parser.add_argument("--whole", action="store_true", help="index whole repositories and require the exact path")
    parser.add_argument("--engine", action="store_true", help="use the whole engine")
    parser.add_argument("--per-file", type=int, default=1, help="hits of one file among the ten (default: 1)")
    parser.add_argument("--only", nargs="*", default=[], help="only these repositories")
    parser.add_argument("--ablate", action="store_true", help="also measure without each feature")
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    repositories = load_dataset(arguments.dataset, arguments.checkouts, whole=arguments.whole)
    repositories = [found for found in repositories if not arguments.only or found.name in arguments.only]
    if not repositories:
        print(
            f"There is no labelled set: {arguments.dataset}/repos.json and the checkouts in {arguments.checkouts}"
            " are needed."
            " It is not part of this project.",
            file=sys.stderr,
        )
        return ABSENT
    named = [(role, name) for role, name in zip(TierRole, (arguments.first, arguments.refine), strict=True) if name]
    tiers = [] if arguments.engine else [Tier(role, name) for role, name in named]
    index_s: dict[str, float] = {}
    if arguments.engine:
        pairs = engine_searches(repositories, arguments.first, arguments.refine, arguments.per_file, index_s)
    else:
        pairs = searches(repositories, tiers, arguments.cache, arguments.per_file)
    rows, times, missed = measure(pairs, strict=arguments.whole)
    result = {
        "commit": _commit(), "first": arguments.first, "refine": arguments.refine, "whole": arguments.whole,
        "through": "engine" if arguments.engine else "search", "per_file": arguments.per_file,
        "median_ms": round(sorted(times)[len(times) // 2], 2), **summary(rows),
    }  # fmt: skip
    if index_s:
        result["index_s"] = {"all": round(sum(index_s.values()), 1), **index_s}
    if arguments.ablate:
        result["without"] = ablate(repositories, tiers, arguments.cache, strict=arguments.whole)
    print(json.dumps({key: value for key, value in result.items() if key != "by_repository"}, indent=1))
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(result, indent=1) + "\n")
        private = (
            arguments.cache / f"{arguments.out.stem}.missed.json"
        )  # not in the repository: it has questions of the set
        private.parent.mkdir(parents=True, exist_ok=True)
        private.write_text(json.dumps(missed, indent=1))
    return 0


def _commit() -> str:
    ran = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=Path(__file__).parent
    )
    return ran.stdout.strip()


if __name__ == "__main__":
    raise SystemExit(main())
