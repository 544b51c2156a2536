"""``semlens status``: prints what is indexed, with which models, and how large the index is."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from semlens.cli.answering import Answerer, ServedBy, answer
from semlens.cli.output.terminal import human_bytes, paint
from semlens.cli.roots import workspace_of_name
from semlens.core.status import EngineStatus, RemoteStatus
from semlens.core.text.printable import printable
from semlens.service import codec

_LOAD_SECONDS = 30.0


def run(options: argparse.Namespace) -> int:
    workspace = workspace_of_name(options.folder)

    def question(answerer: Answerer) -> tuple[EngineStatus, ServedBy]:
        if answerer.served_by is ServedBy.PROCESS:
            answerer.service.wait_complete(timeout=_LOAD_SECONDS)
        return answerer.service.status(), answerer.served_by

    status, served_by = answer(options, [workspace], question, read_only=True, only_open=True)
    if options.json:
        print(json.dumps(status_json(workspace.folder, status, served_by)))
        return 0
    for line in _status_lines(workspace.folder, status):
        print(line)
    return 0


def status_json(root: Path, status: EngineStatus, served_by: ServedBy) -> dict[str, Any]:
    """The protocol's status object, the folder of the workspace, and who answered."""
    return {"workspace": str(root), "servedBy": served_by.value, **codec.status_json(status)}


def summary(root: Path, status: EngineStatus) -> str:
    n_files = sum(root_status.files for root_status in status.roots)
    n_symbols = sum(root_status.symbols for root_status in status.roots)
    state = "Indexed" if status.complete else "Partly indexed"
    return f"{state} {printable(str(root))}: {n_files:,} files, {n_symbols:,} symbols"


def problem_lines(status: EngineStatus, limit: int) -> Iterator[str]:
    for problem in status.problems[:limit]:
        place = f"{printable(problem.path)}: " if problem.path else ""
        yield f"{paint('problem', 'yellow')}  {place}{printable(problem.message)}"
    if len(status.problems) > limit:
        n_more = len(status.problems) - limit
        yield f"{paint('problem', 'yellow')}  and {n_more} more (run 'semlens status --json' to see all)"


def _status_lines(root: Path, status: EngineStatus) -> Iterator[str]:
    n_files = sum(root_status.files for root_status in status.roots)
    if not n_files and not status.complete:
        yield f"{printable(str(root))} is not indexed. Run 'semlens index {printable(str(root))}'."
        return
    yield f"{paint('workspace', 'dim')}  {paint(printable(str(root)), 'bold')}"
    yield f"{paint('state    ', 'dim')}  {_state(status)}, generation {status.generation}"
    for root_status in status.roots:
        counts = f"{root_status.files:,} files, {root_status.symbols:,} symbols, {root_status.pending:,} pending"
        yield f"{paint('indexed  ', 'dim')}  {counts}"
        if root_status.skipped:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in sorted(root_status.skipped.items()))
            yield f"{paint('left out ', 'dim')}  {reasons}"
    for tier in status.tiers:
        yield (
            f"{paint('model    ', 'dim')}  {printable(tier.model)} ({tier.role} tier):"
            f" {tier.embedded:,} passages embedded, {tier.pending:,} pending"
        )
    if not status.tiers:
        yield f"{paint('model    ', 'dim')}  none: search uses only names and words"
    yield f"{paint('size     ', 'dim')}  {human_bytes(status.index_bytes)} on disk"
    for service in status.remote:
        yield f"{paint('sent     ', 'dim')}  {_sent(service)}"
    if not status.remote:
        yield f"{paint('sent     ', 'dim')}  nothing leaves this machine"
    yield from problem_lines(status, limit=10)


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
