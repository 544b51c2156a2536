"""argparse with help as wide as the terminal, and with errors that are safe to print."""

from __future__ import annotations

import argparse
import os
import sys
from functools import cache
from typing import Any, NoReturn

from semlens.core.text.printable import printable

_DEFAULT_COLUMNS = 80
_COMMAND_COLUMNS = 14  # of the longest command with its indentation


class HelpFormatter(argparse.HelpFormatter):
    """As wide as the terminal. Examples keep their lines.

    argparse makes one for every option, and would load shutil to ask for the width.
    """

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=terminal_columns() - 2)
        self._action_max_length = _COMMAND_COLUMNS  # argparse forgets that commands are indented once more

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        fill = super()._fill_text
        return "\n".join(line if len(line) <= width else fill(line, width, indent) for line in text.splitlines())


class Parser(argparse.ArgumentParser):
    """Escapes control characters in error messages, because they repeat arguments. A help that is lost is an error."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))

    def _print_message(self, message: str, file: Any = None) -> None:
        """Write without argparse's habit to ignore errors."""
        (file or sys.stderr).write(message)


@cache
def terminal_columns() -> int:
    """As `shutil.get_terminal_size` finds them."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or _DEFAULT_COLUMNS  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):
        return _DEFAULT_COLUMNS
