"""The options of ``semlens team``."""

from __future__ import annotations

from semlens.cli.options.shared import AddCommand, add_action


def add_team(add: AddCommand) -> None:
    team = add("team", "team.membership:run_status", "ask a team's server, and give members access to yours")
    actions = team.add_subparsers(metavar="ACTION", required=True)
    add_action(actions, "status", "team.membership:run_status", "show the team's server and what you may read there")
    join = add_action(
        actions, "join", "team.membership:run_join", "keep your token for a team's server; asks for it, or reads stdin"
    )
    join.add_argument("url", metavar="URL", nargs="?", default="", help="its address (default: the setting team.url)")
    leave = add_action(actions, "leave", "team.membership:run_leave", "forget your token for a team's server")
    leave.add_argument("url", metavar="URL", nargs="?", default="", help="its address (default: the setting team.url)")
    token = actions.add_parser(
        "token", help="add, list or remove tokens of members who may ask the server of this machine"
    )
    tokens = token.add_subparsers(metavar="ACTION", required=True)
    added = add_action(tokens, "add", "team.membership:run_add", "make a token for a member, and print it once")
    added.add_argument("name", metavar="NAME", help="of the member")
    added.add_argument(
        "--repository", dest="repositories", action="append", required=True, metavar="PATTERN",
        help="what it may read, e.g. 'github.com/org/*': host and path of an origin, or the name of a folder",
    )  # fmt: skip
    add_action(tokens, "list", "team.membership:run_list", "list the members and what each may read")
    removed = add_action(tokens, "remove", "team.membership:run_remove", "make the token of a member invalid")
    removed.add_argument("name", metavar="NAME", help="of the member")
