"""Opens a link in the browser without showing it: it has a token, and others can list the processes of this machine."""

from __future__ import annotations

import contextlib
import html
import os
import secrets
import sys
import threading
import webbrowser
from pathlib import Path

from semlens.cli.runner import say

FILE_SECONDS = 60.0
"""How long the file stays. The link in it works once anyway."""


def open_in_browser(link: str, private_folder: Path) -> None:
    """Open the link through a file that only this user can read. A missing browser is told, and no error."""
    if not _has_browser():
        say("No browser is found here. Open the link yourself.")
        return
    path = private_folder / f"open-{secrets.token_hex(8)}.html"
    page = f"<!doctype html><meta charset=utf-8><meta http-equiv=refresh content='0; url={html.escape(link)}'>"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(page)
    timer = threading.Timer(FILE_SECONDS, _remove, [path])
    timer.daemon = True
    timer.start()
    import atexit

    atexit.register(_remove, path)
    with contextlib.suppress(webbrowser.Error):
        if webbrowser.open(path.as_uri()):
            return
    _remove(path)
    say("The browser could not be started. Open the link yourself.")


def _has_browser() -> bool:
    """Whether there is a browser with windows: one for terminals would take this terminal."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
