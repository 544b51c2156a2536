"""The command line. It parses arguments, creates the engine and prints results. It does not decide what is found.

Importing this package imports nothing else of semlens. Each command's module is imported when the command runs, so a
one-shot command loads only what it uses.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. :returns: the exit code: 0 done, 1 failed, 2 bad usage, 130 interrupted."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if [*arguments[:1], *sorted(arguments[1:])] in (["serve", "--shared"], ["serve", "--shared", "--stdio"]):
        return _run_bridge()
    from semlens.cli.runner import run_command

    return run_command(arguments)


def _run_bridge() -> int:
    """``semlens serve --shared`` without the parser of arguments, which takes longer to load than the bridge."""
    try:
        from semlens.cli.commands.serve import run_shared

        return run_shared()
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - every error becomes one message
        from semlens.cli.runner import explain, say

        message, code = explain(error)
        say(message)
        return code
