"""Checks `impact` on real commits that changed code and tests together.

For each commit, the files as they were after it are indexed, and the diff of its code, without that of its tests, is
asked about. Right is when a test file that the commit changed is among the first ten tests listed.

    python bench/graph_impact.py REPOSITORY.git... [--per-repository 7] [--result FILE]
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import time
from pathlib import Path

from semlens.core.hashing import content_hash
from semlens.core.symbol import Role
from semlens.graph.diff import parse_diff
from semlens.graph.impact import NEARBY_CONFIDENCE, Impact, impact_of
from semlens.graph.resolver import Resolver
from semlens.graph.segment_names import SymbolPlace
from semlens.index.segment.builder import ParsedFile, build_segment
from semlens.index.snapshot import SegmentView
from semlens.syntax.languages.registry import BY_NAME, language_of
from semlens.syntax.parsing.parser import parse
from semlens.syntax.symbols.roles import role_of

FIRST = 10
MAX_CODE_FILES = 20
MAX_FILES = 2_500
MAX_FILE_BYTES = 400_000


def git(repository: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "--git-dir", str(repository), *arguments], capture_output=True, check=True).stdout


def is_code(path: str) -> bool:
    language = BY_NAME.get(language_of(path) or "")
    return language is not None and language.code and bool(language.grammar)


def commits(repository: Path, wanted: int) -> list[tuple[str, list[str], set[str]]]:
    """Commits with their changed code and their changed tests; neither was only added."""
    log = git(repository, "log", "--no-merges", "-n", "3000", "--name-status", "--no-renames", "--format=%x00%H")
    found = []
    for part in log.decode("utf-8", "replace").split("\0")[1:]:
        commit, _, names = part.partition("\n")
        rows = [line.split("\t") for line in names.split("\n") if "\t" in line]
        changed = [path for status, path in rows if status == "M" and is_code(path)]
        tests = {path for path in changed if role_of(path) & Role.TEST}
        code = [path for path in changed if path not in tests]
        if (
            tests
            and code
            and len(code) <= MAX_CODE_FILES
            and all(status == "M" for status, path in rows if is_code(path))
        ):
            found.append((commit.strip(), code, tests))
    step = max(1, len(found) // wanted)
    return found[::step][:wanted]


def view_of(repository: Path, commit: str) -> SegmentView | None:
    """The code of a commit. Not by `git archive`, which leaves out what is not exported, often the tests."""
    rows = git(repository, "ls-tree", "-r", "-z", "--full-tree", commit).decode("utf-8", "replace").split("\0")
    blobs = [(row.split()[2], row.partition("\t")[2]) for row in rows if row.startswith("100")]
    blobs = [(blob, path) for blob, path in blobs if is_code(path)]
    if len(blobs) > MAX_FILES:
        return None
    command = ["git", "--git-dir", str(repository), "cat-file", "--batch"]
    asked = "\n".join(blob for blob, _ in blobs).encode() + b"\n"
    answer = io.BytesIO(subprocess.run(command, input=asked, capture_output=True, check=True).stdout)
    parsed = []
    for _, path in blobs:
        head = answer.readline().split()
        if head[-1] == b"missing":  # a clone without some of its blobs
            return None
        data = answer.read(int(head[2]))
        answer.read(1)
        if len(data) < MAX_FILE_BYTES:
            parsed.append(ParsedFile(path, content_hash(data), parse(path, data)))
    return SegmentView("/project", build_segment(parsed))


def changed_symbols(view: SegmentView, diff: str) -> tuple[list[SymbolPlace], list[tuple[int, int]]]:
    paths = {path: row for row, path in enumerate(view.segment.files.paths.tolist())}
    symbols = view.segment.symbols
    places: dict[SymbolPlace, None] = {}
    files = []
    for one in parse_diff(diff):
        file = paths.get(one.path)
        if file is None:
            continue
        files.append((0, file))
        rows = [row for row in range(len(symbols)) if int(symbols.files[row]) == file]
        for line in {line for hunk in one.hunks for line in hunk.new_changed}:
            around = [row for row in rows if symbols.span(row).contains(line)]
            if around:
                places[SymbolPlace(0, min(around, key=lambda row: symbols.span(row).n_lines))] = None
    return list(places), files


def listed(resolver: Resolver, impact: Impact) -> set[str]:
    """The files of the first tests."""
    files = [resolver.file_of(one.view, one.row) for one in impact.tests[:FIRST]]
    return {resolver.views[0].segment.files.paths[file] for file in files}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--per-repository", type=int, default=7)
    parser.add_argument("--result", type=Path)
    options = parser.parse_args()
    n_commits = n_right = n_right_without_names = n_right_without_nearby = 0
    times = []
    for repository in options.repositories:
        for commit, code, tests in commits(repository, options.per_repository):
            view = view_of(repository, commit)
            if view is None:
                continue
            diff = git(repository, "diff", "-U0", "--no-renames", f"{commit}^", commit, "--", *code)
            places, files = changed_symbols(view, diff.decode("utf-8", "replace"))
            resolver = Resolver([view])
            started = time.perf_counter()
            found = impact_of(resolver, places, files)
            times.append((time.perf_counter() - started) * 1000)
            n_commits += 1
            n_right += bool(listed(resolver, found) & tests)
            n_right_without_names += bool(listed(resolver, impact_of(resolver, places, [])) & tests)
            surer = [one for one in found.tests if one.confidence > NEARBY_CONFIDENCE]
            n_right_without_nearby += bool(listed(resolver, found._replace(tests=surer)) & tests)
        print(
            repository.parent.name,
            n_commits,
            n_right,
            n_right_without_nearby,
            n_right_without_names,
            file=sys.stderr,
            flush=True,
        )
    times.sort()
    figures = {
        "commits": n_commits,
        "a changed test among the first ten": round(n_right / max(1, n_commits), 3),
        "without tests that only lie near": round(n_right_without_nearby / max(1, n_commits), 3),
        "by edges alone": round(n_right_without_names / max(1, n_commits), 3),
        "median ms": round(times[len(times) // 2], 1) if times else 0,
        "95th percentile ms": round(times[int(len(times) * 0.95)], 1) if times else 0,
    }
    print(json.dumps(figures, indent=1))
    if options.result:
        results = json.loads(options.result.read_text()) if options.result.exists() else {}
        results["impact"] = figures
        options.result.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
