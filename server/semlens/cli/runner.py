"""What surrounds every command: errors become one sentence and an exit code, broken pipes and Ctrl+C end quietly."""

from __future__ import annotations

import errno
import importlib
import logging
import os
import sys
import traceback
from collections.abc import Sequence

from semlens.core.text.printable import PrintableFormatter, printable, printable_lines

DONE, FAILED, BAD_USAGE, INTERRUPTED = 0, 1, 2, 130

_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def run_command(arguments: Sequence[str] | None) -> int:
    # before numpy loads: two BLAS threads on a loaded machine made a scan 16 times slower
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")
    _never_fail_to_print()
    from semlens.cli.arguments import build_parser

    options = build_parser().parse_args(arguments)
    _log_only_for_debugging(options.debug)
    try:
        module, _, function = options.run.partition(":")
        code = int(getattr(importlib.import_module(f"semlens.cli.commands.{module}"), function)(options))
        sys.stdout.flush()
    except BrokenPipeError:
        # whoever read our output has enough; point stdout elsewhere so that the interpreter's last flush is quiet too
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the outermost fence: whatever it is becomes one sentence
        if options.debug:
            print(printable_lines(traceback.format_exc()), end="", file=sys.stderr)
        message, code = explain(error)
        say(message)
    return code


def explain(error: Exception) -> tuple[str, int]:
    """The sentence and the exit code for an error."""
    from semlens.core.errors import SemlensError, UsageError

    if isinstance(error, UsageError):
        return str(error), BAD_USAGE
    if isinstance(error, SemlensError):
        return str(error), FAILED
    if _is_disk_full(error):
        return "The disk is full: free some space, or point SEMLENS_CACHE_DIR at another disk.", FAILED
    if isinstance(error, MemoryError):
        return "The memory is used up: close other programs, or index a smaller folder.", FAILED
    if isinstance(error, OSError) and error.strerror:
        place = f" {error.filename}" if error.filename else ""
        return f"The system refused to go on ({error.strerror}{place}): check that path and its permissions.", FAILED
    what = f"{type(error).__name__}: {error}"
    return f"semlens failed unexpectedly ({what}): run it again with --debug and report what it prints.", FAILED


def _is_disk_full(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    # SQLite's own word for it; known by name, so that only the index needs to import sqlite3
    return type(error).__module__ == "sqlite3" and "disk is full" in str(error)


def say(message: str) -> None:
    """One line to the user's eyes; stdout stays free for what was asked for."""
    print(f"semlens: {printable(message)}", file=sys.stderr)


def _log_only_for_debugging(debug: bool) -> None:
    """What a user must know is said by the command itself; the log repeats it for developers."""
    if debug:
        handler = logging.StreamHandler()
        handler.setFormatter(PrintableFormatter("%(levelname)s %(name)s: %(message)s"))
        logging.basicConfig(level=logging.INFO, handlers=[handler])
    else:
        logging.getLogger("semlens").addHandler(logging.NullHandler())


def _never_fail_to_print() -> None:
    """File names may hold any bytes, and a terminal may know few letters."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
