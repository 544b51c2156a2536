"""``semlens callers``, ``callees``, ``impact`` and ``unused``: the code graph on a terminal or as JSON."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from semlens.cli.answering import Answerer, ServedBy, answer
from semlens.cli.output.progress import follow_indexing
from semlens.cli.output.terminal import paint
from semlens.cli.places import parse_place, uri_of
from semlens.cli.roots import workspace_of_name
from semlens.cli.runner import say
from semlens.cli.workspace import Workspace, relative_path_of
from semlens.core.cancel import CancelToken
from semlens.core.errors import UsageError
from semlens.core.graph import (
    AffectedSymbol,
    EdgeKind,
    GraphEdge,
    ImpactRequest,
    ImpactResult,
    NeighboursRequest,
    NeighboursResult,
    UnusedResult,
)
from semlens.core.hit import SearchHit, short_name
from semlens.core.text.printable import printable
from semlens.service.code_service import CodeService
from semlens.service.codec import Json, LineNumbers, impact_json, neighbours_json, unused_json

_DEFAULT_LIMIT = 50
_MAX_DIFF_BYTES = 80_000_001
_SURE = 0.8
_MAX_LINES_SHOWN = 6
_PLACE = re.compile(r"(?s).+:\d+")
_VERBS = {
    EdgeKind.CALL: "",
    EdgeKind.USE: "uses it",
    EdgeKind.BASE: "inherits",
    EdgeKind.IMPORT: "imports it",
}

Result = TypeVar("Result")


class _WorkspacePaths(LineNumbers):
    """Line numbers, and paths relative to the workspace, which may be a part of the root."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def of_hit(self, hit: SearchHit) -> Json:
        return {**super().of_hit(hit), "path": relative_path_of(hit, [self._workspace])[1]}


def run_callers(options: argparse.Namespace) -> int:
    return _run_neighbours(options, lambda service, request: service.callers(request, CancelToken()), "used by")


def run_callees(options: argparse.Namespace) -> int:
    return _run_neighbours(options, lambda service, request: service.callees(request, CancelToken()), "uses")


def _run_neighbours(
    options: argparse.Namespace, ask: Callable[[CodeService, NeighboursRequest], NeighboursResult], title: str
) -> int:
    uri, line, name = "", -1, options.symbol
    if _PLACE.fullmatch(name):
        file, line, workspace = parse_place(name, "The symbol", options.folder)
        uri, name = uri_of(file), ""
    elif not name.strip():
        raise UsageError("Name a symbol, or give PATH:LINE.")
    else:
        workspace = workspace_of_name(options.folder)
    request = NeighboursRequest(
        uri, line, name, options.limit or _DEFAULT_LIMIT, _folders(workspace), options.depth or 1
    )
    result, served_by = _ask(options, workspace, lambda service: ask(service, request))
    if options.json:
        return _print_json(neighbours_json(result, _WorkspacePaths(workspace)), workspace, served_by)
    _print_neighbours(result, title, [workspace], callers=title == "used by")
    return 0


def run_impact(options: argparse.Namespace) -> int:
    workspace = workspace_of_name(options.folder)
    if options.diff is not None and (options.ref is not None or options.staged):
        raise UsageError("Give either --diff, or a commit or --staged.")
    diff = _read_diff(options.diff) if options.diff is not None else ""
    if options.diff is not None and not diff.strip():
        raise UsageError("The diff is empty. Give a unified diff, as `git diff` prints it.")
    request = ImpactRequest(
        options.ref or "HEAD", options.staged, diff, options.limit or _DEFAULT_LIMIT, _folders(workspace)
    )
    result, served_by = _ask(options, workspace, lambda service: service.impact(request, CancelToken()))
    if options.json:
        return _print_json(impact_json(result, _WorkspacePaths(workspace)), workspace, served_by)
    _print_impact(result, [workspace])
    return 0


def run_unused(options: argparse.Namespace) -> int:
    workspace = workspace_of_name(options.folder)
    limit = options.limit or _DEFAULT_LIMIT
    result, served_by = _ask(
        options, workspace, lambda service: service.unused(limit, _folders(workspace), CancelToken())
    )
    if options.json:
        return _print_json(unused_json(result, _WorkspacePaths(workspace)), workspace, served_by)
    _print_unused(result, [workspace])
    return 0


def _ask(
    options: argparse.Namespace, workspace: Workspace, question: Callable[[CodeService], Result]
) -> tuple[Result, ServedBy]:
    def ask(answerer: Answerer) -> tuple[Result, ServedBy]:
        follow_indexing(answerer.service, bar_delay_s=0.5)
        return question(answerer.service), answerer.served_by

    return answer(options, [workspace], ask)


def _folders(workspace: Workspace) -> tuple[str, ...]:
    return (str(workspace.folder),)


def _read_diff(name: str) -> str:
    """:raises UsageError: when the file cannot be read."""
    try:
        with open(0 if name == "-" else name, "rb", closefd=name != "-") as file:
            return file.read(_MAX_DIFF_BYTES).decode("utf-8", "surrogateescape")  # one that is longer is refused later
    except OSError as error:
        raise UsageError(f"Cannot read {name} ({error.strerror}). Name a file with a unified diff, or -.") from error


def _print_json(encoded: Json, workspace: Workspace, served_by: ServedBy) -> int:
    print(json.dumps({"workspace": str(workspace.folder), "servedBy": served_by.value, **encoded}))
    return 0


def _print_neighbours(result: NeighboursResult, title: str, workspaces: Sequence[Workspace], *, callers: bool) -> None:
    print(_place(result.symbol, workspaces))
    if result.n_others:
        others = "Another symbol has" if result.n_others == 1 else f"{result.n_others} other symbols have"
        say(f"{others} this name. Give PATH:LINE or a longer name to choose:")
        for hit in result.others:
            say(f"  {_plain_place(hit, workspaces)}")
    behind: dict[int, list[int]] = {}
    for number, edge in enumerate(result.edges):
        behind.setdefault(edge.through, []).append(number)

    def show(number: int, indent: str) -> None:
        edge = result.edges[number]
        print(f"{indent}{_place(edge.hit, workspaces)}{_details(edge, callers=callers)}")
        for other in behind.get(number, ()):
            show(other, indent + "  ")

    nearest = behind.get(-1, [])
    sure = [number for number in nearest if result.edges[number].confidence >= _SURE]
    doubtful = [number for number in nearest if result.edges[number].confidence < _SURE]
    for heading, numbers in ((title, sure), (f"{title}, perhaps", doubtful)):
        if numbers:
            print(paint(f"{heading}:", "bold"))
        for number in numbers:
            show(number, "  ")
    if not result.edges:
        print(f"{title}: nothing that is known")
    if result.omitted:
        print(paint(f"{result.omitted} more; raise --limit to see them", "dim"))
    if result.unseen:
        print(paint(f"{result.unseen} more uses of the name were not looked at, because it is very common", "dim"))


def _details(edge: GraphEdge, *, callers: bool) -> str:
    parts = []
    lines = list(dict.fromkeys(span.start_line + 1 for span in edge.spans))
    if lines:
        shown = ", ".join(map(str, lines[:_MAX_LINES_SHOWN])) + (" ..." if len(lines) > _MAX_LINES_SHOWN else "")
        parts.append(f"line {shown}" if len(lines) == 1 else f"lines {shown}")
    if callers and edge.distance == 1 and _VERBS[edge.kind]:
        parts.append(_VERBS[edge.kind])
    if edge.confidence < _SURE:
        parts.append(f"{edge.confidence:.0%}")
    return "  " + paint(", ".join(parts), "dim") if parts else ""


def _print_impact(result: ImpactResult, workspaces: Sequence[Workspace]) -> None:
    for note in result.notes:
        say(note)
    if not result.changed and not result.tests:
        print("No changed symbol. Nothing is affected that is known.")
        return
    print(paint(f"changed ({len(result.changed)}):", "bold"))
    for hit in result.changed:
        print(f"  {_place(hit, workspaces)}")
    for heading, found in (("tests", result.tests), ("may be affected", result.affected)):
        print(paint(f"{heading} ({len(found)}):" if found else f"{heading}: none known", "bold"))
        for one in found:
            print(f"  {_place(one.hit, workspaces)}{_via(one)}")
    if result.omitted:
        print(paint(f"{result.omitted} more; raise --limit to see them", "dim"))


def _via(one: AffectedSymbol) -> str:
    doubt = f", {one.confidence:.0%}" if one.confidence < _SURE else ""
    return "  " + paint(f"via {' < '.join(map(printable, reversed(one.via)))}{doubt}", "dim")


def _print_unused(result: UnusedResult, workspaces: Sequence[Workspace]) -> None:
    if not result.symbols:
        print("Every definition seems to be used.")
    for one in result.symbols:
        doubt = f"  {paint(one.assumption, 'dim')}" if one.assumption else ""
        print(f"{_place(one.hit, workspaces)}{doubt}")
    if result.omitted:
        print(paint(f"{result.omitted} more; raise --limit to see them", "dim"))
    kept = [f"{count} {reason}" for reason, count in sorted(result.assumed.items(), key=lambda item: -item[1])]
    if kept:
        say(f"Taken as used: {'; '.join(kept)}.")


def _place(hit: SearchHit, workspaces: Sequence[Workspace]) -> str:
    path, lines, name = _parts(hit, workspaces)
    unsaved = paint("  unsaved", "bold") if hit.dirty else ""
    return f"{paint(path, 'magenta')}{paint(lines, 'green')}  {paint(name, 'bold')}{unsaved}"


def _plain_place(hit: SearchHit, workspaces: Sequence[Workspace]) -> str:
    path, lines, name = _parts(hit, workspaces)
    return f"{path}{lines}  {name}"


def _parts(hit: SearchHit, workspaces: Sequence[Workspace]) -> tuple[str, str, str]:
    first, last = hit.span.start_line + 1, hit.span.last_line + 1
    _, path = relative_path_of(hit, workspaces)
    return printable(path), f":{first}-{last}" if last > first else f":{first}", printable(short_name(hit))
