"""The options of the commands that serve others: editors, coding agents, browsers, commands."""

from __future__ import annotations

from semlens.cli.options.shared import AddCommand, add_action, add_json, add_workspaces, bounded


def add_serve(add: AddCommand) -> None:
    serve = add("serve", "serve:run", "run the language server over stdin and stdout, for editors")
    serve.add_argument(
        "--shared", action="store_true", help="let the resident server serve the editor; start it if there is none"
    )
    serve.add_argument(
        "--stdio", action="store_true", help="accepted because editors pass it; the server always uses stdio"
    )


def add_mcp(add: AddCommand) -> None:
    mcp = add("mcp", "mcp:run", "serve a coding agent over stdin and stdout (Model Context Protocol)")
    mcp.add_argument(
        "--root",
        dest="roots",
        action="append",
        default=[],
        metavar="DIR",
        help="a folder that the agent may search (default: the git work tree of the current folder); repeatable",
    )


def add_http(add: AddCommand) -> None:
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


def add_daemon(add: AddCommand) -> None:
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
