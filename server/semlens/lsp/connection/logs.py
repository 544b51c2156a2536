"""The server's log: its file, its format, and a filter that keeps out the text of documents and messages."""

from __future__ import annotations

import logging
import logging.handlers
import os
import traceback
from io import TextIOWrapper
from pathlib import Path

from semlens.core.text.log_format import PrintableFormatter

LOG_NAME = "server.log"
_MAX_BYTES = 1_000_000
_BACKUPS = 2
_FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"


class _ContentFilter(logging.Filter):
    """Removes contents: pygls logs message bodies, and the text of an exception may quote a document.

    The type of an exception and the place where it was raised remain.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("pygls"):
            record.args = None
        if record.exc_info:
            exception_type, _, trace = record.exc_info
            frames = "".join(traceback.format_tb(trace))
            record.exc_text = (
                f"{exception_type.__name__ if exception_type else 'no exception'}, raised at\n{frames}".rstrip()
            )
            record.exc_info = None
        return True


class _PrivateRotatingFile(logging.handlers.RotatingFileHandler):
    """A rotating file that only its owner may read."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, 0o600)  # an older file may be readable to others
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace")


class _StandardOutputFile(_PrivateRotatingFile):
    """A rotating file that is also stdout and stderr, for a process without a terminal.

    Libraries and the interpreter write there too. After each rotation both descriptors follow.
    """

    def _open(self) -> TextIOWrapper:
        stream = super()._open()
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
        return stream


def configure_logging(folder: Path | None, level: str) -> Path | None:
    """Log to stderr and to ``folder/server.log``.

    :returns: the log file, or None when it cannot be written.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    path: Path | None = None
    if folder is not None:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handlers.append(_rotating(_PrivateRotatingFile, folder / LOG_NAME))
            path = folder / LOG_NAME
        except OSError as error:
            logging.getLogger(__name__).warning("Cannot write a log file (%s): the log goes to stderr only.", error)
    _install(handlers, level)
    return path


def configure_detached_logging(path: Path, level: str) -> None:
    """Make the file the log, stdout and stderr of this process. If it cannot be written, all three stay as they are."""
    try:
        handler: logging.Handler = _rotating(_StandardOutputFile, path)
    except OSError:
        handler = logging.StreamHandler()
    _install([handler], level)


def _rotating(kind: type[_PrivateRotatingFile], path: Path) -> logging.Handler:
    return kind(path, maxBytes=_MAX_BYTES, backupCount=_BACKUPS, encoding="utf-8")


def _install(handlers: list[logging.Handler], level: str) -> None:
    """Replace the handlers of the root logger."""
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    for handler in handlers:
        handler.setFormatter(PrintableFormatter(_FORMAT))
        handler.addFilter(_ContentFilter())
        root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("semlens").setLevel(level.upper())
    logging.getLogger("pygls").setLevel(logging.WARNING)
    logging.raiseExceptions = False  # an error while logging to a closed stderr must not cause more output
