"""Lists the files of a root that are not searchable, with the reason of each and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from semlens.core.status import SkipReason
from semlens.files.discovery import Discovery
from semlens.settings.loading import Settings

FIXES: Mapping[SkipReason, str] = {
    SkipReason.NOT_CODE: "Its name is that of no language that semlens knows. Nothing is to be done.",
    SkipReason.LOCKFILE: "Lock files are written by programs. Nothing is to be done.",
    SkipReason.MINIFIED: "Most of it is in very long lines. Index the source that it was made from.",
    SkipReason.GENERATED: "Its name or its head says that a program wrote it. Take the marker out if that is wrong.",
    SkipReason.BINARY: "It is no text. Nothing is to be done.",
    SkipReason.TOO_LARGE: "It is larger than the setting files.maxSizeKb. Raise it, or split the file.",
    SkipReason.IGNORED: "An ignore file such as .gitignore, or the setting files.exclude or files.include, leaves it "
    "out. Change these, or set files.followIgnore to false.",
    SkipReason.LINK: "It is a link to a file that is searchable under its own path.",
    SkipReason.LINK_LOOP: "It is a link into itself, or nests too deeply. Nothing is to be done.",
    SkipReason.OUTSIDE_ROOT: "It is a link to something outside of the folder. Open that folder too.",
    SkipReason.UNREADABLE: "It cannot be read. Check its permissions.",
    SkipReason.NOT_READABLE_NOW: "Reading it failed just now. It is tried again.",
    SkipReason.CRASHED_PARSER: "It ended the parser. It is tried again when it changes; please report it.",
    SkipReason.PLAIN_TEXT: "It ended the parser, so only its text is searchable. It is tried again when it changes; "
    "please report it.",
    SkipReason.FAILED_PARSER: "The parser failed on it. It is tried again when it changes; please report it.",
}


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """:ivar path: relative to the root, with a `/` at the end for a folder."""

    root: str
    path: str
    reason: SkipReason


@dataclass(frozen=True, slots=True)
class SkippedFiles:
    """:ivar counts: of all, by reason, also of those that ``files`` leaves out."""

    counts: Mapping[SkipReason, int]
    files: tuple[SkippedFile, ...]
    truncated: bool


class SkippedFileList:
    """Collects skipped files up to a limit, and counts all."""

    def __init__(self, reason: SkipReason | None, limit: int) -> None:
        """:param reason: list only files with this reason."""
        self._reason = reason
        self._limit = limit
        self._counts: Counter[SkipReason] = Counter()
        self._files: list[SkippedFile] = []

    def add(self, root: str, path: str, reason: SkipReason) -> None:
        self._counts[reason] += 1
        if self._reason in (None, reason) and len(self._files) < self._limit:
            self._files.append(SkippedFile(root, path, reason))

    def result(self) -> SkippedFiles:
        n_wanted = sum(n for reason, n in self._counts.items() if self._reason in (None, reason))
        return SkippedFiles(dict(self._counts), tuple(self._files), n_wanted > len(self._files))


def add_skipped_files(
    skipped: SkippedFileList,
    root: str,
    name: str,
    settings: Settings,
    indexed: Iterable[tuple[str, SkipReason]],
    check: Callable[[], None],
) -> None:
    """Add the files of one root that are not searchable. Walks over the root.

    :param root: its real path. :param name: the path of the root to show.
    :param indexed: files that were read and left out for their content. :param check: raises when it is to stop.
    :raises WorkspaceError: when the root cannot be listed.
    """
    for path, reason in indexed:
        skipped.add(name, path, reason)
    left_out: list[tuple[str, SkipReason]] = []
    for number, _ in enumerate(Discovery(Path(root), settings).walk(left_out=left_out)):
        if number % 256 == 0:
            check()
    for path, reason in left_out:
        skipped.add(name, path, reason)
