"""All commands and the parser of their options. Names the function that runs each command, but imports none."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence

from semlens import __version__
from semlens.cli.options.cluster import add_cluster
from semlens.cli.options.graph import add_graph
from semlens.cli.options.index import add_index, add_maintenance, add_outline
from semlens.cli.options.installation import add_agents, add_models, add_uninstall
from semlens.cli.options.parser import HelpFormatter, Parser
from semlens.cli.options.searching import add_code_queries, add_search
from semlens.cli.options.servers import add_daemon, add_http, add_mcp, add_serve
from semlens.cli.options.share import add_share
from semlens.cli.options.shared import AddCommand, add_debug, sentence
from semlens.cli.options.team import add_team
from semlens.core.errors import UsageError

_EXAMPLES = """\
examples:
  semlens index                          index the current folder
  semlens search retry with backoff      find code by what it does
  semlens retry with backoff             the same
  semlens search parseConfig -n 5        find code by its name
  semlens search "open file" --lang go --path 'internal/**' --tests exclude
  semlens outline src/net/retry.py       list the symbols of one file
  semlens doctor                         check the installation

A question needs `search` only if it begins with the name of a command.

exit codes: 0 success (even if nothing is found), 1 failure, 2 wrong usage,
130 interrupted; search --exit-code: 3 if nothing is found
"""


def build_parser(command: str = "") -> argparse.ArgumentParser:
    """Build the parser. Its result has ``run``, the ``module:function`` of the command, and ``debug``.

    :param command: the command that is run, if it is known. The others are then left out, because they take time.
    """
    parser = Parser(
        prog="semlens",
        description="Find code by meaning, offline, on your own machine.",
        epilog=_EXAMPLES,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"semlens {__version__}",
        help="show the version and exit; with --json also the versions of the protocol and of the index",
    )
    parser.add_argument("--debug", action="store_true", help="show a traceback when a command fails")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, run: str, summary: str, epilog: str = "") -> argparse.ArgumentParser:
        command = commands.add_parser(
            name,
            help=summary,
            description=sentence(summary),
            epilog=epilog,
            formatter_class=HelpFormatter,
            allow_abbrev=False,
        )
        command.set_defaults(run=run, command=name, format="text", color="auto", no_pager=True)
        add_debug(command)
        return command

    groups = {name: group for group, names in _GROUPS.items() for name in names}
    for group in [groups[command]] if command in groups else _GROUPS:
        group(add)
    return parser


def with_command(arguments: Sequence[str]) -> Sequence[str]:
    """Put ``search`` before a question that has no command. ``help`` alone or with a command shows the help.

    :raises UsageError: for a mistyped command or option, and for a folder alone.
    """
    first, *others = arguments or [""]
    if not others and f"--{first}" in _OWN_OPTIONS:
        return [f"--{first}"]
    if first == "help" and len(others) == 1 and others[0] in COMMANDS:
        return [others[0], "--help"]
    if not others and first.startswith("-") and first not in (*_OWN_OPTIONS, "--debug", "-", "--"):
        raise UsageError(f"Without a command there is no option '{first}'. Run `semlens --help`.")
    has_command = not others or first in _OWN_OPTIONS or set(COMMANDS) & {*others}  # else "-n 5 retry" is a question
    if not first or first in COMMANDS or (first.startswith("-") and first != "-" and has_command):
        return arguments
    if not others and os.path.isdir(first):  # noqa: PTH112 - a Path raises for a name that is too long
        raise UsageError(
            f"'{first}' is a folder. `semlens index {first}` indexes it, `semlens search {first}` searches for it."
        )
    import difflib

    close = next(iter(difflib.get_close_matches(first, COMMANDS, n=1, cutoff=0.8)), "")
    is_form_of_it = first.startswith(close) or f"{first}s" == close  # "server that keeps sessions" is a question
    if close and not (others and is_form_of_it):
        question = " ".join(arguments)
        raise UsageError(
            f"There is no command '{first}'. Did you mean '{close}'? To search for it: semlens search {question}"
        )
    return ["search", *arguments]


_OWN_OPTIONS = ("--help", "-h", "--version")

_GROUPS: dict[Callable[[AddCommand], None], tuple[str, ...]] = {
    add_index: ("index",),
    add_search: ("search",),
    add_code_queries: ("similar", "duplicates", "context"),
    add_graph: ("callers", "callees", "impact", "unused"),
    add_outline: ("outline",),
    add_maintenance: ("status", "doctor", "forget"),
    add_models: ("models",),
    add_daemon: ("daemon",),
    add_agents: ("agents",),
    add_share: ("share",),
    add_team: ("team",),
    add_cluster: ("cluster",),
    add_uninstall: ("uninstall",),
    add_serve: ("serve",),
    add_mcp: ("mcp",),
    add_http: ("http",),
}
"""The commands in the order of ``--help``, by the function that adds them."""

COMMANDS = [name for names in _GROUPS.values() for name in names]
