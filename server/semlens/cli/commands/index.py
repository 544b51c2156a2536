"""``semlens index``: brings the index of a folder up to date, with a progress bar."""

from __future__ import annotations

import argparse
import importlib
import json
import time
from pathlib import Path

from semlens.cli.answering import Answerer, ServedBy, answer, keep_refining
from semlens.cli.commands.status import left_out_hint, problem_lines, refining_hint, status_json, summary
from semlens.cli.output.progress import StageLog, follow_indexing, passage_counts
from semlens.cli.roots import workspace_of_name
from semlens.cli.runner import DONE, FAILED, say
from semlens.cli.workspace import Workspace
from semlens.core.cancel import CancelToken
from semlens.core.errors import SemlensError
from semlens.core.status import EngineStatus, TierRole
from semlens.core.text.printable import printable
from semlens.settings.loading import load_settings


def run(options: argparse.Namespace) -> int:
    workspace = workspace_of_name(options.folder, refresh=True)
    start = time.monotonic()
    stages = StageLog(prints=not options.json)

    def question(answerer: Answerer) -> tuple[EngineStatus, str, ServedBy]:
        if answerer.served_by is ServedBy.DAEMON:
            answerer.service.rescan()  # its watcher may have missed something, and this command promises
        status = follow_indexing(answerer.service, refined=options.wait, follows=True, stages=stages)
        return status, answerer.service.wait_saved(), answerer.served_by

    status, save_problem, served_by = answer(options, [workspace], question, follows=True)
    elapsed_s = time.monotonic() - start
    if options.json:
        searchable_s = stages.searchable_s if stages.searchable_s is not None else elapsed_s
        times = {"searchableMs": round(searchable_s * 1000, 1), "elapsedMs": round(elapsed_s * 1000, 1)}
        encoded = status_json(workspace.folder, status, served_by)
        print(json.dumps({**encoded, **times, "saved": not save_problem}))
    else:
        _print_summary(workspace.folder, status, elapsed_s, already_reported=save_problem)
        if hint := refining_hint(status._replace(refining=False)):
            goes_on = keep_refining(options, [workspace])
            print("The resident server embeds the rest for the better model in the background." if goes_on else hint)
    if save_problem:
        say(printable(save_problem))
    elif status.complete:
        _share(workspace)
    return DONE if status.complete and not save_problem else FAILED


def _share(workspace: Workspace) -> None:
    """Share the index where the user's settings say so. What fails is a warning: the index is there."""
    settings, _ = load_settings(workspace.folder)  # its problems were printed before
    if not (settings.share.push and settings.share.url):
        return
    try:
        sharing = importlib.import_module("semlens.share.sharing")
        pushed = sharing.push(workspace.folder, settings, "", cancel=CancelToken(), progress=lambda *_: None)
    except (SemlensError, ImportError) as error:
        say(f"warning: the index is not shared: {error}")
    else:
        say(f"Shared {pushed.files} files of the newest commit." if pushed.is_new else "The newest commit is shared.")


def _print_summary(root: Path, status: EngineStatus, elapsed_s: float, *, already_reported: str) -> None:
    """:param already_reported: a problem that is printed elsewhere."""
    print(f"{summary(root, status)} in {elapsed_s:.1f} s.")
    if hint := left_out_hint(status):
        print(hint)
    _, n_first = passage_counts(status, TierRole.FIRST)
    if not n_first and status.complete and any(root.symbols for root in status.roots):
        print(
            "No embedding model is loaded, so search uses only names and words. Run `semlens doctor` to find the cause."
        )
    others = tuple(problem for problem in status.problems if problem.message != already_reported)
    for line in problem_lines(status._replace(problems=others), limit=5):
        print(line)
