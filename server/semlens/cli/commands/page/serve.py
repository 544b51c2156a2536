"""``semlens http``: lets the resident server serve the page, its API and MCP over HTTP, for as long as it runs.

It holds no engine. When the resident server is lost, it is started again at the same port.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from semlens.cli.commands.page.browser import open_in_browser
from semlens.cli.output.terminal import paint
from semlens.cli.roots import everywhere, workspaces_of
from semlens.cli.runner import say
from semlens.cli.workspace import Workspace
from semlens.core.errors import SemlensError, UsageError
from semlens.core.text.printable import printable
from semlens.files.git_repository import top_level
from semlens.http.options import DEFAULT_PORT, HttpOptions, NamedRoot
from semlens.service.connection import Connection
from semlens.service.daemon_start import ensure_server
from semlens.service.endpoint import Endpoint, endpoint_of
from semlens.service.frames import LineReader
from semlens.service.hello import describe_client, hello_line
from semlens.settings.user_sources import read_user_settings

_MAX_LOSSES = 5
_LOSS_SECONDS = 10.0
"""After so many losses within this time the command gives up."""


class HttpError(SemlensError):
    """The resident server does not serve, or is lost again and again."""


def run(options: argparse.Namespace) -> int:
    wanted = _wanted(options)
    user = read_user_settings()
    for problem in user.problems:
        say(f"warning: {problem.message}")
    endpoint = endpoint_of(user.cache_folder)
    command = _HttpCommand(endpoint, describe_client("semlens http", user), wanted, options)
    with contextlib.suppress(KeyboardInterrupt):
        command.run()
    return 0


class _HttpCommand:
    """The calling thread reads the server. Another one reads the terminal."""

    def __init__(
        self, endpoint: Endpoint, client: dict[str, Any], wanted: HttpOptions, options: argparse.Namespace
    ) -> None:
        self._endpoint = endpoint
        self._client = client
        self._wanted = wanted.to_json()
        self._opens = options.open
        self._json = options.json
        self._connection: Connection | None = None
        self._is_shown = False

    def run(self) -> None:
        """Serve until the user ends it.

        :raises SemlensError: when the page cannot be served, or the server is lost again and again.
        """
        losses: list[float] = []
        while True:
            with closing(ensure_server(self._endpoint)) as connection:
                self._connection = connection
                with contextlib.suppress(OSError):
                    connection.write(hello_line("http", {**self._client, **self._wanted}))
                    self._follow(connection)
            now = time.monotonic()
            losses = [*(lost for lost in losses if now - lost < _LOSS_SECONDS), now]
            if len(losses) >= _MAX_LOSSES:
                raise HttpError(f"The resident server ends again and again. Its log is {self._endpoint.log_path}")
            say("The resident server ended. It is started again; the page connects by itself.")

    def _follow(self, connection: Connection) -> None:
        """Read what the server says, until it ends."""
        lines = LineReader(connection.read)
        while (line := lines.read()) is not None:
            if not line.startswith(b"{"):
                continue  # an error in the frames of the other protocols follows
            message = json.loads(line)
            error = message.get("error")
            if error is not None:
                raise HttpError(str(error.get("message")))
            if "listening" in message:
                self._show(message["listening"])
            elif "link" in message:
                print(f"  {message['link']['link']}", flush=True)

    def _show(self, facts: dict[str, Any]) -> None:
        """Say once where it listens."""
        if self._is_shown:
            return
        self._is_shown = True
        self._wanted = {**self._wanted, "port": facts["port"], "mayChoosePort": False}
        if self._json:
            print(json.dumps(facts), flush=True)
        else:
            self._print(facts)
        if facts["exposed"]:
            say(_exposure(facts))
        if self._opens:
            open_in_browser(facts["link"], self._endpoint.folder)
        if sys.stdin is not None and sys.stdin.isatty():
            threading.Thread(target=self._ask_for_links, name="semlens-http-links", daemon=True).start()

    def _print(self, facts: dict[str, Any]) -> None:
        roots = ", ".join(printable(path) for path, _ in self._wanted["roots"])
        enter = "Enter gives another link; " if sys.stdin is not None and sys.stdin.isatty() else ""
        print(f"semlens shows {roots} at")
        print(f"  {paint(facts['link'], 'bold')}")
        print(f"The link works once, within {facts['linkSeconds'] // 60} minutes. {enter}Ctrl+C ends the server.")
        token_file = printable(facts["tokenFile"])
        print(f"Programs and agents: {facts['url']}/api and /mcp, with the token in {token_file}", flush=True)

    def _ask_for_links(self) -> None:
        for _ in sys.stdin:
            with contextlib.suppress(OSError, ValueError):
                if self._connection is not None:
                    self._connection.write(b"link\n")


def _exposure(facts: dict[str, Any]) -> str:
    reads_along = (
        ""
        if facts["url"].startswith("https:")
        else " Without TLS, everybody on the way can read along and sign in too."
    )
    return (
        "warning: other machines can connect. Whoever has a link or the token can read every file of these folders."
        + reads_along
    )


def _wanted(options: argparse.Namespace) -> HttpOptions:
    """:raises UsageError: for options that do not fit, and for a folder that may not be served."""
    if options.everywhere:
        workspaces = everywhere()
    elif options.folders:
        workspaces = workspaces_of(options.folders)
    else:
        workspaces = [_default_workspace()]
    return HttpOptions(
        roots=tuple(NamedRoot(str(workspace.folder), workspace.explicit) for workspace in workspaces),
        host=options.host,
        port=DEFAULT_PORT if options.port is None else options.port,
        may_choose_port=options.port is None,
        maps=tuple(_map_of(text) for text in options.maps),
        tls_cert=_absolute(options.tls_cert),
        tls_key=_absolute(options.tls_key),
        insecure=options.insecure,
    ).checked()


def _default_workspace() -> Workspace:
    """The git work tree of the current folder, or the folder itself."""
    (workspace,) = workspaces_of(None)
    top = top_level(workspace.folder)
    return workspace if top is None else workspace._replace(folder=top)


def _map_of(text: str) -> tuple[str, str]:
    """:raises UsageError: when it is no pair of absolute folders."""
    here, separator, there = text.partition("=")
    if not separator or not there or not Path(here).is_absolute():
        raise UsageError(f"--map {text} must be FROM=TO: a folder here, and the same folder where the editor runs.")
    return os.path.normpath(here), there


def _absolute(path: str | None) -> str:
    return os.path.abspath(os.path.expanduser(path)) if path else ""  # noqa: PTH100, PTH111 - a Path may raise
