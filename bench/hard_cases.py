"""Measures hard queries over installed packages: mistyped and partial names, other words, messages, traces, roles.

    python bench/hard_cases.py --packages DIR [--first MODEL] [--refine MODEL] [--rival COMMAND] [--out FILE]

The queries are in ``bench/hard_cases/*.json`` and were written before anyone saw their results. The packages are in
``bench/hard_cases/packages.txt``, at fixed versions: ``pip install --no-deps --target DIR -r
bench/hard_cases/packages.txt``. A hit is correct if its file, and its symbol if the case names one, is expected.
Reports first-hit rate and reciprocal rank within ten by kind, compared with a keyword search over files (as with
ripgrep) and with any rival: a command that reads ``{"repo_dir", "queries"}`` and prints ``[[[path, first line, last
line], ...], ...]`` as JSON.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ranking_corpus import Tier, default_cache, make_snapshot, parse_folder
from semlens.core.cancel import CancelToken
from semlens.core.request import SearchRequest
from semlens.core.status import TierRole
from semlens.index.segment.builder import ParsedFile
from semlens.search.query.query import parse_query
from semlens.search.ranking.rank import rank

FOLDER = Path(__file__).parent / "hard_cases"
K = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """:ivar path: a file or a folder. :ivar name: end of a qualified name; "" for any place in the file."""

    path: str
    name: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """:ivar kind: the difficulty of the query."""

    kind: str
    query: str
    wanted: tuple[Wanted, ...]


Place = tuple[str, int, int]
"""Path, first and last line, 1-based."""


def load_cases(parsed: Sequence[ParsedFile]) -> list[Case]:
    """:raises KeyError: if the packages lack a file or symbol of a case."""
    outlines = {file.path: file.outline for file in parsed}
    cases = []
    for source in sorted(FOLDER.glob("*.json")):
        for item in json.loads(source.read_text(encoding="utf-8")):
            wanted = []
            for want in item["want"]:
                path, name = want["path"], want.get("name", "")
                spans: list[tuple[int, int]] = []
                if name:
                    for symbol in outlines[path].symbols:
                        if symbol.qualified_name == name or symbol.qualified_name.endswith(f".{name}"):
                            spans.append((symbol.span.start_line + 1, symbol.span.last_line + 1))
                    if not spans:
                        raise KeyError(f"{source.name}: {path} has no {name}")
                wanted.append(Wanted(path, name, tuple(spans)))
            cases.append(Case(item["kind"], item["query"], tuple(wanted)))
    return cases


def is_right(place: Place, case: Case, *, by_file: bool) -> bool:
    """:param by_file: the searcher returns no symbols, so the correct file is enough."""
    path, first, last = place
    for want in case.wanted:
        if path != want.path and not path.startswith(want.path + "/"):
            continue
        if not want.spans or by_file:
            return True
        # the symbol itself, or lines that are mostly it; not the class of a method, nor the file of a class
        for start, end in want.spans:
            shared = min(last, end) - max(first, start) + 1
            if shared > 0 and 2 * shared >= max(last - first + 1, min(end - start + 1, 30)):
                return True
    return False


Searcher = Callable[[Sequence[str]], list[list[Place]]]


def ours(parsed: Sequence[ParsedFile], tiers: Sequence[Tier], cache: Path) -> Searcher:
    snapshot = make_snapshot(parsed, tiers, cache)

    def search(queries: Sequence[str]) -> list[list[Place]]:
        found = []
        for text in queries:
            query = parse_query(text)
            vectors = [vector for tier in tiers for vector in tier.ask(query.text)]
            hits = rank(snapshot, SearchRequest(text, limit=K), query, vectors, CancelToken())
            places = []
            for hit in hits:
                segment = hit.view.segment
                if hit.symbol >= 0:
                    span = segment.symbols.span(hit.symbol)
                    places.append((hit.path, span.start_line + 1, span.last_line + 1))
                else:
                    first, last = segment.passages.lines[hit.passages[0]]
                    places.append((hit.path, int(first) + 1, int(last) + 1))
            found.append(places)
        return found

    return search


def keywords(root: Path) -> Searcher:
    """Files by the number of distinct query words in them, then by occurrences, as a user of ripgrep would search."""
    texts = {p.relative_to(root).as_posix(): p.read_text(errors="replace").lower() for p in sorted(root.rglob("*.py"))}

    def search(queries: Sequence[str]) -> list[list[Place]]:
        found = []
        for query in queries:
            words = {word for word in re.findall(r"\w+", query.lower()) if len(word) > 2}
            scored = []
            for path, text in texts.items():
                counts = [text.count(word) for word in words]
                held = sum(1 for count in counts if count)
                if held:
                    scored.append((-held, -sum(counts), path))
            found.append([(path, 1, 1 << 30) for _, _, path in sorted(scored)[:K]])
        return found

    return search


def rival(command: str, root: Path) -> Searcher:
    def search(queries: Sequence[str]) -> list[list[Place]]:
        asked = json.dumps({"repo_dir": str(root), "queries": list(queries)})
        ran = subprocess.run(command, shell=True, input=asked, capture_output=True, text=True, check=True)
        return [
            [(str(path), int(first), int(last)) for path, first, last in places] for places in json.loads(ran.stdout)
        ]

    return search


def report(name: str, search: Searcher, cases: Sequence[Case], *, by_file: bool, misses: bool) -> dict[str, object]:
    started = time.perf_counter()
    answers = search([case.query for case in cases])
    seconds = time.perf_counter() - started
    ranks: dict[str, list[int]] = {}
    for case, places in zip(cases, answers, strict=True):
        rank_found = next((at for at, place in enumerate(places[:K], 1) if is_right(place, case, by_file=by_file)), 0)
        ranks.setdefault(case.kind, []).append(rank_found)
        if misses and rank_found != 1:
            print(f"{rank_found or '-':>3} {case.kind:10} {case.query[:90]!r} -> {places[:3]}", file=sys.stderr)
    kinds = {kind: _figures(found) for kind, found in sorted(ranks.items())}
    everything = _figures([rank_found for found in ranks.values() for rank_found in found])
    return {
        "searcher": name,
        "by_file": by_file,
        "ms_a_query": round(seconds * 1000 / len(cases), 2),
        "all": everything,
        "by_kind": kinds,
    }


def _figures(ranks: Sequence[int]) -> dict[str, float]:
    return {
        "n": len(ranks),
        "hit1": round(sum(rank_found == 1 for rank_found in ranks) / len(ranks), 3),
        "mrr10": round(sum(1 / rank_found for rank_found in ranks if rank_found) / len(ranks), 3),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--first", default="")
    parser.add_argument("--refine", default="")
    parser.add_argument("--rival", action="append", default=[])
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--by-file", action="store_true", help="the correct file is enough for all searchers")
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    parsed = parse_folder(arguments.packages, arguments.cache)
    try:
        cases = load_cases(parsed)
    except KeyError as error:
        print(f"The packages lack {error}. Install those of bench/hard_cases/packages.txt.", file=sys.stderr)
        return 3
    tiers = [Tier(role, name) for role, name in zip(TierRole, (arguments.first, arguments.refine), strict=True) if name]
    by_file = arguments.by_file
    found = [report("semlens", ours(parsed, tiers, arguments.cache), cases, by_file=by_file, misses=arguments.misses)]
    for command in arguments.rival:
        found.append(report(command, rival(command, arguments.packages), cases, by_file=by_file, misses=False))
    found.append(report("keyword count per file", keywords(arguments.packages), cases, by_file=True, misses=False))
    for item in found:
        print(item["searcher"], item["all"])
        for kind, figures in item["by_kind"].items():  # type: ignore[attr-defined]
            print(f"   {kind:12} {figures}")
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
