"""``semlens similar``: prints code that is similar to the symbol at a place."""

from __future__ import annotations

import argparse

from semlens.cli.answering import Answerer, ServedBy, answer
from semlens.cli.commands.search import Found, print_found
from semlens.cli.output.progress import follow_indexing
from semlens.cli.places import parse_place, uri_of
from semlens.cli.workspace import Workspace, relative_path_of
from semlens.core.cancel import CancelToken
from semlens.core.hit import SearchHit, SearchResult

_MAX_HITS = 1000


def run(options: argparse.Namespace) -> int:
    file, line, workspace = parse_place(options.place, "The place", options.folder)

    def question(answerer: Answerer) -> tuple[SearchResult, ServedBy]:
        follow_indexing(answerer.service, bar_delay_s=0.5)
        limit = answerer.defaults().limit if options.limit is None else options.limit
        asked = _MAX_HITS if workspace.explicit else limit  # hits outside of a named folder are left out below
        result = answerer.service.similar(uri_of(file), line, asked, CancelToken())
        return result._replace(hits=_inside(result, workspace)[:limit]), answerer.served_by

    result, served_by = answer(options, [workspace], question)
    print_found(options, Found(options.place, [workspace], result, served_by))
    return 0


def _inside(result: SearchResult, workspace: Workspace) -> tuple[SearchHit, ...]:
    """The hits below the folder, if the user named it."""
    if not workspace.explicit:
        return result.hits
    return tuple(hit for hit in result.hits if not relative_path_of(hit, [workspace])[1].startswith("../"))
