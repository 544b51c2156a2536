"""The options of the commands about what is installed: models, and semlens in coding agents."""

from __future__ import annotations

from semlens.cli.options.shared import AddCommand, add_action


def add_models(add: AddCommand) -> None:
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


def add_agents(add: AddCommand) -> None:
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


def add_uninstall(add: AddCommand) -> None:
    uninstall = add(
        "uninstall",
        "agents.uninstall:run",
        "delete what semlens wrote: indexes, vectors, clones, copies of a team, logs, agents' configuration",
        "The program, your config.toml, keys and tokens stay. `semlens team leave` forgets a token.\n"
        "Remove the program with pip, pipx or uv.",
    )
    uninstall.add_argument("--dry-run", action="store_true", help="list what would be deleted, and delete nothing")
    uninstall.add_argument("--config", action="store_true", help="also delete your config.toml")
