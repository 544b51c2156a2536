"""The first line of a connection to the resident server: a protocol's name, and a JSON object about the client.

``api {"client": "semlens search", "settings": {...}, "processId": 123}``. The protocol's own bytes follow the line.
"""

from __future__ import annotations

import json
import os
from typing import Any

from semlens.core.errors import SemlensError, UsageError
from semlens.settings.user_sources import REMOTE_KEY_VARIABLE, UserSettings

MAX_HELLO_BYTES = 1_000_000


class HelloError(SemlensError):
    """The first line of a connection is not usable. The message goes to the client."""


def hello_line(protocol: str, hello: dict[str, Any] | None = None) -> bytes:
    """The line that a client sends first.

    :raises UsageError: when the settings make it too long.
    """
    if hello is None:
        return f"{protocol}\n".encode()
    # TOML has dates, which JSON has not. No setting is one, so the server reports it as a wrong value.
    line = f"{protocol} {json.dumps(hello, default=str)}\n".encode()
    if len(line) > MAX_HELLO_BYTES:
        raise UsageError(f"Your settings are larger than {MAX_HELLO_BYTES} bytes. Make them shorter.")
    return line


def describe_client(client: str, user: UserSettings) -> dict[str, Any]:
    """What the resident server must know of a client.

    It has the user's settings and the key of the embedding service, for the server never uses its own environment.

    :param client: the command that connects, e.g. ``semlens search``.
    """
    hello: dict[str, Any] = {"client": client, "processId": os.getpid(), "settings": user.values}
    if user.problems:
        hello["settingProblems"] = [list(problem) for problem in user.problems]
    if key := os.environ.get(REMOTE_KEY_VARIABLE):
        hello["remoteKey"] = key
    return hello


def parse_hello(line: bytes) -> tuple[str, dict[str, Any]]:
    """The protocol and the description of the client; empty if the line has none.

    :raises HelloError: when the line is neither.
    """
    name, _, rest = line.strip().partition(b" ")
    try:
        hello = json.loads(rest) if rest.strip() else {}
        protocol = name.decode("ascii")
    except (ValueError, RecursionError):
        hello, protocol = None, ""
    if not isinstance(hello, dict) or not protocol.isalnum():
        raise HelloError(
            "The first line of a connection must name a protocol, and may add a JSON object after a space."
        )
    return protocol, hello
