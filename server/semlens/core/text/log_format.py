"""The format of log lines. It stands apart from `printable`, because `logging` is slow to load."""

from __future__ import annotations

import logging

from semlens.core.text.printable import printable_lines


class PrintableFormatter(logging.Formatter):
    """Log lines name files: what is in a name must not steer the terminal that shows the log."""

    def format(self, record: logging.LogRecord) -> str:
        return printable_lines(super().format(record))
