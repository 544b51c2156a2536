"""``semlens duplicates``: prints groups of nearly identical symbols."""

from __future__ import annotations

import argparse
import json

from semlens.cli.answering import Answerer, ServedBy, answer
from semlens.cli.output.progress import follow_indexing
from semlens.cli.output.terminal import paint
from semlens.cli.roots import workspace_of_name
from semlens.cli.workspace import Workspace, relative_path_of
from semlens.core.cancel import CancelToken
from semlens.core.context import DuplicateSet, DuplicatesResult
from semlens.core.text.printable import printable
from semlens.service.codec import LineNumbers, duplicates_json

_DEFAULT_GROUPS = 20
_MAX_MEMBERS_SHOWN = 8


def run(options: argparse.Namespace) -> int:
    workspace = workspace_of_name(options.folder)
    limit = options.limit or _DEFAULT_GROUPS
    folders = (str(workspace.folder),) if workspace.explicit else ()

    def question(answerer: Answerer) -> tuple[DuplicatesResult, ServedBy]:
        follow_indexing(answerer.service, bar_delay_s=0.5)
        return answerer.service.duplicates("", limit, folders, CancelToken()), answerer.served_by

    result, served_by = answer(options, [workspace], question)
    result = result._replace(groups=tuple(_with_paths(group, workspace) for group in result.groups))
    if options.json:
        encoded = duplicates_json(result, LineNumbers())
        print(json.dumps({"workspace": str(workspace.folder), "servedBy": served_by.value, **encoded}))
        return 0
    if not result.groups:
        print(f"No duplicates found in {printable(str(workspace.folder))}.")
    for group in result.groups:
        _print_group(group)
    return 0


def _with_paths(group: DuplicateSet, workspace: Workspace) -> DuplicateSet:
    """With paths relative to the workspace, which may be a part of the root."""
    return group._replace(hits=tuple(hit._replace(path=relative_path_of(hit, [workspace])[1]) for hit in group.hits))


def _print_group(group: DuplicateSet) -> None:
    similarity = "same structure" if group.similarity >= 1.0 else f"{group.similarity:.0%} similar"
    print(paint(f"{len(group.hits)} copies, {similarity}, {group.saved_lines} lines could be saved", "bold"))
    for hit in group.hits[:_MAX_MEMBERS_SHOWN]:
        place = f"{hit.path}:{hit.span.start_line + 1}-{hit.span.last_line + 1}"
        print(f"  {paint(printable(place), 'magenta')}  {printable(hit.qualified_name)}")
    if len(group.hits) > _MAX_MEMBERS_SHOWN:
        print(paint(f"  and {len(group.hits) - _MAX_MEMBERS_SHOWN} more", "dim"))
