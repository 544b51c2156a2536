"""Runs a command. Turns errors into a message and an exit code. Handles broken pipes and Ctrl+C quietly."""

from __future__ import annotations

import errno
import importlib
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from semlens.core.text.printable import printable, printable_lines

DONE, FAILED, BAD_USAGE, NOTHING_FOUND, INTERRUPTED = 0, 1, 2, 3, 130

_BLAS_THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def run_command(arguments: Sequence[str] | None) -> int:
    # Before numpy loads: two BLAS threads on a busy machine are 16 times slower than one.
    for name in _BLAS_THREAD_VARIABLES:
        os.environ.setdefault(name, "1")
    _open_missing_streams()
    _buffer_output()
    _escape_unprintable_output()
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        try:
            code = _run(arguments)
        except SystemExit as exit_:  # the parser printed the help, or an error
            code = exit_.code if isinstance(exit_.code, int) else FAILED
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
        return DONE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - every error becomes one message
        if "--debug" in arguments:
            import traceback

            print(printable_lines(traceback.format_exc()), end="", file=sys.stderr)
        message, code = explain(error)
        _drop_output()
        say(message)
    return code


def _run(arguments: Sequence[str]) -> int:
    from semlens.cli.arguments import build_parser, with_command
    from semlens.cli.output.terminal import choose_colours

    if sorted(arguments) == ["--json", "--version"]:
        from semlens.cli.version import print_versions

        return print_versions()
    if not arguments:
        build_parser().print_help(sys.stderr)
        return BAD_USAGE
    arguments = with_command(arguments)
    options = build_parser(next(iter(arguments), "")).parse_args(arguments)
    choose_colours(getattr(options, "color", "auto"))
    if options.debug:
        _show_log()
    elif not hasattr(options, "no_daemon"):  # else what answers here does it, because a client of the server has no log
        hide_log()
    module, _, function = options.run.partition(":")
    return int(getattr(importlib.import_module(f"semlens.cli.commands.{module}"), function)(options))


def _drop_output() -> None:
    """Write what is left of stdout nowhere, so that the interpreter's last flush does not fail."""
    try:
        sys.stdout.flush()
    except OSError:  # the reader closed the pipe, or the disk is full
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def explain(error: Exception) -> tuple[str, int]:
    """The message and the exit code for an error."""
    from semlens.core.errors import SemlensError, UsageError

    if isinstance(error, UsageError):
        return str(error), BAD_USAGE
    if isinstance(error, SemlensError):
        return str(error), FAILED
    if _is_disk_full(error):
        return (
            "The disk is full, so the output or the index cannot be written. Free some space, or use another disk:"
            " SEMLENS_CACHE_DIR names the folder of the index."
        ), FAILED
    if isinstance(error, MemoryError):
        return "semlens ran out of memory. Close other programs, or index a smaller folder.", FAILED
    if isinstance(error, OSError) and error.strerror:
        if isinstance(error, FileNotFoundError) and not error.filename:
            return "The current folder does not exist any more. Change to another folder.", FAILED
        place = f" {error.filename}" if error.filename else ""
        return f"The system reported an error: {error.strerror}{place}. Check the path and its permissions.", FAILED
    description = f"{type(error).__name__}: {error}"
    return f"semlens failed unexpectedly ({description}). Run it again with --debug and report the output.", FAILED


def _is_disk_full(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    # SQLite's message. Compared by name, because only the index may import sqlite3.
    return type(error).__module__ == "sqlite3" and "disk is full" in str(error)


def say(message: str) -> None:
    """Print one line to stderr. stdout is only for results."""
    print(f"semlens: {printable(message)}", file=sys.stderr)


def _show_log() -> None:
    """Print the log to stderr, for ``--debug``."""
    import logging

    from semlens.core.text.log_format import PrintableFormatter

    handler = logging.StreamHandler()
    handler.setFormatter(PrintableFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def hide_log() -> None:
    """Keep the log from stderr. Commands print what users must know. Without a handler Python prints warnings."""
    import logging  # slow to load

    logging.getLogger("semlens").addHandler(logging.NullHandler())


def _open_missing_streams() -> None:
    """Open what the shell closed (``>&-``): else the next file, such as an index, gets the number of a stream."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # the lowest free number
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115 - as long as the process


def _buffer_output() -> None:
    """Buffer stdout under ``PYTHONUNBUFFERED`` too, so that `_drop_output` finds what could not be written."""
    stdout = sys.__stdout__
    if stdout is not None and sys.stdout is stdout and isinstance(getattr(stdout, "buffer", None), io.RawIOBase):
        number, encoding = stdout.fileno(), stdout.encoding
        sys.stdout = open(number, "w", encoding=encoding, closefd=False)  # noqa: SIM115 - as long as the process


def _escape_unprintable_output() -> None:
    """Escape characters that the terminal cannot encode. File names may contain any bytes."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
