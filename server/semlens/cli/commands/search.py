"""``semlens search``: brings the index up to date, searches it and prints the hits."""

from __future__ import annotations

import argparse
import difflib
import json
from pathlib import Path
from typing import Any

from semlens.cli.output.progress import follow_indexing
from semlens.cli.runner import say
from semlens.cli.workspace import open_workspace, running_engine
from semlens.core.cancel import CancelToken
from semlens.core.errors import UsageError
from semlens.core.hit import SearchResult
from semlens.core.request import SearchFilter, SearchRequest, TestFilter
from semlens.core.symbol import SymbolKind
from semlens.service.codec import LineNumbers, search_json
from semlens.settings.loading import Settings


def run(options: argparse.Namespace) -> int:
    query = " ".join(options.query).strip()
    if not query:
        raise UsageError("The query is empty. Say what to look for, e.g. semlens search retry with backoff.")
    search_filter = _filter(options)
    workspace = open_workspace(options.folder)
    request = _request(query, search_filter, options, workspace.settings)
    with running_engine(workspace, read_only=options.no_update) as engine:
        status = follow_indexing(engine, bar_delay_s=0.5)
        result = engine.search(request, CancelToken(), explain=options.explain)
    for problem in status.problems:
        if not problem.path:  # it concerns the whole index, not one file
            say(f"warning: {problem.message}")
    if options.json:
        print(json.dumps(json_result(query, workspace.root, result, explain=options.explain)))
    else:
        from semlens.cli.output.hits import print_result

        print_result(result, workspace.root, explain=options.explain)
    return 0


def _request(query: str, search_filter: SearchFilter, options: argparse.Namespace, settings: Settings) -> SearchRequest:
    return SearchRequest(
        query=query,
        limit=settings.search.limit if options.limit is None else options.limit,
        filter=search_filter,
        per_file=settings.search.per_file if options.per_file is None else options.per_file,
        time_budget_ms=settings.search.time_budget_ms,
    )


def _filter(options: argparse.Namespace) -> SearchFilter:
    return SearchFilter(
        languages=frozenset(_language(name) for name in _split(options.lang)),
        kinds=frozenset(_kind(name) for name in _split(options.kind)),
        paths=tuple(options.path),
        tests=TestFilter(options.tests),
    )


def _split(values: list[str]) -> list[str]:
    """Split lists: ``--lang go,rust`` means ``--lang go --lang rust``."""
    return [part.strip().lower() for value in values for part in value.split(",") if part.strip()]


def _language(name: str) -> str:
    """:raises UsageError: when there is no such language."""
    from semlens.syntax.languages.registry import BY_NAME

    return _check_choice(name, list(BY_NAME), "language")


def _kind(name: str) -> SymbolKind:
    """:raises UsageError: when there is no such kind."""
    kinds = {kind.label: kind for kind in SymbolKind}
    return kinds[_check_choice(name, list(kinds), "kind")]


def _check_choice(name: str, names: list[str], noun: str) -> str:
    if name in names:
        return name
    similar_names = difflib.get_close_matches(name, names, 3)
    hint = (
        f"Did you mean {' or '.join(similar_names)}?" if similar_names else f"Choose one of {', '.join(sorted(names))}."
    )
    raise UsageError(f"There is no {noun} '{name}'. {hint}")


def json_result(query: str, root: Path, result: SearchResult, *, explain: bool) -> dict[str, Any]:
    return {"query": query, "workspace": str(root), **search_json(result, LineNumbers(), explain=explain)}
