"""The options of the commands that find code."""

from __future__ import annotations

from semlens.cli.options.shared import (
    AddCommand,
    add_filters,
    add_folder,
    add_json,
    add_no_daemon,
    add_workspace,
    add_workspaces,
    bounded,
)


def add_search(add: AddCommand) -> None:
    search = add(
        "search",
        "search:run",
        "find code by meaning, words or name",
        "QUERY may be plain words, a name, a path, an error message, a stack trace or code. It may contain filters:\n"
        '  lang:go  kind:class  path:src/**  -path:legacy  test:only  in:Name  "words"\n'
        "Put -- before a query that starts with a dash.",
    )
    search.add_argument(
        "query", nargs="+", metavar="QUERY", help="what to look for, in your own words; - reads it from stdin"
    )
    add_workspaces(search, "the workspace, a folder or the URL of a git repository (default: .); repeatable")
    add_no_daemon(search)
    search.add_argument("--everywhere", action="store_true", help="search every folder that is indexed")
    search.add_argument(
        "-n",
        "--limit",
        type=bounded(1, 1000),
        metavar="N",
        help="print at most N hits (default: the setting search.limit, 20; on a terminal at most 8)",
    )
    add_json(search)
    search.add_argument("--explain", action="store_true", help="show the ranking features of each hit")
    add_filters(search)
    search.add_argument(
        "--per-file", type=bounded(0, 1000), metavar="N", help="print at most N hits of each file; 0: no limit"
    )
    search.add_argument("--no-update", action="store_true", help="do not update the index first")
    search.add_argument(
        "--format",
        choices=("text", "lines", "json"),
        default="text",
        help="text for people, lines as grep prints them (path:line:column: signature), or JSON",
    )
    search.add_argument("--exit-code", action="store_true", help="exit with 3 if nothing is found")
    search.add_argument("--no-pager", action="store_true", default=False, help="never show the hits in a pager")
    search.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto", help="whether to print colours (default: auto)"
    )


def add_code_queries(add: AddCommand) -> None:
    similar = add("similar", "similar:run", "find code that is similar to the symbol at a place")
    similar.add_argument("place", metavar="PATH:LINE", help="a line of the symbol; lines count from 1")
    duplicates = add(
        "duplicates", "duplicates:run", "find groups of nearly identical symbols, even with renamed variables"
    )
    add_folder(duplicates)
    context = add(
        "context",
        "context:run",
        "collect code for a prompt about a query or a place; without both, print a map of the workspace",
    )
    context.add_argument("query", nargs="*", metavar="QUERY", help="the topic of the prompt")
    context.add_argument("--at", metavar="PATH:LINE", help="collect the code that is needed to understand this place")
    context.add_argument(
        "--budget",
        type=bounded(1, 10_000_000),
        default=4000,
        metavar="TOKENS",
        help="use at most this many tokens (default: 4000)",
    )
    context.add_argument(
        "--tokenizer", metavar="FILE", help="count tokens with this tokenizer.json (default: a safe estimate)"
    )
    context.add_argument("--tests", action="store_true", help="include the tests of the code")
    context.add_argument("--line-numbers", action="store_true", help="print line numbers")
    for command in (similar, context):
        add_workspace(command)
    for command, default in ((similar, "the setting search.limit, 20"), (duplicates, "20")):
        command.add_argument(
            "-n", "--limit", type=bounded(1, 1000), metavar="N", help=f"print at most N (default: {default})"
        )
    for command in (similar, duplicates, context):
        add_no_daemon(command)
        add_json(command)
