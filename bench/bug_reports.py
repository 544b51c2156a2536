"""Bug reports made of the history of repositories, and how well the files that fixed them are found.

    python bench/bug_reports.py collect --clones DIR --out DIR [--most 12]
    python bench/bug_reports.py measure --reports DIR [--first MODEL] [--refine MODEL] [--out FILE]

``collect`` reads clones with their history. For each it writes the files before the oldest chosen fix to
``OUT/NAME/files`` and the reports to ``OUT/NAME/reports.json``. A report is the message of a commit that fixes a fault:
its subject is the title. It is answered by the code files that the commit changed and that existed before.
``measure`` searches for the whole report and for its title alone, one hit a file, beside BM25 over whole files without
tests. Nothing of the clones is part of this project. Repositories of SWE-bench must not be among them.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from quality import in_process
from ranking_corpus import Tier, default_cache, make_snapshot, parse_folder
from semlens.core.status import TierRole
from semlens.core.symbol import Role
from semlens.core.text.identifiers import identifiers_in, split_identifier, stem
from semlens.index.segment.builder import ParsedFile
from semlens.index.segment.terms import STOP_WORDS
from semlens.syntax.symbols.roles import role_of

MIN_WORDS = 45
MAX_FILES = 4
N_COMMITS = 4_000
"""Number of newest commits to read of each history."""

_FIX = re.compile(
    r"\b(fix(e[sd]|ing)?|bug|crash(es|ed)?|regression|incorrect(ly)?|wrong(ly)?|leaks?|panics?|broken)\b", re.IGNORECASE
)
_PREFIX = re.compile(r"^\s*(?:\[[^\]]*\]\s*)?(?:(?:bug)?fix(?:e[sd])?\b(?:\([^)]*\))?[:!]?\s+)", re.IGNORECASE)
_TRAILER = re.compile(
    r"^\s*([A-Z][\w-]+-by|cc|change-id|git-svn-id|reviewed|close[sd]?|fix(es|ed)?)\b:?.*[@#/].*$", re.IGNORECASE
)
_CODE = frozenset(
    """.c .cc .cpp .cs .clj .dart .erl .ex .go .h .hpp .hs .java .jl .js .kt .lua .m .ml .php .pl .py .r .rb .rs .scala
    .sh .swift .ts .tsx .vue .zig""".split()
)


@dataclass(frozen=True, slots=True)
class Report:
    """:ivar title: first line of ``text``. :ivar files: the changed files, relative to the repository."""

    title: str
    text: str
    files: tuple[str, ...]
    commit: str


def _git(clone: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(clone), *arguments], check=True, capture_output=True).stdout


def fixes(clone: Path) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Commit, subject, body without trailers and changed code files of each commit that fixes a fault, newest first."""
    shown = "--format=%x01%H%x00%s%x00%b%x00"
    log = _git(clone, "log", "--no-merges", "-n", str(N_COMMITS), "--name-only", "--diff-filter=AMDR", shown, "HEAD")
    for entry in log.decode("utf-8", "replace").split("\x01")[1:]:
        commit, subject, body, names = entry.split("\x00")[:4]
        body = "\n".join(line for line in body.splitlines() if not _TRAILER.match(line)).strip()
        if not _FIX.search(subject) or len(body.split()) < MIN_WORDS:
            continue
        changed = [name for name in names.split("\n") if Path(name).suffix.lower() in _CODE]
        own = tuple(name for name in changed if not role_of(name) & (Role.TEST | Role.EXAMPLE | Role.VENDORED))
        if 1 <= len(own) <= MAX_FILES and len(changed) <= 3 * MAX_FILES:
            yield commit, subject, body, own


def collect(clone: Path, out: Path, most: int) -> int:
    """Write the reports of one clone, spread over its newest fixes. :returns: their number, or 0 for too few."""
    try:
        chosen = list(fixes(clone))[: 2 * most]
        before = _git(clone, "rev-parse", f"{chosen[-1][0]}^").decode().strip() if chosen else ""
        listed = _git(clone, "ls-tree", "-r", "-z", "--name-only", before or "HEAD").decode("utf-8", "replace")
        usable = [fix for fix in chosen if set(listed.split("\0")).issuperset(fix[3])]
        if len(usable) < most // 2:
            return 0
        folder = out / (clone.parent.name.split("+")[-1] if clone.name == "repo" else clone.name)
        (folder / "files").mkdir(parents=True, exist_ok=True)
        subprocess.run(["tar", "-x", "-C", str(folder / "files")], input=_git(clone, "archive", before), check=True)
    except subprocess.CalledProcessError:  # a clone without all of its history
        return 0
    step = max(1, len(usable) // most)
    reports = []
    for commit, subject, body, files in usable[::step][:most]:
        title = _PREFIX.sub("", subject)
        reports.append(Report(title, f"{title}\n\n{body}", files, commit))
    (folder / "reports.json").write_text(json.dumps([asdict(report) for report in reports], indent=1))
    return len(reports)


def bm25(parsed: Sequence[ParsedFile]) -> Callable[[str], list[str]]:
    """BM25 over whole files with split identifiers, without tests: what a report is usually compared with."""
    files = [file for file in parsed if not role_of(file.path) & Role.TEST]
    counts = [Counter(_words(file)) for file in files]
    lengths = [sum(count.values()) for count in counts]
    average = sum(lengths) / max(1, len(lengths))
    n_holding = Counter(word for count in counts for word in count)
    idf = {word: math.log1p((len(files) - n + 0.5) / (n + 0.5)) for word, n in n_holding.items()}

    def search(text: str) -> list[str]:
        asked = Counter(_split(text))
        scores = []
        for file, count, length in zip(files, counts, lengths, strict=True):
            norm = 1.2 * (0.25 + 0.75 * length / average)
            held = [(word, n, count[word]) for word, n in asked.items() if count[word]]
            total = sum(n * idf[word] * found * 2.2 / (found + norm) for word, n, found in held)
            scores.append((-total, file.path))
        return [path for _, path in sorted(scores)[:10]]

    return search


def _words(file: ParsedFile) -> Iterator[str]:
    yield from _split(file.path)
    for passage in file.outline.passages:
        yield from _split(f"{passage.name} {passage.documentation} {passage.body}")


def _split(text: str) -> Iterator[str]:
    return (stem(part) for token in identifiers_in(text) for part in split_identifier(token) if part not in STOP_WORDS)


def figures(ranked: Sequence[tuple[Report, Sequence[str]]]) -> dict[str, float]:
    """The first file is right; one right file among five; all right files among five. Percent."""
    n = max(1, len(ranked))
    return {
        "n": len(ranked),
        "file@1": round(100 * sum(found[:1] != [] and found[0] in r.files for r, found in ranked) / n, 1),
        "file@5": round(100 * sum(bool(set(r.files) & set(found[:5])) for r, found in ranked) / n, 1),
        "all@5": round(100 * sum(set(r.files) <= set(found[:5]) for r, found in ranked) / n, 1),
    }


Ranked = list[tuple[Report, list[str]]]
"""Each report with the first ten files that were found for it."""


def read_reports(folder: Path) -> list[Report]:
    items = json.loads((folder / "reports.json").read_text())
    return [Report(item["title"], item["text"], tuple(item["files"]), item["commit"]) for item in items]


def measure(folder: Path, tiers: list[Tier], cache: Path, *, with_bm25: bool) -> dict[str, Ranked]:
    """For the whole report, for its title, and by BM25 if wanted."""
    parsed = parse_folder(folder / "files", cache)
    search = in_process(make_snapshot(parsed, tiers, cache), tiers, "")
    keyword = bm25(parsed) if with_bm25 else None
    ranked: dict[str, Ranked] = {"report": [], "title": []}
    for report in read_reports(folder):
        ranked["report"].append((report, [hit.path for hit in search(report.text)]))
        ranked["title"].append((report, [hit.path for hit in search(report.title)]))
        if keyword:
            ranked.setdefault("bm25", []).append((report, keyword(report.text)))
    return ranked


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("collect", "measure"))
    parser.add_argument("--clones", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--reports", type=Path)
    parser.add_argument("--most", type=int, default=12, help="reports of one repository")
    parser.add_argument("--first", default="")
    parser.add_argument("--refine", default="")
    parser.add_argument("--no-bm25", action="store_true")
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if arguments.what == "collect":
        for clone in sorted(arguments.clones.iterdir()):
            place = clone / "repo" if (clone / "repo").is_dir() else clone
            if place.is_dir() and (not arguments.only or clone.name in arguments.only):
                print(clone.name, collect(place, arguments.out, arguments.most), flush=True)
        return 0
    tiers = [Tier(role, name) for role, name in zip(TierRole, (arguments.first, arguments.refine), strict=True) if name]
    together: dict[str, Ranked] = {}
    for folder in sorted(path.parent for path in arguments.reports.glob("*/reports.json")):
        if arguments.only and folder.name not in arguments.only:
            continue
        ranked = measure(folder, tiers, arguments.cache, with_bm25=not arguments.no_bm25)
        print(folder.name, {name: figures(rows) for name, rows in ranked.items()}, flush=True)
        for name, rows in ranked.items():
            together.setdefault(name, []).extend(rows)
    result = {"first": arguments.first, "refine": arguments.refine} | {n: figures(rows) for n, rows in together.items()}
    print(json.dumps(result, indent=1))
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
