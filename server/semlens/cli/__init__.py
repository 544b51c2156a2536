"""The command line: the composition root. Parses arguments, builds the engine, prints.

Importing this package imports nothing else of semlens; each command's module is imported when it is run, so that a
one-shot command pays only for what it uses.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. :returns: the exit code: 0 done, 1 failed, 2 bad usage, 130 interrupted."""
    from semlens.cli.runner import run_command

    return run_command(arguments)
