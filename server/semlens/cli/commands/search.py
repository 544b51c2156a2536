"""``semlens search``: brings the index up to date, searches it and prints the hits."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from semlens.cli.answering import Answerer, ServedBy, answer, start_for_next_time
from semlens.cli.output.progress import follow_indexing
from semlens.cli.roots import everywhere, workspaces_of
from semlens.cli.runner import DONE, NOTHING_FOUND, say
from semlens.cli.workspace import Workspace, relative_path_of
from semlens.core.cancel import CancelToken
from semlens.core.errors import UsageError
from semlens.core.hit import SearchResult
from semlens.core.request import ContentFilter, SearchFilter, SearchRequest, TestFilter
from semlens.core.status import EngineStatus
from semlens.core.symbol import SymbolKind
from semlens.service.codec import LineNumbers, search_json

TERMINAL_HITS, MORE_HITS = 8, 20

MAX_QUERY_BYTES = 10_000_000


class Found(NamedTuple):
    """An answer to print. :ivar query: as the user typed it."""

    query: str
    workspaces: Sequence[Workspace]
    result: SearchResult
    served_by: ServedBy


def run(options: argparse.Namespace) -> int:
    query = _query(options.query)
    if len(options.query) > 1 and _is_folder(options.query[-1]):
        say(f"{options.query[-1]} is a part of the question. To search in that folder: -w {options.query[-1]}")
    search_filter = _filter(options)
    workspaces = everywhere() if options.everywhere else workspaces_of(options.folders)

    def question(answerer: Answerer) -> tuple[EngineStatus, SearchResult, ServedBy]:
        status = follow_indexing(answerer.service, bar_delay_s=0.5, waits=_waits(options, answerer))
        defaults = answerer.defaults()
        request = SearchRequest(
            query=query,
            limit=limit_of(options, defaults.limit),
            filter=search_filter,
            per_file=defaults.per_file if options.per_file is None else options.per_file,
            time_budget_ms=defaults.time_budget_ms,
            near_uri=_near(status, workspaces),
        )
        result = answerer.service.search(_below(request, workspaces), CancelToken(), explain=options.explain)
        return status, result, answerer.served_by

    status, result, served_by = answer(options, workspaces, question, read_only=options.no_update)
    empty = {root.root for root in status.roots if not root.files}
    for problem in status.problems:
        if not problem.path or problem.path in empty:  # it concerns the whole index, not one file
            say(f"warning: {problem.message}")
    if not result.hits:
        from semlens.cli.commands.status import left_out_hint

        if hint := left_out_hint(status):
            say(hint)
    if _near(status, workspaces) and options.format == "text" and not options.json:
        say(f"searching all of {status.roots[0].root}, hits of this folder first (-w . for this folder only)")
    print_found(options, Found(query, workspaces, result, served_by), explain=options.explain)
    sys.stdout.flush()
    start_for_next_time(options, served_by)
    return NOTHING_FOUND if options.exit_code and not result.hits else DONE


def limit_of(options: argparse.Namespace, default: int) -> int:
    """How many hits to ask for. A person on a terminal sees few, so that the best ones stay on the screen."""
    if options.limit is not None:
        return int(options.limit)
    is_for_people = options.format == "text" and not options.json and sys.stdout.isatty()
    return min(default, TERMINAL_HITS) if is_for_people else default


def print_found(options: argparse.Namespace, found: Found, *, explain: bool = False) -> None:
    """Print hits in the format that the options name."""
    if options.format == "json" or options.json:
        print(json.dumps(json_result(found, explain=explain)))
        return
    from semlens.cli.output.hits import print_lines, print_result, width
    from semlens.cli.output.pager import paged
    from semlens.cli.output.terminal import paint

    if options.format == "lines":
        print_lines(found.result, found.workspaces)
    else:
        width()  # of the terminal, before a pager takes the output
        with paged(wanted=not options.no_pager):
            print_result(found.result, found.workspaces, explain=explain)
            if options.limit is None and len(found.result.hits) == TERMINAL_HITS == limit_of(options, MORE_HITS):
                print(f"\n{paint(f'These are the best {TERMINAL_HITS}. For more: -n {MORE_HITS}', 'dim')}")


def json_result(found: Found, *, explain: bool) -> dict[str, Any]:
    """The object of docs/protocol.md. ``root`` tells the hits of several workspaces apart."""
    encoded = search_json(found.result, LineNumbers(), explain=explain)
    for hit, fields in zip(found.result.hits, encoded["hits"], strict=True):
        if hit.team:
            continue  # its root is a folder of copies
        fields["root"], fields["path"] = relative_path_of(hit, found.workspaces)
        if len(found.workspaces) == 1:
            del fields["root"]
    folders = [str(workspace.folder) for workspace in found.workspaces]
    several = {"workspaces": folders} if len(folders) > 1 else {}
    return {"query": found.query, "workspace": folders[0], **several, "servedBy": found.served_by.value, **encoded}


def _waits(options: argparse.Namespace, answerer: Answerer) -> bool:
    """Whether to wait for the index. An engine that only reads is as complete as it can be at once."""
    return not options.no_update or answerer.served_by is ServedBy.PROCESS


def _query(words: list[str]) -> str:
    """:raises UsageError: when there is no question."""
    if words == ["-"]:  # a log may have bytes of any encoding
        query = sys.stdin.buffer.read(MAX_QUERY_BYTES).decode("utf-8", "replace").strip()
    else:
        query = " ".join(words).strip()
    if not query:
        raise UsageError("The query is empty. Say what to look for, e.g. semlens search retry with backoff.")
    return query


def _is_folder(word: str) -> bool:
    """Whether a word is the path of a folder and cannot be meant as a word."""
    return (bool({"/", os.sep} & {*word}) or word in {".", ".."}) and os.path.isdir(word)  # noqa: PTH112 - never raises


def _near(status: EngineStatus, workspaces: Sequence[Workspace]) -> str:
    """A place in the current folder where the index is that of a folder above it, else ""."""
    [workspace, *others] = workspaces
    is_below = len(status.roots) == 1 and Path(status.roots[0].root) in workspace.folder.parents
    return (workspace.folder / "_").as_uri() if is_below and not workspace.explicit and not others else ""


def _below(request: SearchRequest, workspaces: Sequence[Workspace]) -> SearchRequest:
    """The request with only the hits below the folders that the user named."""
    if not all(workspace.explicit for workspace in workspaces):
        return request
    folders = tuple(str(workspace.folder) for workspace in workspaces)
    return request._replace(filter=request.filter._replace(folders=folders))


def _filter(options: argparse.Namespace) -> SearchFilter:
    return SearchFilter(
        languages=frozenset(_language(name) for name in _split(options.lang)),
        kinds=frozenset(_kind(name) for name in _split(options.kind)),
        paths=tuple(options.path),
        tests=TestFilter(options.tests),
        content=None if options.content is None else ContentFilter(options.content),
    ).checked()


def _split(values: list[str]) -> list[str]:
    """Split lists: ``--lang go,rust`` means ``--lang go --lang rust``."""
    return [part.strip().lower() for value in values for part in value.split(",") if part.strip()]


def _language(name: str) -> str:
    """:raises UsageError: when there is no such language."""
    from semlens.search.query.filter_syntax import LANGUAGE_ALIASES
    from semlens.syntax.languages.registry import BY_NAME

    return _check_choice(LANGUAGE_ALIASES.get(name, name), list(BY_NAME), "language")


def _kind(name: str) -> SymbolKind:
    """:raises UsageError: when there is no such kind."""
    from semlens.search.query.filter_syntax import KINDS

    return KINDS[_check_choice(name, list(KINDS), "kind")]


def _check_choice(name: str, names: list[str], noun: str) -> str:
    if name in names:
        return name
    import difflib  # slow to load, and needed only for a mistake

    similar_names = difflib.get_close_matches(name, names, 3)
    hint = (
        f"Did you mean {' or '.join(similar_names)}?" if similar_names else f"Choose one of {', '.join(sorted(names))}."
    )
    raise UsageError(f"There is no {noun} '{name}'. {hint}")
