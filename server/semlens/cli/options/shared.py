"""Options that several commands have."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeAlias

AddCommand: TypeAlias = Callable[..., argparse.ArgumentParser]
"""Adds a command. Takes its name, ``module:function``, a summary and an epilog for its help."""

_WORKSPACE_HELP = "the workspace: a folder or the URL of a git repository (default: .)"


def add_action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: str,
    summary: str,
    description: str = "",
) -> argparse.ArgumentParser:
    """Add an action of a command, such as ``start`` of ``daemon``, with ``--json``.

    :param run: ``module:function``, as `arguments.build_parser` says.
    """
    action = actions.add_parser(name, help=summary, description=description or sentence(summary))
    action.set_defaults(run=run)
    add_json(action)
    add_debug(action)
    return action


def sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."


def add_debug(command: argparse.ArgumentParser) -> None:
    """``--debug`` also works after the command. SUPPRESS keeps the main parser's value when it is absent here."""
    command.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def add_folder(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", nargs="?", metavar="DIR", help=_WORKSPACE_HELP)


def add_workspaces(command: argparse.ArgumentParser, summary: str) -> None:
    command.add_argument("-w", "--workspace", dest="folders", action="append", metavar="DIR", help=summary)


def add_workspace(command: argparse.ArgumentParser) -> None:
    command.add_argument("-w", "--workspace", dest="folder", metavar="DIR", help=_WORKSPACE_HELP)


def add_no_daemon(command: argparse.ArgumentParser) -> None:
    command.add_argument("--no-daemon", action="store_true", help="answer in this process, even if a server runs")


def add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print one JSON object")


def bounded(minimum: int, maximum: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if not minimum <= value <= maximum:
            raise argparse.ArgumentTypeError(f"{value} is not between {minimum} and {maximum}")
        return value

    number.__name__ = "number"  # argparse shows this name in "invalid number value"
    return number


def add_filters(command: argparse.ArgumentParser) -> None:
    """The options that say which files and symbols to search."""
    command.add_argument(
        "--lang", action="append", default=[], metavar="L", help="search only this language; repeatable"
    )
    command.add_argument(
        "--kind", action="append", default=[], metavar="K", help="search only this kind, e.g. function; repeatable"
    )
    command.add_argument(
        "--path", action="append", default=[], metavar="GLOB", help="search only matching paths; repeatable"
    )
    command.add_argument(
        "--content",
        choices=("code", "docs", "config", "all"),
        help="which files to search (default: code, or all if a language is named)",
    )
    command.add_argument(
        "--tests",
        choices=("include", "exclude", "only"),
        default="include",
        help="whether to search tests (default: include)",
    )
