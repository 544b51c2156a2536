"""Measures what a coding agent reads until it has seen the right place: with semlens, and with ripgrep.

    python bench/agents.py --dataset DIR --checkouts DIR [--refine] [--repositories N] [--out FILE]
    python bench/agents.py --reports DIR [--refine] [--repositories N] [--out FILE]

DATASET and CHECKOUTS are those of ``quality.py``. REPORTS are those of ``bug_reports.py collect``: a whole report and
its title alone are questions, and any code of a file that the fix changed is the right place.

With semlens the agent takes ten places of ``search_code``, reads their code in order, and takes the next ten. With
ripgrep it reads 40 lines around each match of the question's three rarest words, in the order of the paths. It stops at
the first text that overlaps a label. Tokens are those of MiniLM's tokenizer. Who does not get there, or shares no word
with the code, is counted with 20,000 tokens.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from agent_policies import Piece, read_by_ripgrep, read_by_semlens
from command_line import machine
from quality import ABSENT, Repository, load_dataset
from ranking_metrics import Question, Target, covers
from resident import scratch_environment, semlens
from semlens.embedding.token_counting import TokenCounter
from semlens.mcp.answers import token_counter

LIMIT = 20_000
FEW = 2_000
SHARE_BAR, RATE_BAR = 0.2, 0.93
POLICIES: dict[str, Callable[[str, Path], Iterator[Piece]]] = {
    "semlens": read_by_semlens,
    "ripgrep": read_by_ripgrep,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--checkouts", type=Path)
    parser.add_argument("--reports", type=Path, help="bug reports instead of the questions of a data set")
    parser.add_argument("--whole", action="store_true", help="search whole repositories, not their labelled folders")
    parser.add_argument("--refine", action="store_true", help="with the vectors of the transformer (takes long)")
    parser.add_argument("--repositories", nargs="*", help="only these")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    repositories = (
        load_reports(arguments.reports)
        if arguments.reports
        else load_dataset(arguments.dataset, arguments.checkouts, whole=arguments.whole)
    )
    repositories = [one for one in repositories if not arguments.repositories or one.name in arguments.repositories]
    if not repositories or shutil.which("rg") is None:
        print("The questions, the repositories, or the program rg are missing.", file=sys.stderr)
        return ABSENT
    settings = {} if arguments.refine else {"models": {"refine": "none"}}
    with scratch_environment(settings=settings):
        rows = [row for one in repositories for row in measure(one, token_counter(), refine=arguments.refine)]
    result = {
        "tiers": "both" if arguments.refine else "static",
        "folders": "whole repositories" if arguments.whole or arguments.reports else "labelled folders",
        "repositories": len(repositories),
        **summary(rows),
        "machine": machine(),
    }
    print(json.dumps(result, indent=1))
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    return 0


def load_reports(folder: Path) -> list[Repository]:
    """The repositories of ``bug_reports.py``. A label is a whole file, since a report names no lines."""
    found = []
    for path in sorted(folder.glob("*/reports.json")):
        questions = []
        for report in json.loads(path.read_text()):
            targets = tuple(Target(file, file, None) for file in report["files"])
            for kind, text in (("report", report["text"]), ("title", report["title"])):
                questions.append(Question(path.parent.name, "", "", kind, text, targets))
        found.append(Repository(path.parent.name, "", path.parent / "files", "", tuple(questions)))
    return found


def measure(repository: Repository, counter: TokenCounter, *, refine: bool) -> list[dict[str, Any]]:
    """A row for each question that has a label inside the folder."""
    started = time.perf_counter()
    semlens("index", str(repository.root), "--json", *(["--wait"] if refine else []))
    rows = []
    for question in repository.questions:
        row: dict[str, Any] = {"repository": repository.name, "kind": question.kind, "question": question.text}
        for name, policy in POLICIES.items():
            row[name] = tokens_until_seen(policy(question.text, repository.root), question, repository, counter)
        rows.append(row)
    print(f"{repository.name}: {len(rows)} questions, {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return rows


def tokens_until_seen(
    pieces: Iterator[Piece], question: Question, repository: Repository, counter: TokenCounter
) -> int | None:
    """Tokens read until a label was seen; None when that does not happen within the limit."""
    tokens = 0
    prefix = "" if repository.root == repository.base else repository.prefix
    for piece in pieces:
        tokens += counter.count(piece.text)
        if tokens > LIMIT:
            return None
        if any(covers(place, target, prefix, strict=False) for place in piece.places for target in question.targets):
            return tokens
    return None


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """For all questions and for each kind of question."""
    kinds = sorted({row["kind"] for row in rows})
    whole = _figures(rows)
    reached = whole["semlens"]["median"] <= SHARE_BAR * whole["ripgrep"]["median"]
    return {
        "questions": len(rows),
        **whole,
        "share_of_ripgrep": round(whole["semlens"]["median"] / whole["ripgrep"]["median"], 3),
        "goals": {"a fifth of ripgrep": reached, "seen within 2,000": whole["semlens"]["within_2000"] >= RATE_BAR},
        "by_kind": {kind: _figures([row for row in rows if row["kind"] == kind]) for kind in kinds},
    }


def _figures(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {name: _of_policy([row[name] for row in rows]) for name in POLICIES}


def _of_policy(tokens: Sequence[int | None]) -> dict[str, float]:
    counted = [LIMIT if one is None else one for one in tokens]
    return {
        "n": len(tokens),
        "median": round(median(counted)),
        "mean": round(sum(counted) / len(counted)),
        "within_2000": round(sum(one <= FEW for one in counted) / len(counted), 3),
        "seen": round(sum(one is not None for one in tokens) / len(tokens), 3),
    }


if __name__ == "__main__":
    sys.exit(main())
