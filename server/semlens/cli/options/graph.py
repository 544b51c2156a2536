"""The commands of the code graph and their options."""

from __future__ import annotations

from semlens.cli.options.shared import AddCommand, add_folder, add_json, add_no_daemon, add_workspace, bounded


def add_graph(add: AddCommand) -> None:
    neighbours = []
    for name, summary in (
        ("callers", "show who uses a symbol, with a confidence for each"),
        ("callees", "show what a symbol uses, with a confidence for each"),
    ):
        command = add(name, f"graph.answers:run_{name}", summary)
        command.add_argument("symbol", metavar="PATH:LINE|NAME", help="a line of the symbol, or its name")
        command.add_argument(
            "--depth", type=bounded(1, 4), metavar="N", help="also show what lies up to N steps away (default: 1)"
        )
        add_workspace(command)
        neighbours.append(command)
    impact = add(
        "impact", "graph.answers:run_impact", "show what your changes may affect, and the tests that reach them"
    )
    impact.add_argument(
        "ref",
        nargs="?",
        metavar="REF",
        help="what was changed since this commit, or since the work parted from this branch; or a range such as"
        " main..feature (default: HEAD)",
    )
    impact.add_argument("--staged", action="store_true", help="only what is staged for the next commit")
    impact.add_argument("--diff", metavar="FILE", help="read a unified diff instead of asking git; - reads stdin")
    add_workspace(impact)
    unused = add("unused", "graph.answers:run_unused", "list definitions that nothing seems to use")
    add_folder(unused)
    for command in (*neighbours, impact, unused):
        command.add_argument("-n", "--limit", type=bounded(1, 1000), metavar="N", help="print at most N (default: 50)")
        add_no_daemon(command)
        add_json(command)
