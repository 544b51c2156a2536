"""The command line. It parses arguments, creates the engine and prints results. It does not decide what is found.

Importing this package imports nothing else of semlens. Each command's module is imported when the command runs, so a
one-shot command loads only what it uses.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. :returns: the exit code: 0 done, 1 failed, 2 bad usage, 130 interrupted."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if not os.path.isabs(os.path.expanduser("~")):  # noqa: PTH111, PTH117 - pathlib takes long to load
        # As containers do. Else "~" is a folder in the current one, and a repository would bring the user's settings.
        os.environ["HOME"] = os.sep
    has_streams = sys.stdin is not None and sys.stdout is not None  # else a bridge would take the next file for them
    ordered = [*arguments[:1], *sorted(arguments[1:])]
    if has_streams and ordered in (["serve", "--shared"], ["serve", "--shared", "--stdio"]):
        return _run_bridge(_serve_editor)
    if has_streams and arguments[:1] == ["mcp"] and (roots := _named_roots(arguments[1:])) is not None:
        return _run_bridge(lambda: _serve_agent(roots))
    from semlens.cli.runner import run_command

    return run_command(arguments)


def _named_roots(arguments: Sequence[str]) -> list[str] | None:
    """The folders of ``--root``; None when the parser must read the arguments, for help or an error."""
    pairs = list(zip(arguments[::2], arguments[1::2], strict=False))
    if len(arguments) % 2 or any(name != "--root" or folder.startswith("-") for name, folder in pairs):
        return None
    return [folder for _, folder in pairs]


def _serve_editor() -> int:
    from semlens.cli.commands.serve import run_shared

    return run_shared()


def _serve_agent(roots: Sequence[str]) -> int:
    from semlens.cli.commands.mcp import run_bridge

    return run_bridge(roots)


def _run_bridge(bridge: Callable[[], int]) -> int:
    """Run a bridge without the parser of arguments, which takes longer to load than the bridge."""
    try:
        return bridge()
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - every error becomes one message
        from semlens.cli.runner import explain, say

        message, code = explain(error)
        say(message)
        return code
