"""The options of ``semlens share``."""

from __future__ import annotations

from semlens.cli.options.shared import AddCommand, add_action, add_no_daemon

_DAYS = 90


def add_share(add: AddCommand) -> None:
    share = add("share", "share:run_status", "share the index of a repository through a folder or an object store")
    actions = share.add_subparsers(metavar="ACTION", required=True)
    for name, summary in (
        ("push", "bring the index up to date, and share that of the newest commit"),
        ("pull", "begin the index of a clone with the shared one, and complete it"),
        ("status", "show which commit is shared, and the key of this machine"),
        ("key", "make the key that this machine signs with, and print the public part"),
        ("clean", "delete from the store what is old"),
    ):
        action = add_action(actions, name, f"share:run_{name}", summary)
        if name in ("push", "pull", "status"):
            action.add_argument("folder", nargs="?", metavar="DIR", help="the workspace (default: .)")
        if name != "key":
            action.add_argument(
                "--to", "--from", dest="url", default="", metavar="URL",
                help="the store: s3://, gs://, az:// or file:// (default: the setting share.url)",
            )  # fmt: skip
        if name == "clean":
            action.add_argument(
                "--older-than", type=int, default=_DAYS, metavar="DAYS", help=f"age in days (default: {_DAYS})"
            )
        if name in ("push", "pull"):
            add_no_daemon(action)
