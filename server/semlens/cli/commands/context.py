"""``semlens context``: prints a context pack for a prompt."""

from __future__ import annotations

import argparse
import json

from semlens.cli.answering import Answerer, ServedBy, answer
from semlens.cli.output.progress import follow_indexing
from semlens.cli.places import parse_place, uri_of
from semlens.cli.roots import workspace_of_name
from semlens.cli.runner import say
from semlens.core.cancel import CancelToken
from semlens.core.context import ContextPack, ContextRequest
from semlens.service.codec import LineNumbers, context_json


def run(options: argparse.Namespace) -> int:
    uri, lines = "", (-1, -1)
    if options.at is not None:
        file, line, workspace = parse_place(options.at, "--at", options.folder)
        uri, lines = uri_of(file), (line, line)
    else:
        workspace = workspace_of_name(options.folder)
    request = ContextRequest(
        query=" ".join(options.query).strip(),
        uri=uri,
        lines=lines,
        budget=options.budget,
        tokenizer=options.tokenizer or "",
        tests=options.tests,
        line_numbers=options.line_numbers,
        folders=() if options.folder is None else (str(workspace.folder),),
    )

    def question(answerer: Answerer) -> tuple[ContextPack, ServedBy]:
        follow_indexing(answerer.service, bar_delay_s=0.5)
        return answerer.service.context(request, CancelToken()), answerer.served_by

    pack, served_by = answer(options, [workspace], question)
    if options.json:
        print(json.dumps({**context_json(pack, LineNumbers()), "servedBy": served_by.value}))
        return 0
    if pack.text:
        print(pack.text, end="")
    masked = f", {pack.masked} secrets masked" if pack.masked else ""
    size = f"{pack.tokens} of {pack.budget} tokens ({pack.counted_by})"
    say(f"{size}, {len(pack.items)} pieces, {pack.omitted} omitted{masked}")
    return 0
