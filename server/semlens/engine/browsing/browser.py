"""`IndexBrowser`: what the page shows besides answers to questions. It reads a session and changes nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from semlens.core.cancel import CancelToken
from semlens.core.errors import SemlensError
from semlens.core.status import SkipReason
from semlens.core.symbol import Outline
from semlens.engine.browsing.file_texts import TextPart, text_part
from semlens.engine.browsing.folder_counts import FolderCounts, count_folders
from semlens.engine.browsing.skipped_files import SkippedFileList, SkippedFiles, add_skipped_files
from semlens.engine.indexing.parse_scheduler import ParseScheduler
from semlens.engine.query.file_text_cache import FileText, FileTextCache
from semlens.engine.sessions.index_session import IndexSession
from semlens.syntax.languages.registry import language_of


class FileGoneError(SemlensError):
    """There is no such file in the root any more."""


class FileUnreadableError(SemlensError):
    """The file is there, but it is no text that can be shown."""


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A part of a file. :ivar path: relative to the root. :ivar language: "" where none is known."""

    root: str
    path: str
    language: str
    part: TextPart
    n_bytes: int


class IndexBrowser:
    """Thread-safe. Every method blocks. Roots are real paths, and must be roots of the session."""

    def __init__(self, session: IndexSession, file_texts: FileTextCache, parser: ParseScheduler) -> None:
        self._session = session
        self._file_texts = file_texts
        self._parser = parser

    def file(self, root: str, path: str, start_line: int, end_line: int | None) -> ShownFile:
        """A part of the text that a file has now. Lines count from 0; both ends are included.

        :param path: relative to the root. No link is followed.
        :raises FileGoneError: when it does not exist. :raises FileUnreadableError: when it is no text.
        """
        text = self._read(root, path)
        language = language_of(path, text.lines[0].encode("utf-8", "replace") if text.lines else b"") or ""
        return ShownFile(
            self._session.display_root(root), path, language, text_part(text.lines, start_line, end_line), text.stamp[0]
        )

    def is_indexed(self, root: str, path: str) -> bool:
        """Whether the index knows the file. It knows no ignored files, and nothing of ``.git``."""
        state = self._session.states.get(root)
        return state is not None and path in state.index.files

    def outline(self, root: str, path: str) -> Outline:
        """The symbols of the text that a file has now. It is parsed in a worker.

        :raises FileGoneError: when it does not exist. :raises FileUnreadableError: when it is no text, or the parser
            fails on it.
        """
        outline = self._parser.parse_text(path, "\n".join(self._read(root, path).lines))
        if outline is None:
            raise FileUnreadableError("The parser failed on this file, so it has no outline.")
        return outline

    def folders(self, roots: Sequence[str], folder: str | None) -> FolderCounts:
        """Files, symbols and lines by folder. :param folder: count only in this one, and list its files."""
        names = {root: self._session.display_root(root) for root in roots}
        return count_folders(self._session.snapshot, names, folder)

    def skipped(self, roots: Sequence[str], reason: SkipReason | None, limit: int, cancel: CancelToken) -> SkippedFiles:
        """The files that are not searchable. Walks over the roots, which takes seconds for large ones.

        :raises WorkspaceError: when a root cannot be listed. :raises Cancelled: when the token was cancelled.
        """
        skipped = SkippedFileList(reason, limit)
        states = self._session.states
        for root in roots:
            if (state := states.get(root)) is not None:
                indexed = [
                    (path, SkipReason(entry.reason))
                    for path, entry in sorted(dict(state.index.files).items())
                    if entry.reason
                ]
                name = self._session.display_root(root)
                add_skipped_files(skipped, root, name, state.settings, indexed, cancel.check)
        return skipped.result()

    def _read(self, root: str, path: str) -> FileText:
        text = self._file_texts.read(root, path)
        if text is not None:
            return text
        if not os.path.lexists(os.path.join(root, path)):
            raise FileGoneError("This file is gone, or was renamed. Search again.")
        raise FileUnreadableError("This file cannot be shown: it is no text, a link, too large, or unreadable.")
