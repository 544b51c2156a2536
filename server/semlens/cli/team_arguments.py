"""The options of ``semlens team``."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from semlens.cli.shared_options import add_json


def add_team(add: Callable[..., argparse.ArgumentParser]) -> None:
    team = add("team", "team.membership:run_status", "ask a team's server, and give members access to yours")
    actions = team.add_subparsers(metavar="ACTION", required=True)
    _action(actions, "status", "run_status", "show the team's server and what you may read there")
    join = _action(actions, "join", "run_join", "keep your token for a team's server; asks for it, or reads stdin")
    join.add_argument("url", metavar="URL", nargs="?", default="", help="its address (default: the setting team.url)")
    leave = _action(actions, "leave", "run_leave", "forget your token for a team's server")
    leave.add_argument("url", metavar="URL", nargs="?", default="", help="its address (default: the setting team.url)")
    token = actions.add_parser("token", help="tokens of members who may ask the server of this machine")
    tokens = token.add_subparsers(metavar="ACTION", required=True)
    added = _action(tokens, "add", "run_add", "make a token for a member, and print it once")
    added.add_argument("name", metavar="NAME", help="of the member")
    added.add_argument(
        "--repository", dest="repositories", action="append", required=True, metavar="PATTERN",
        help="what it may read, e.g. 'github.com/org/*': host and path of an origin, or the name of a folder",
    )  # fmt: skip
    _action(tokens, "list", "run_list", "list the members and what each may read")
    removed = _action(tokens, "remove", "run_remove", "make the token of a member invalid")
    removed.add_argument("name", metavar="NAME", help="of the member")


def _action(actions: argparse._SubParsersAction, name: str, run: str, summary: str) -> argparse.ArgumentParser:  # type: ignore[type-arg]
    action: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=summary[0].upper() + summary[1:] + "."
    )
    action.set_defaults(run=f"team.membership:{run}")
    add_json(action)
    action.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    return action
