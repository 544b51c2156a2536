"""Shows long output of a terminal in a pager, as git does: ``SEMLENS_PAGER``, ``PAGER``, or less."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from semlens.cli.output.terminal import shows_colours
from semlens.core.paths import find_program, program_path


@contextlib.contextmanager
def paged(*, wanted: bool) -> Iterator[None]:
    """Collect what is printed. What is longer than the terminal goes through a pager.

    :param wanted: else, and where stdout is no terminal, print at once.
    """
    command = _pager() if wanted and sys.stdout.isatty() and os.environ.get("TERM") != "dumb" else ""
    if not command:
        yield
        return
    shows_colours()  # decided by the terminal, before stdout is another stream
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        yield
    output = text.getvalue()
    if output.count("\n") < shutil.get_terminal_size((80, 24)).lines or not _show(command, output):
        print(output, end="")


def _pager() -> str:
    """The command, or "" for none."""
    for name in ("SEMLENS_PAGER", "PAGER"):
        if (command := os.environ.get(name)) is not None:
            return "" if command in ("", "cat") else command
    return "less" if find_program("less") else ""


def _show(command: str, output: str) -> bool:
    """:returns: whether the pager could be started."""
    import shlex
    import subprocess

    # F: end at once if one screen is enough. R: show colours. X: leave the text on the screen.
    environment = {"LESS": "FRX", **os.environ}
    try:
        program, *arguments = shlex.split(command)
        if Path(program).name == program:
            program = program_path(program)
        pager = subprocess.Popen([program, *arguments], stdin=subprocess.PIPE, env=environment)
    except (OSError, ValueError):
        return False
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):  # the user left the pager
        pager.communicate(output.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
    with contextlib.suppress(KeyboardInterrupt):
        pager.wait()
    return True
