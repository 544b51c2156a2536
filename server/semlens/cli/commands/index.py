"""``semlens index``: bring the index of a folder up to date, with a progress bar."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

from semlens.cli.commands.status import problems_in_words, status_json, summary
from semlens.cli.output.progress import Stages, follow_indexing, vectors_of
from semlens.cli.runner import DONE, FAILED, say
from semlens.cli.workspace import open_workspace, running_engine
from semlens.core.status import EngineStatus
from semlens.core.text.printable import printable


def run(options: argparse.Namespace) -> int:
    workspace = open_workspace(options.folder)
    start = time.monotonic()
    with running_engine(workspace, follows=True) as engine:
        stages = Stages(aloud=not options.json)
        status = follow_indexing(engine, refined=options.wait, stages=stages)
        unsaved = engine.wait_saved()
    elapsed_s = time.monotonic() - start
    if options.json:
        searchable_s = stages.searchable_s if stages.searchable_s is not None else elapsed_s
        times = {"searchableMs": round(searchable_s * 1000, 1), "elapsedMs": round(elapsed_s * 1000, 1)}
        print(json.dumps({**status_json(workspace.root, status), **times, "saved": not unsaved}))
    else:
        _print_summary(workspace.root, status, elapsed_s, told=unsaved)
    if unsaved:
        say(printable(unsaved))
    return FAILED if unsaved else DONE


def _print_summary(root: Path, status: EngineStatus, elapsed_s: float, *, told: str) -> None:
    """:param told: the problem that is told elsewhere."""
    print(f"{summary(root, status)} in {elapsed_s:.1f} s.")
    _, n_first = vectors_of(status, "first")
    if not n_first and status.complete and any(root.symbols for root in status.roots):
        print("No embedding model is loaded: search goes by names and words ('semlens doctor' says why).")
    others = tuple(problem for problem in status.problems if problem.message != told)
    for line in problems_in_words(replace(status, problems=others), limit=5):
        print(line)
