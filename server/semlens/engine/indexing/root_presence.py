"""Checks whether the folder of a root exists. A network drive may disconnect; a folder may be replaced.

No source of changes tells this for sure, and an editor that watches tells nothing, so the folders are looked at.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from semlens.engine.indexing.root_state import RootState

CHECK_SECONDS = 2.0

FolderIdentity: TypeAlias = tuple[int, int]
"""Device and inode."""


@dataclass(frozen=True, slots=True)
class Presence:
    """:ivar identity: of the folder, or None while it is not there. :ivar problem: a sentence that says why, or ""."""

    identity: FolderIdentity | None
    problem: str = ""


def check_folder(root: Path, expected: FolderIdentity | None) -> Presence:
    """Look at a root's folder now.

    :param expected: what it was when its files were known.
    """
    try:
        status = os.stat(root)
        with os.scandir(root) as entries:
            is_empty = next(entries, None) is None
    except OSError as error:
        reason = error.strerror or str(error)
        return Presence(None, f"The folder {root} cannot be read ({reason}): its index is kept until it is back.")
    if is_empty and expected is not None and expected[0] != status.st_dev:  # what is left when a drive is unmounted
        return Presence(None, f"The folder {root} is not mounted any more: its index is kept until it is back.")
    return Presence((status.st_dev, status.st_ino))


class RootPresence:
    """Checks the roots every two seconds, on its own thread."""

    def __init__(
        self, states: Callable[[], Iterable[RootState]], on_change: Callable[[RootState, Presence], None]
    ) -> None:
        """:param states: of the roots to look at. :param on_change: called in the thread, perhaps more than once."""
        self._states = states
        self._on_change = on_change
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="root presence", daemon=True)

    def start(self) -> None:
        """Start the thread, if it does not run yet."""
        if not self._thread.is_alive() and not self._stopped.is_set():
            self._thread.start()

    def close(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(CHECK_SECONDS):
            for state in self._states():
                presence = check_folder(state.index.root, state.identity)
                if state.differs_from(presence):
                    self._on_change(state, presence)
