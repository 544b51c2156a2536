"""Where the server's log goes, and what never gets into it: the text of documents, requests and answers."""

from __future__ import annotations

import logging
import logging.handlers
import os
import traceback
from io import TextIOWrapper
from pathlib import Path

from semlens.core.text.printable import PrintableFormatter

LOG_NAME = "server.log"
_MAX_BYTES = 1_000_000
_BACKUPS = 2
_FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"


class _WithoutContents(logging.Filter):
    """Keeps contents out: pygls's arguments are message bodies, and an exception's text may quote a document.

    What stays of an exception is its type and where it was raised.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("pygls"):
            record.args = None
        if record.exc_info:
            kind, _, trace = record.exc_info
            frames = "".join(traceback.format_tb(trace))
            record.exc_text = f"{kind.__name__ if kind else 'no exception'}, raised at\n{frames}".rstrip()
            record.exc_info = None
        return True


class _PrivateRotatingFile(logging.handlers.RotatingFileHandler):
    """A rotating file that only its owner may read."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, 0o600)  # also where an older file was readable to others
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace")


def configure_logging(folder: Path | None, level: str) -> Path | None:
    """Log to stderr and to ``folder/server.log``.

    :returns: the file, or None where it cannot be written; then stderr has to do.
    """
    formatter = PrintableFormatter(_FORMAT)
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    path: Path | None = None
    if folder is not None:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handlers.append(
                _PrivateRotatingFile(folder / LOG_NAME, maxBytes=_MAX_BYTES, backupCount=_BACKUPS, encoding="utf-8")
            )
            path = folder / LOG_NAME
        except OSError as error:
            logging.getLogger(__name__).warning("No log file: %s", error)
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    for handler in handlers:
        handler.setFormatter(formatter)
        handler.addFilter(_WithoutContents())
        root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("semlens").setLevel(level.upper())
    logging.getLogger("pygls").setLevel(logging.WARNING)
    logging.raiseExceptions = False  # a closed stderr must not become more output
    return path
