"""Prints hits: a heading line with the place and the name, the signature, and the lines that match best."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from semlens.cli.output.terminal import Style, paint, shows_colours
from semlens.cli.runner import say
from semlens.cli.workspace import Workspace, relative_path_of
from semlens.core.hit import SearchHit, SearchResult, short_name
from semlens.core.text.printable import printable

MAX_SNIPPET_LINES = 4

NOTHING_FITS = "Nothing here seems to fit this question. The nearest code is:"

_ELLIPSIS = "…"
_GAP = "  "
_MIN_PATH_WIDTH = 12


def print_lines(result: SearchResult, workspaces: Sequence[Workspace]) -> None:
    """One line for each hit, as editors and grep write places: ``path:line:column: signature``."""
    _print_notes(result)
    if result.nothing_fits and result.hits:
        say(NOTHING_FITS)
    for hit in result.hits:
        line, column = hit.name_span.start_line + 1, hit.name_span.start_column + 1
        text = hit.signature or hit.qualified_name or hit.name
        path = str(Path(hit.root, hit.path)) if hit.team else _path(hit, workspaces)  # an editor opens it
        print(printable(f"{path}:{line}:{column}: {text}"))


def print_result(result: SearchResult, workspaces: Sequence[Workspace], *, explain: bool) -> None:
    """Each hit with its best lines."""
    _print_notes(result)
    if not result.hits:
        places = ", ".join(str(workspace.folder) for workspace in workspaces)
        print(f"Nothing found in {printable(places)}.")
        return
    if result.nothing_fits:
        print(f"{paint(NOTHING_FITS, 'bold')}\n")  # on stdout, so that a pager shows it too
    width = len(str(len(result.hits)))
    for rank, hit in enumerate(result.hits, 1):
        if rank > 1:
            print()
        _print_hit(f"{rank:>{width}}", hit, _path(hit, workspaces), explain=explain)


def _path(hit: SearchHit, workspaces: Sequence[Workspace]) -> str:
    """The path of a hit in its workspace; of several workspaces, the absolute path; of the team, in its repository."""
    if hit.team:
        return f"{hit.team}/{hit.path}"
    folder, path = relative_path_of(hit, workspaces)
    return path if len(workspaces) == 1 else str(Path(folder, path))


def _print_notes(result: SearchResult) -> None:
    for note in result.notes:
        say(note)
    if not result.complete:
        say("The index is not complete, so hits may be missing. Run `semlens index` first.")


def _print_hit(rank: str, hit: SearchHit, path: str, *, explain: bool) -> None:
    indent = " " * (len(rank) + len(_GAP))
    print(f"{paint(rank, 'dim')}{_GAP}{_heading(hit, path, width() - len(indent))}")
    if hit.signature:
        print(f"{indent}{paint(truncate(printable(hit.signature), len(indent)), 'bold')}")
    if explain:
        features = {"score": hit.score, **dict(sorted(hit.features.items()))}
        print(indent + paint(_GAP.join(f"{feature}={value:.3g}" for feature, value in features.items()), "dim"))
    _print_snippet(indent, hit)


def _heading(hit: SearchHit, path: str, room: int) -> str:
    """Place, name, kind and reasons on one line. What does not fit is left out from its end, then the path is cut."""
    first, last = hit.span.start_line + 1, hit.span.last_line + 1
    lines = f":{first}-{last}" if last > first else f":{first}"
    name, path = printable(short_name(hit)), printable(path)
    path = _cut_path(path, max(_MIN_PATH_WIDTH, room - len(lines) - len(_GAP) - len(name)))
    parts: list[tuple[str, tuple[Style, ...]]] = [
        (lines, ("green",)),
        (_GAP + name, ("bold",)),
        (_GAP + hit.kind.label, ("dim",)),
    ]
    if hit.team:
        parts.append((_GAP + "team", ("bold",)))
    if hit.dirty:
        parts.append((_GAP + "unsaved", ("bold",)))
    if hit.reasons:
        parts.append((_GAP + ", ".join(hit.reasons), ("dim",)))
    heading, used = paint(path, "magenta"), len(path)
    for number, (text, styles) in enumerate(parts):
        used += len(text)
        if number < 2 or used <= room:
            heading += paint(text, *styles)
    return heading


def _cut_path(path: str, room: int) -> str:
    """The path with its middle left out where it is too long. The name of the file stays."""
    if len(path) <= room:
        return path
    folder, _, name = path.rpartition("/")
    kept = room - len(name) - len(_ELLIPSIS) - 1
    return f"{folder[:kept]}{_ELLIPSIS}/{name}" if kept > 0 else f"{_ELLIPSIS}{path[-room + 1 :]}"


def _print_snippet(indent: str, hit: SearchHit) -> None:
    lines = hit.snippet.removesuffix("\n").split("\n")  # `splitlines` would also split at form feeds
    start = hit.snippet_span.start_line
    marked = {line for first, last in hit.highlights for line in range(first, last + 1)}
    numbers = _lines_to_show(lines, start, marked, hit)
    shown = [printable(lines[number - start]).expandtabs(4) for number in numbers]
    margin = min((len(line) - len(line.lstrip()) for line in shown), default=0)
    shown = [line[margin:] for line in shown]
    gutter = len(str(max(numbers, default=0) + 1))
    for number, text in zip(numbers, _highlight(shown, hit.language, len(indent) + gutter + len(_GAP)), strict=True):
        label = f"{number + 1:>{gutter}}"
        painted = paint(label, "bold", "green") if number in marked else paint(label, "dim")
        print(f"{indent}{painted}{_GAP}{text}".rstrip())


def _lines_to_show(lines: Sequence[str], start: int, marked: set[int], hit: SearchHit) -> list[int]:
    """Numbers (from 0) of the lines that say most: those that match, then those around the first of them.

    Blank lines and lines that only repeat the signature say nothing.
    """
    known, so_far, useful = _without_space(hit.signature), "", []
    for number, line in enumerate(lines, start):
        text = _without_space(line).rstrip("{:;")
        if not so_far and number <= hit.name_span.start_line:  # `export` and the like are no part of a signature
            text = text[max(text.find(known[:8]), 0) :]
        repeats = bool(known) and known.startswith(so_far + text)
        so_far += text if repeats else ""
        if text and not repeats:
            useful.append(number)
    first = next((number for number in useful if number in marked), start)
    nearest = sorted(useful, key=lambda number: (number not in marked, number < first - 1, abs(number - first)))
    return sorted(nearest[:MAX_SNIPPET_LINES])


def _without_space(text: str) -> str:
    """Neither white space nor commas, because a signature of several lines is folded into one."""
    return "".join(text.split()).replace(",", "")


def truncate(text: str, used: int) -> str:
    """The text, cut where the line of the terminal ends; "" where nothing fits. :param used: columns before it."""
    room = width() - used
    return text if len(text) <= room else text[: max(0, room - len(_ELLIPSIS))] + _ELLIPSIS[: max(0, room)]


@cache
def width() -> int:
    """The columns of the terminal. Lines in a pipe may be longer."""
    if not sys.stdout.isatty():
        return 200
    import shutil  # a pipe does not need it

    return shutil.get_terminal_size((100, 24)).columns


def _highlight(lines: list[str], language: str, used: int) -> list[str]:
    """The lines, with syntax colours where stdout shows colours."""
    lines = [truncate(line, used) for line in lines]
    if not shows_colours():
        return lines
    from semlens.cli.output.code_colours import colour_lines  # output to a pipe does not need pygments

    return colour_lines(lines, language)
