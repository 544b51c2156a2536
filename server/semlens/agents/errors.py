"""The errors of an installation. Each names the file and says what to do."""

from __future__ import annotations

from pathlib import Path

from semlens.core.errors import SemlensError


class AgentFileError(SemlensError):
    """A file of an agent cannot be changed. It is left as it is."""

    def __init__(self, path: Path, fault: str, advice: str) -> None:
        super().__init__(f"{path} {fault}, so it was not changed. {advice}")


class FormatError(Exception):
    """Text is not what its format asks for. :ivar args: one phrase, e.g. ``line 3 column 5: Expecting value``."""


class UnsafeEditError(Exception):
    """An edit would change more than the entry of semlens."""
