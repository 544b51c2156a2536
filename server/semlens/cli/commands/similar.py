"""``semlens similar``: prints code that is similar to the symbol at a place."""

from __future__ import annotations

import argparse
import json

from semlens.cli.commands.search import json_result
from semlens.cli.output.progress import follow_indexing
from semlens.cli.places import parse_place, uri_of, workspace_of
from semlens.cli.workspace import open_workspace, running_engine
from semlens.core.cancel import CancelToken


def run(options: argparse.Namespace) -> int:
    file, line = parse_place(options.place, "The place")
    workspace = open_workspace(workspace_of(file, options.folder))
    with running_engine(workspace) as engine:
        follow_indexing(engine, bar_delay_s=0.5)
        limit = workspace.settings.search.limit if options.limit is None else options.limit
        result = engine.similar(uri_of(file), line, limit, CancelToken())
    if options.json:
        print(json.dumps(json_result(options.place, workspace.root, result, explain=False)))
    else:
        from semlens.cli.output.hits import print_result

        print_result(result, workspace.root, explain=False)
    return 0
