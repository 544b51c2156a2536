"""The command line. It parses arguments, creates the engine and prints results. It does not decide what is found.

Importing this package imports nothing else of semlens. Each command's module is imported when the command runs, so a
one-shot command loads only what it uses.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. :returns: the exit code: 0 done, 1 failed, 2 bad usage, 130 interrupted."""
    from semlens.cli.runner import run_command

    return run_command(arguments)
