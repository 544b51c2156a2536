"""Measures the speed of contexts and duplicates on a corpus, and whether every planted copy is found.

    python bench/code_queries.py [S|M|/any/folder] [--cache DIR] [--out FILE]

Contexts: queries one after the other through the engine, as the server sends them, in milliseconds. Duplicates: all
groups, first with no fingerprints computed, then again. A second root has copies of files of the corpus, in which all
names of several words are changed. A copied symbol is found if a group has it, or its container, together with its
original.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import tempfile
import time
from pathlib import Path

from corpora import named_folder
from questions import QUESTIONS
from semlens.core.cancel import CancelToken
from semlens.core.context import ContextRequest, DuplicateSet
from semlens.core.paths import path_to_uri
from semlens.core.request import SearchRequest
from semlens.core.symbol import SymbolKind
from semlens.engine.engine import Engine
from semlens.search.similarity.duplicates import LEAST_LINES, LEAST_TOKENS
from semlens.settings.loading import ModelsSettings, Settings
from semlens.syntax.fingerprint import fingerprint_of
from semlens.syntax.parsing.decode import split_lines
from semlens.syntax.parsing.parser import parse

N_COPIED_FILES = 40
_SUFFIXES = (".py", ".js", ".ts", ".go", ".rs", ".rb", ".java", ".c")
_NAME = re.compile(r"\b[a-z]+(?:_[a-z]+|[A-Z][a-z]+)+\b")
_KINDS = (SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR, SymbolKind.CLASS, SymbolKind.STRUCT)
_LEFT_OUT = re.compile(r"/(?:build|dist|tests?|vendor|deps|testdata|examples)/|_test\.|/test_")


def plant(source: Path, target: Path) -> dict[str, str]:
    """Writes copies of files with changed names. Returns planted path by original path, both relative."""
    paths = [
        path
        for path in sorted(source.rglob("*"))
        if path.suffix in _SUFFIXES and 3_000 < path.stat().st_size < 60_000 and not _LEFT_OUT.search(str(path))
    ]
    found = {}
    for number, path in enumerate(random.Random(11).sample(paths, min(N_COPIED_FILES, len(paths)))):
        text = path.read_text(encoding="utf-8", errors="replace")
        copy = f"copy{number}/{path.name}"
        (target / copy).parent.mkdir(parents=True)
        (target / copy).write_text(_NAME.sub(lambda match: f"{match[0]}Zq", text), encoding="utf-8")
        found[path.relative_to(source).as_posix()] = copy
    return found


def eligible(root: Path, path: str) -> list[tuple[int, int]]:
    """First and last 0-based line of the symbols of a file that are large enough to compare."""
    data = (root / path).read_bytes()
    lines = split_lines(data.decode("utf-8", "replace"))
    spans = [
        (symbol.span.start_line, symbol.span.end_line) for symbol in parse(path, data).symbols if symbol.kind in _KINDS
    ]
    return [
        (first, last)
        for first, last in spans
        if last - first + 1 >= LEAST_LINES
        and fingerprint_of("\n".join(lines[first : last + 1])).n_tokens >= LEAST_TOKENS
    ]


def n_found(groups: tuple[DuplicateSet, ...], copies: dict[str, str], planted: Path) -> tuple[int, int, list[str]]:
    """Number of copied symbols found, number of copied symbols, and those not found."""
    places: dict[str, list[tuple[int, int, int]]] = {}
    for number, group in enumerate(groups):
        for hit in group.hits:
            places.setdefault(hit.path, []).append((number, hit.span.start_line, hit.span.end_line))

    def groups_with(path: str, first: int, last: int) -> set[int]:
        return {number for number, start, end in places.get(path, ()) if start <= first and last <= end}

    found, total, missed = 0, 0, []
    for original, copy in copies.items():
        for first, last in eligible(planted, copy):
            total += 1
            if groups_with(copy, first, last) & groups_with(original, first, last):
                found += 1
            else:
                missed.append(f"{original}:{first + 1}-{last + 1}")
    return found, total, missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", default="S")
    parser.add_argument("--cache", type=Path, help="cache folder that is kept between runs")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    _, root = named_folder(options.corpus)
    with tempfile.TemporaryDirectory() as scratch:
        planted = Path(scratch, "planted")
        copies = plant(root, planted)
        settings = Settings(models=ModelsSettings(first="semlens-static-v1", refine="none"))
        engine = Engine(settings, cache_folder=options.cache or Path(scratch, "cache"))
        engine.start()
        try:
            engine.add_root(root)
            engine.add_root(planted)
            if not engine.wait_complete(refined=False, timeout=1_800):
                raise RuntimeError("the corpus was not indexed in half an hour")
            report = measure(engine, copies, planted)
        finally:
            engine.close()
    print(json.dumps(report, indent=1))
    if options.out:
        options.out.write_text(json.dumps({"corpus": options.corpus, **report}, indent=1) + "\n")
    return 0


def measure(engine: Engine, copies: dict[str, str], planted: Path) -> dict[str, object]:
    cancel = CancelToken()
    engine.context(ContextRequest(query="warm up"), cancel)
    searches, packs, places = [], [], []
    for question in QUESTIONS:
        request = SearchRequest(question)
        searches.append(_ms(lambda request=request: engine.search(request, cancel)))
        asked = ContextRequest(query=question)
        packs.append(_ms(lambda asked=asked: engine.context(asked, cancel)))
        for hit in engine.search(request, cancel).hits[:1]:
            at = ContextRequest(uri=path_to_uri(str(Path(hit.root, hit.path))), lines=(hit.span.start_line,) * 2)
            places.append(_ms(lambda at=at: engine.context(at, cancel)))
    report: dict[str, object] = {
        "search_ms": round(statistics.median(searches), 1),
        "context_of_question_ms": round(statistics.median(packs), 1),
        "context_of_place_ms": round(statistics.median(places), 1),
        "context_map_ms": round(_ms(lambda: engine.context(ContextRequest(), cancel)), 1),
    }
    started, busy = time.perf_counter(), time.process_time()
    groups = engine.duplicates("", 1_000_000, cancel).groups
    report["duplicates_s"] = round(time.perf_counter() - started, 2)
    report["duplicates_server_cpu_s"] = round(time.process_time() - busy, 2)
    report["duplicates_again_s"] = round(_ms(lambda: engine.duplicates("", 50, cancel)) / 1000, 2)
    found, total, missed = n_found(groups, copies, planted)
    report |= {"duplicate_groups": len(groups), "planted": total, "planted_found": found}
    for line in missed[:20]:
        print("  not found:", line)
    return report


def _ms(act: object) -> float:
    started = time.perf_counter()
    act()  # type: ignore[operator]
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    raise SystemExit(main())
