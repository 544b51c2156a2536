"""The options of ``semlens cluster``."""

from __future__ import annotations

import argparse
import os

from semlens.cli.options.shared import AddCommand, add_action, bounded


def add_cluster(add: AddCommand) -> None:
    summary = "build and serve the indexes of many repositories on many machines"
    cluster = add("cluster", "team.cluster:run_build", summary)
    actions = cluster.add_subparsers(metavar="ACTION", required=True)
    build = add_action(
        actions,
        "build",
        "team.cluster:run_build",
        "build and share the indexes of repositories",
        "Build and share the indexes of repositories. A build that was stopped goes on.",
    )
    build.add_argument("folders", nargs="+", metavar="REPO", help="a folder or the URL of a git repository")
    _add_store(build, "--to")
    _add_address(build, "the plain pool of this machine")
    status = add_action(actions, "status", "team.cluster:run_status", "list what is built in a store")
    _add_store(status, "--from")
    serve = add_action(
        actions,
        "serve",
        "team.cluster:run_serve",
        "answer searches over what was built: JSON API and MCP",
        "Answer searches over what was built, with the JSON API and MCP of `semlens http`.",
    )
    _add_store(serve, "--from")
    serve.add_argument(
        "--shards",
        type=bounded(0, 10_000),
        default=0,
        metavar="N",
        help="number of parts of the index (default: one for each 60 MB, but at most one on each node)",
    )
    serve.add_argument(
        "--replicas", type=bounded(1, 10), default=2, metavar="N", help="copies of each shard (default: 2)"
    )
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: 127.0.0.1)")
    serve.add_argument("--port", type=bounded(0, 65_535), default=7_878, help="the port (default: 7878; 0: any)")
    serve.add_argument("--tls-cert", metavar="FILE", default="", help="a certificate, PEM; else a proxy gives TLS")
    serve.add_argument("--tls-key", metavar="FILE", default="", help="its key, if in another file")
    serve.add_argument(
        "--insecure", action="store_true", help="let other machines connect without TLS, e.g. a proxy on another one"
    )
    _add_address(serve, "a new one of this machine")


def _add_store(action: argparse.ArgumentParser, option: str) -> None:
    action.add_argument(
        option, dest="url", default="", metavar="URL",
        help="the store: s3://, gs://, az:// or file:// (default: the setting share.url)",
    )  # fmt: skip


def _add_address(action: argparse.ArgumentParser, default: str) -> None:
    action.add_argument(
        "--address", default=os.environ.get("RAY_ADDRESS", ""), metavar="HOST:PORT",
        help=f"the head of a Ray cluster; `auto`: that of this machine; `local`: a new one here (default: {default})",
    )  # fmt: skip
