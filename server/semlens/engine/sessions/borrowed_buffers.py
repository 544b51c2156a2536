"""Lets the session of a coding agent see what is typed in an editor, where the user's setting says so.

The agent's session gets copies of the editor's documents, so everything else works as for its own. It gets them when it
asks, so that typing costs nothing more.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence

from semlens.core.paths import uri_to_path
from semlens.engine.engine_session import EngineSession
from semlens.engine.overlays.open_buffers import OpenBuffer
from semlens.syntax.parsing.decode import split_lines

_Revision = tuple[int, int]
"""The session of an editor, and the number of a change there."""


class BorrowedBuffers:
    """Thread-safe."""

    def __init__(self, borrower: EngineSession, editors: Callable[[], Sequence[EngineSession]]) -> None:
        """:param editors: returns the sessions of editors whose user agreed."""
        self._borrower = borrower
        self._editors = editors
        self._lock = threading.Lock()
        self._borrowed: dict[str, _Revision] = {}

    def refresh(self) -> None:
        """Take over the documents as they are now, of the editor that was typed in last.

        Left out are those outside the roots of the agent, and those that the rules of their root ignore.
        """
        with self._lock:
            editor = max(self._editors(), key=_last_change, default=None)
            wanted = {} if editor is None else {one.uri: one for one in editor.open_buffers if self._may_see(one)}
            for uri in self._borrowed.keys() - wanted.keys():
                del self._borrowed[uri]
                self._borrower.close_buffer(uri)
            for uri, buffer in wanted.items():
                revision = (id(editor), buffer.revision)
                if uri not in self._borrowed:
                    self._borrower.open_buffer(uri, buffer.language_id, buffer.text)
                elif self._borrowed[uri] != revision:
                    self._borrower.change_buffer(uri, buffer.text)
                self._borrowed[uri] = revision

    @property
    def unsaved_paths(self) -> list[str]:
        """The paths in their roots of documents that differ from their files."""
        return self._borrower.unsaved_paths

    def lines(self, uri: str) -> list[str] | None:
        """The lines of a borrowed document; None when there is none of this name."""
        buffer = next((one for one in self._borrower.open_buffers if one.uri == uri), None)
        return split_lines(buffer.text) if buffer is not None else None

    def _may_see(self, buffer: OpenBuffer) -> bool:
        path = uri_to_path(buffer.uri)
        if path is None:
            return False
        real = os.path.realpath(path)
        for discovery in self._borrower.discoveries:
            if (relative := discovery.relative(real)) is not None:
                return discovery.skip_reason(relative) is None
        return False


def _last_change(editor: EngineSession) -> float:
    return max((buffer.changed_at for buffer in editor.open_buffers), default=0.0)
