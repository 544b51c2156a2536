"""``semlens status``: prints what is indexed, with which models, and how large the index is."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from semlens.cli.answering import Answerer, ServedBy, answer
from semlens.cli.output.terminal import human_bytes, paint
from semlens.cli.roots import cache_folder, workspace_of_name
from semlens.core.status import EngineStatus, RemoteStatus, SkipReason, TierRole
from semlens.core.text.printable import printable
from semlens.service import codec

_LOAD_SECONDS = 30.0


def run(options: argparse.Namespace) -> int:
    workspace = workspace_of_name(options.folder)

    def question(answerer: Answerer) -> tuple[EngineStatus, ServedBy]:
        if answerer.served_by is ServedBy.PROCESS:
            answerer.service.wait_complete(timeout=_LOAD_SECONDS)
            # This process only reads, and no other one says that it goes on.
            return answerer.service.status()._replace(refining=False), answerer.served_by
        return answerer.service.status(), answerer.served_by

    status, served_by = answer(options, [workspace], question, read_only=True, only_open=True)
    skipped = [item for root in status.roots for item in skipped_files(Path(root.root))] if options.skipped else []
    if options.json:
        listed = {"skippedFiles": [{"path": path, "reason": reason} for path, reason in skipped]}
        print(json.dumps({**status_json(workspace.folder, status, served_by), **(listed if options.skipped else {})}))
        return 0
    for line in _skipped_lines(skipped) if options.skipped else _status_lines(workspace.folder, status):
        print(line)
    return 0


def skipped_files(root: Path) -> list[tuple[str, str]]:
    """What of a root is not searchable, as path and reason, by reason: what the walk leaves out and what the index
    knows of the rest. Reads the folders again.
    """
    from semlens.files.discovery import Discovery
    from semlens.index.storage.database import StoreError
    from semlens.index.storage.root_store import store_folder
    from semlens.index.storage.seeding import committed_rows
    from semlens.settings.loading import load_settings

    left_out: list[tuple[str, SkipReason]] = []
    for _ in Discovery(root, load_settings(root)[0]).walk(left_out=left_out):
        pass
    found: list[tuple[str, str]] = [*left_out]
    with suppress(StoreError):  # it is not indexed yet
        rows = committed_rows(store_folder(cache_folder(), root))
        found += [(path, entry.reason) for path, entry in rows.files.items() if entry.reason]
    return sorted(found, key=lambda item: (item[1], item[0]))


def status_json(root: Path, status: EngineStatus, served_by: ServedBy) -> dict[str, Any]:
    """The protocol's status object, the folder of the workspace, and who answered."""
    return {"workspace": str(root), "servedBy": served_by.value, **codec.status_json(status)}


def summary(root: Path, status: EngineStatus) -> str:
    n_files = sum(root_status.files for root_status in status.roots)
    n_symbols = sum(root_status.symbols for root_status in status.roots)
    state = "Indexed" if status.complete else "Partly indexed"
    return f"{state} {printable(str(root))}: {n_files:,} files, {n_symbols:,} symbols"


def left_out_hint(status: EngineStatus) -> str:
    """Why an index has no file, where every one was left out; else ""."""
    if any(root.files or root.pending for root in status.roots):
        return ""
    counts: Counter[str] = Counter()
    for root in status.roots:
        counts.update(root.skipped)
    return f"Everything there is left out: {_counted(counts)} (`semlens status --skipped` lists it)." if counts else ""


def problem_lines(status: EngineStatus, limit: int) -> Iterator[str]:
    for problem in status.problems[:limit]:
        place = f"{printable(problem.path)}: " if problem.path else ""
        yield f"{paint('problem', 'bold')}  {place}{printable(problem.message)}"
    if len(status.problems) > limit:
        n_more = len(status.problems) - limit
        yield f"{paint('problem', 'bold')}  and {n_more} more (run `semlens status --json` to see all)"


def refining_hint(status: EngineStatus) -> str:
    """What to do about passages that wait for the refine tier while nothing embeds them; "" where none does."""
    waiting = sum(tier.pending for tier in status.tiers if tier.role == TierRole.REFINE)
    if not waiting or status.refining:
        return ""
    return (
        f"{waiting:,} passages wait for the better model. `semlens index --wait` embeds them now, and the resident "
        "server embeds them while it runs (`semlens daemon start`)."
    )


def _skipped_lines(skipped: list[tuple[str, str]]) -> Iterator[str]:
    reason = ""
    for path, other in skipped:
        if other != reason:
            reason = other
            yield paint(f"{reason}:", "bold")
        yield f"  {printable(path)}"
    if not skipped:
        yield "No file is left out."


def _counted(skipped: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in sorted(skipped.items()))


def _status_lines(root: Path, status: EngineStatus) -> Iterator[str]:
    n_files = sum(root_status.files for root_status in status.roots)
    if not n_files and not status.complete:
        yield f"{printable(str(root))} is not indexed. Run `semlens index {printable(str(root))}`."
        return
    yield f"{_label('workspace')}{paint(printable(str(root)), 'bold')}"
    yield from (
        f"{_label('index')}of {printable(one.root)}, the top of the git work tree"
        for one in status.roots
        if one.root != str(root) and root.is_relative_to(one.root)
    )
    yield f"{_label('state')}{_state(status)}, generation {status.generation}"
    for root_status in status.roots:
        counts = f"{root_status.files:,} files, {root_status.symbols:,} symbols, {root_status.pending:,} pending"
        yield f"{_label('indexed')}{counts}"
        if root_status.skipped:
            yield f"{_label('left out')}{_counted(root_status.skipped)} (--skipped lists them)"
    for tier in status.tiers:
        yield (
            f"{_label('model')}{printable(tier.model)} ({tier.role} tier):"
            f" {tier.embedded:,} passages embedded, {tier.pending:,} pending"
        )
    if not status.tiers:
        yield f"{_label('model')}none: search uses only names and words"
    if hint := refining_hint(status):
        yield f"{_label('to do')}{hint}"
    yield f"{_label('size')}{human_bytes(status.index_bytes)} on disk"
    for service in status.remote:
        yield f"{_label('sent')}{_sent(service)}"
    if not status.remote:
        yield f"{_label('sent')}nothing leaves this machine"
    yield from problem_lines(status, limit=10)


def _label(name: str) -> str:
    return f"{paint(name.ljust(9), 'dim')}  "


def _sent(service: RemoteStatus) -> str:
    place = printable(service.service)
    if not service.texts:
        return f"nothing sent to {place} yet"
    masked = f", {service.redactions:,} secrets masked" if service.redactions else ""
    return f"{service.texts:,} texts, {human_bytes(service.bytes)}, to {place}{masked}"


def _state(status: EngineStatus) -> str:
    parts = [status.state.value, "complete" if status.complete else "not complete"]
    if status.refining:
        parts.append("refining")
    return ", ".join(parts)
