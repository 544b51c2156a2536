"""The commands, their options and their help. Names the function that runs each command, but imports none."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NoReturn

from semlens import __version__
from semlens.cli.cluster_arguments import add_cluster
from semlens.cli.graph_arguments import add_graph
from semlens.cli.share_arguments import add_share
from semlens.cli.shared_options import (
    add_action,
    add_debug,
    add_filters,
    add_folder,
    add_json,
    add_no_daemon,
    add_workspace,
    add_workspaces,
    bounded,
    sentence,
)
from semlens.cli.team_arguments import add_team
from semlens.core.errors import UsageError
from semlens.core.text.printable import printable

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

exit codes: 0 success (even if nothing is found), 1 failure, 2 wrong usage;
search --exit-code: 3 if nothing is found
"""

_DEFAULT_COLUMNS = 80
_COMMAND_COLUMNS = 14  # of the longest command with its indentation

_AddCommand = Callable[..., argparse.ArgumentParser]

_WORKSPACE_HELP = "the workspace: a folder or the URL of a git repository (default: .)"


class _HelpFormatter(argparse.HelpFormatter):
    """As wide as the terminal. Examples keep their lines.

    argparse makes one for every option, and would load shutil to ask for the width.
    """

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_terminal_columns() - 2)
        self._action_max_length = _COMMAND_COLUMNS  # argparse forgets that commands are indented once more

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        fill = super()._fill_text
        return "\n".join(line if len(line) <= width else fill(line, width, indent) for line in text.splitlines())


class _Parser(argparse.ArgumentParser):
    """Escapes control characters in error messages, because they repeat arguments. A help that is lost is an error."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))

    def _print_message(self, message: str, file: Any = None) -> None:
        """Write without argparse's habit to ignore errors."""
        (file or sys.stderr).write(message)


def build_parser(command: str = "") -> argparse.ArgumentParser:
    """Build the parser. Its result has ``run``, the ``module:function`` of the command, and ``debug``.

    :param command: the command that is run, if it is known. The others are then left out, because they take time.
    """
    parser = _Parser(
        prog="semlens",
        description="Find code by meaning, offline, on your own machine.",
        epilog=_EXAMPLES,
        formatter_class=_HelpFormatter,
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
            formatter_class=_HelpFormatter,
            allow_abbrev=False,
        )
        command.set_defaults(run=run, command=name, format="text", color="auto", no_pager=True)
        add_debug(command)
        return command

    groups = {name: group for group, names in _GROUPS.items() for name in names}
    for group in [groups[command]] if command in groups else _GROUPS:
        group(add)
    return parser


def _add_serve(add: _AddCommand) -> None:
    serve = add("serve", "serve:run", "run the language server over stdin and stdout, for editors")
    serve.add_argument(
        "--shared", action="store_true", help="let the resident server serve the editor; start it if there is none"
    )
    serve.add_argument(
        "--stdio", action="store_true", help="accepted because editors pass it; the server always uses stdio"
    )


def _add_mcp(add: _AddCommand) -> None:
    mcp = add("mcp", "mcp:run", "serve a coding agent over stdin and stdout (Model Context Protocol)")
    mcp.add_argument(
        "--root",
        dest="roots",
        action="append",
        default=[],
        metavar="DIR",
        help="a folder that the agent may search (default: the git work tree of the current folder); repeatable",
    )


def _add_http(add: _AddCommand) -> None:
    http = add(
        "http",
        "page.serve:run",
        "serve a page for the browser, its API and MCP on this machine, until Ctrl+C",
        "Through SSH: ssh -L 4747:127.0.0.1:4747 MACHINE semlens http -w DIR",
    )
    add_workspaces(http, "a folder to show (default: the git work tree of the current folder); repeatable")
    http.add_argument("--everywhere", action="store_true", help="show every folder that is indexed")
    http.add_argument("--port", type=bounded(0, 65_535), metavar="N", help="the port (default: 4747, or a free one)")
    http.add_argument("--open", action="store_true", help="open the page in the browser")
    http.add_argument("--host", default="127.0.0.1", metavar="H", help="the address to listen at (default: 127.0.0.1)")
    http.add_argument("--tls-cert", metavar="FILE", help="certificate for another --host, in PEM")
    http.add_argument("--tls-key", metavar="FILE", help="its private key, if not in the same file")
    http.add_argument("--insecure", action="store_true", help="listen at another --host without TLS")
    http.add_argument(
        "--map",
        dest="maps",
        action="append",
        default=[],
        metavar="FROM=TO",
        help="links to the editor name the folder TO instead of FROM, as for a container; repeatable",
    )
    add_json(http)


def _add_index(add: _AddCommand) -> None:
    index = add("index", "index:run", "bring the index of a folder up to date")
    add_folder(index)
    add_no_daemon(index)
    index.add_argument(
        "--wait", action="store_true", help="also wait until the second, better model has read everything"
    )
    add_json(index)


def _add_search(add: _AddCommand) -> None:
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


def _add_outline(add: _AddCommand) -> None:
    outline = add("outline", "outline:run", "print the symbols of one file as they are indexed")
    outline.add_argument("path", metavar="PATH")
    add_no_daemon(outline)  # it never asks the server; scripts may give the option to every command
    add_json(outline)


def _add_maintenance(add: _AddCommand) -> None:
    status = add("status", "status:run", "show what is indexed, with which models, and how large the index is")
    add_folder(status)
    add_no_daemon(status)
    status.add_argument("--skipped", action="store_true", help="list the files that are left out, by reason")
    add_json(status)
    doctor = add("doctor", "doctor:run", "check the installation and say how to fix problems")
    add_json(doctor)
    forget = add("forget", "forget:run", "delete the index of a folder, those of deleted folders, or all")
    target = forget.add_mutually_exclusive_group()
    target.add_argument("folder", nargs="?", metavar="DIR", help="the folder whose index is deleted (default: .)")
    target.add_argument("--all", dest="everything", action="store_true", help="delete every index and all vectors")
    target.add_argument("--gone", action="store_true", help="delete the indexes of folders that no longer exist")


def _add_models(add: _AddCommand) -> None:
    models = add("models", "models:run_list", "list, show, check or measure the embedding models")
    actions = models.add_subparsers(metavar="ACTION", required=True)
    for name, summary in (
        ("list", "list the models"),
        ("show", "show the origin and the properties of a model"),
        ("verify", "check the hashes of model files"),
        ("bench", "measure the speed of models on this machine, by threads and batch size"),
    ):
        run = f"models.manage:run_{name}" if name != "bench" else "models.bench:run"
        action = add_action(actions, name, run, summary)
        if name == "bench":
            action.add_argument("models", nargs="*", metavar="NAME", help="names or folders of models (default: all)")
        elif name != "list":
            action.add_argument(
                "model", nargs=None if name == "show" else "?", metavar="NAME", help="the name of a model"
            )


def _add_daemon(add: _AddCommand) -> None:
    daemon = add("daemon", "daemon:run_status", "start, stop or show the resident server, which several clients share")
    actions = daemon.add_subparsers(metavar="ACTION", required=True)
    for name, summary in (
        ("start", "start the server, and return when it accepts connections"),
        ("stop", "stop the server, and return when its process ended"),
        ("status", "show the server's process, sessions and memory"),
    ):
        add_action(actions, name, f"daemon:run_{name}", summary)
    process = actions.add_parser("run")  # the process that `start` starts; without help it is not listed
    process.set_defaults(run="daemon:run_process")
    process.add_argument("--cache-folder", metavar="DIR", help="the cache folder to work on")
    process.add_argument("--idle-seconds", type=float, metavar="N", help="end after this time without a client")


def _add_agents(add: _AddCommand) -> None:
    agents = add("agents", "agents.configuration:run_list", "install semlens into coding agents, or take it out again")
    actions = agents.add_subparsers(metavar="ACTION", required=True)
    for name, summary, names_help in (
        ("list", "list the agents, whether they are found here, and whether semlens is installed", "default: all"),
        ("install", "write semlens into the configuration of agents", "default: every agent that is found"),
        ("uninstall", "take out what semlens wrote, and nothing else", "default: every agent that semlens wrote to"),
    ):
        action = add_action(actions, name, f"agents.configuration:run_{name}", summary)
        action.add_argument("names", nargs="*", metavar="NAME", help=f"names of agents ({names_help})")
        if name != "list":
            action.add_argument(
                "--project", action="store_true", help="for the project of this folder instead of the user"
            )
            action.add_argument("--dry-run", action="store_true", help="print a diff, and write nothing")


def _add_uninstall(add: _AddCommand) -> None:
    uninstall = add(
        "uninstall",
        "agents.uninstall:run",
        "delete what semlens wrote: indexes, vectors, clones, copies of a team, logs, agents' configuration",
        "The program, your config.toml, keys and tokens stay. 'semlens team leave' forgets a token.\n"
        "Remove the program with pip, pipx or uv.",
    )
    uninstall.add_argument("--dry-run", action="store_true", help="list what would be deleted, and delete nothing")
    uninstall.add_argument("--config", action="store_true", help="also delete your config.toml")


def _add_code_queries(add: _AddCommand) -> None:
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
    for command in (similar, duplicates):
        command.add_argument("-n", "--limit", type=bounded(1, 1000), metavar="N", help="print at most N")
    for command in (similar, duplicates, context):
        add_no_daemon(command)
        add_json(command)


@cache
def _terminal_columns() -> int:
    """As `shutil.get_terminal_size` finds them."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or _DEFAULT_COLUMNS  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):
        return _DEFAULT_COLUMNS


def with_command(arguments: Sequence[str]) -> Sequence[str]:
    """Put ``search`` before a question that has no command.

    :raises UsageError: for a mistyped command. A folder alone stays what it is, which is no command.
    """
    first, *others = arguments or [""]
    if not others and first in _WORDS_FOR_OPTIONS:
        return [_WORDS_FOR_OPTIONS[first]]
    is_folder = not others and os.path.isdir(first)  # noqa: PTH112 - a Path raises for a name that is too long
    if not first or first.startswith("-") or first in COMMANDS or is_folder:
        return arguments
    import difflib

    close = next(iter(difflib.get_close_matches(first, COMMANDS, n=1, cutoff=0.8)), "")
    is_form_of_it = first.startswith(close) or f"{first}s" == close  # "server that keeps sessions" is a question
    if close and not (others and is_form_of_it):
        question = " ".join(arguments)
        raise UsageError(
            f"There is no command '{first}'. Did you mean '{close}'? To search for it: semlens search {question}"
        )
    return ["search", *arguments]


_WORDS_FOR_OPTIONS = {"help": "--help", "version": "--version"}

_GROUPS: dict[Callable[[_AddCommand], None], tuple[str, ...]] = {
    _add_index: ("index",),
    _add_search: ("search",),
    _add_code_queries: ("similar", "duplicates", "context"),
    add_graph: ("callers", "callees", "impact", "unused"),
    _add_outline: ("outline",),
    _add_maintenance: ("status", "doctor", "forget"),
    _add_models: ("models",),
    _add_daemon: ("daemon",),
    _add_agents: ("agents",),
    add_share: ("share",),
    add_team: ("team",),
    add_cluster: ("cluster",),
    _add_uninstall: ("uninstall",),
    _add_serve: ("serve",),
    _add_mcp: ("mcp",),
    _add_http: ("http",),
}
"""The commands in the order of ``--help``, by the function that adds them."""

COMMANDS = [name for names in _GROUPS.values() for name in names]
