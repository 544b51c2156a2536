"""Prints hits: place, name, signature, and the best lines with matches marked."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from semlens.cli.output.terminal import colours_wanted, paint
from semlens.cli.runner import say
from semlens.cli.workspace import Workspace, relative_path_of
from semlens.core.hit import SearchHit, SearchResult
from semlens.core.text.printable import printable

if TYPE_CHECKING:
    from rich.console import Console

_MAX_SNIPPET_LINES = 6


def print_lines(result: SearchResult, workspaces: Sequence[Workspace]) -> None:
    """One line for each hit, as editors and grep write places: ``path:line:column: signature``."""
    _print_notes(result)
    for hit in result.hits:
        line, column = hit.name_span.start_line + 1, hit.name_span.start_column + 1
        text = hit.signature or hit.qualified_name or hit.name
        print(printable(f"{_path(hit, workspaces)}:{line}:{column}: {text}"))


def print_result(result: SearchResult, workspaces: Sequence[Workspace], *, explain: bool) -> None:
    """Each hit with its best lines."""
    _print_notes(result)
    if not result.hits:
        places = ", ".join(str(workspace.folder) for workspace in workspaces)
        print(f"Nothing found in {printable(places)}.")
        return
    width = len(str(len(result.hits)))
    for rank, hit in enumerate(result.hits, 1):
        if rank > 1:
            print()
        _print_hit(f"{rank:>{width}}", hit, _path(hit, workspaces), explain=explain)


def _path(hit: SearchHit, workspaces: Sequence[Workspace]) -> str:
    """The path of a hit in its workspace; of several workspaces, the absolute path."""
    folder, path = relative_path_of(hit, workspaces)
    return path if len(workspaces) == 1 else str(Path(folder, path))


def _print_notes(result: SearchResult) -> None:
    for note in result.notes:
        say(note)
    if not result.complete:
        say("The index is not complete, so hits may be missing. Run 'semlens index' first.")


def _print_hit(rank: str, hit: SearchHit, path: str, *, explain: bool) -> None:
    first, last = hit.span.start_line + 1, hit.span.last_line + 1
    lines = f"{first}-{last}" if last > first else f"{first}"
    place = f"{paint(printable(path), 'bold', 'blue')}{paint(f':{lines}', 'blue')}"
    name = hit.qualified_name or hit.name
    title = f"{paint(printable(name), 'bold')} {paint(hit.kind.label, 'dim')}"
    score = paint(f"{hit.score:.2f} {'+'.join(hit.reasons)}".rstrip(), "green")
    unsaved = paint(" unsaved", "yellow") if hit.dirty else ""
    print(f"{paint(rank, 'dim')}  {place}  {title}  {score}{unsaved}")
    indent = " " * (len(rank) + 2)
    if hit.signature:
        print(f"{indent}{paint(_truncate(printable(hit.signature), len(indent)), 'cyan')}")
    if explain:
        features = "  ".join(f"{feature}={value:.3g}" for feature, value in sorted(hit.features.items()))
        print(f"{indent}{paint(features, 'dim')}")
    _print_snippet(indent, hit)


def _print_snippet(indent: str, hit: SearchHit) -> None:
    lines = hit.snippet.removesuffix("\n").split("\n")  # `splitlines` would also split at form feeds
    start = hit.snippet_span.start_line
    marked = {line for first, last in hit.highlights for line in range(first, last + 1)}
    begin, end = _best_window(start, len(lines), marked)
    shown = [printable(line).expandtabs(4) for line in lines[begin - start : end - start]]
    margin = min((len(line) - len(line.lstrip()) for line in shown if line.strip()), default=0)
    shown = [line[margin:] for line in shown]
    gutter = len(str(end))
    painted = _highlight(shown, hit.language, len(indent) + gutter + 3)
    for number, text in zip(range(begin + 1, end + 1), painted, strict=True):
        is_marked = number - 1 in marked
        bar = paint(">", "bold", "yellow") if is_marked else paint("|", "dim")
        label = paint(f"{number:>{gutter}}", "bold", "yellow") if is_marked else paint(f"{number:>{gutter}}", "dim")
        print(f"{indent}{label} {bar} {text}".rstrip())


def _best_window(start: int, n_lines: int, marked: set[int]) -> tuple[int, int]:
    """The lines to show, 0-based and half-open. They begin one line before the first match."""
    end = start + n_lines
    if n_lines <= _MAX_SNIPPET_LINES:
        return start, end
    first = min((line for line in marked if start <= line < end), default=start)
    begin = max(start, min(first - 1, end - _MAX_SNIPPET_LINES))
    return begin, begin + _MAX_SNIPPET_LINES


def _truncate(text: str, used: int) -> str:
    width = max(20, _width() - used)
    return text if len(text) <= width else text[: width - 3] + "..."


@cache
def _width() -> int:
    """The columns of the terminal. Lines in a pipe may be longer."""
    if not sys.stdout.isatty():
        return 200
    import shutil  # a pipe does not need it

    return shutil.get_terminal_size((100, 24)).columns


def _highlight(lines: list[str], language: str, used: int) -> list[str]:
    """The lines, with syntax colours when stdout is a terminal that shows colours."""
    if not colours_wanted(sys.stdout):
        return [_truncate(line, used) for line in lines]
    # imported here, because output to a pipe does not need rich
    from rich.syntax import Syntax

    syntax = Syntax("", language or "text", theme="ansi_dark", background_color="default")
    console = _console()
    painted = []
    # Truncate after highlighting: half a string literal would colour all lines after it.
    for text in syntax.highlight("\n".join(lines)).split("\n", allow_blank=True)[: len(lines)]:
        text.truncate(max(20, _width() - used), overflow="ellipsis")
        with console.capture() as capture:
            console.print(text, end="", soft_wrap=True)
        painted.append(capture.get())
    return painted


@cache
def _console() -> Console:
    from rich.console import Console

    return Console(force_terminal=True, highlight=False, legacy_windows=False)
