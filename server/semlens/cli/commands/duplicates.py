"""``semlens duplicates``: prints groups of nearly identical symbols."""

from __future__ import annotations

import argparse
import json

from semlens.cli.output.progress import follow_indexing
from semlens.cli.output.terminal import paint
from semlens.cli.workspace import open_workspace, running_engine
from semlens.core.cancel import CancelToken
from semlens.core.context import DuplicateSet
from semlens.core.text.printable import printable
from semlens.service.codec import LineNumbers, duplicates_json

_DEFAULT_GROUPS = 20
_MAX_MEMBERS_SHOWN = 8


def run(options: argparse.Namespace) -> int:
    workspace = open_workspace(options.folder)
    with running_engine(workspace) as engine:
        follow_indexing(engine, bar_delay_s=0.5)
        result = engine.duplicates("", options.limit or _DEFAULT_GROUPS, CancelToken())
    if options.json:
        print(json.dumps({"workspace": str(workspace.root), **duplicates_json(result, LineNumbers())}))
        return 0
    if not result.groups:
        print(f"No duplicates found in {printable(str(workspace.root))}.")
    for group in result.groups:
        _print_group(group)
    return 0


def _print_group(group: DuplicateSet) -> None:
    similarity = "same structure" if group.similarity >= 1.0 else f"{group.similarity:.0%} similar"
    print(paint(f"{len(group.hits)} copies, {similarity}, {group.saved_lines} lines could be saved", "bold"))
    for hit in group.hits[:_MAX_MEMBERS_SHOWN]:
        place = f"{hit.path}:{hit.span.start_line + 1}-{hit.span.last_line + 1}"
        print(f"  {paint(printable(place), 'blue')}  {printable(hit.qualified_name)}")
    if len(group.hits) > _MAX_MEMBERS_SHOWN:
        print(paint(f"  and {len(group.hits) - _MAX_MEMBERS_SHOWN} more", "dim"))
