"""Reads the current text for files of a snapshot. Text that differs from the indexed text is rejected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from semlens.core.paths import uri_to_path
from semlens.engine.overlays.open_buffers import OpenBuffer, OpenBuffers
from semlens.engine.overlays.overlay import Overlay
from semlens.engine.query.file_text_cache import FileTextCache
from semlens.engine.query.hit_builder import file_uri
from semlens.index.snapshot import SegmentView
from semlens.syntax.parsing.decode import split_lines


@dataclass(frozen=True, slots=True)
class CurrentDocument:
    """The current text of a document.

    :ivar uri: the editor's URI if the document is open.
    :ivar dirty: whether the text differs from the file.
    """

    uri: str
    lines: Sequence[str]
    dirty: bool


class CurrentTexts:
    """Reads open buffers and files. Recently read files are cached."""

    def __init__(
        self,
        buffers: OpenBuffers,
        overlays: Callable[[], Mapping[str, Overlay]],
        display_root: Callable[[str], str],
        file_texts: FileTextCache,
    ) -> None:
        """:param overlays: returns the overlays by URI.

        :param display_root: returns the path of a root as the user gave it.
        :param file_texts: of all sessions, because it has only what is on disk.
        """
        self._buffers = buffers
        self._overlays = overlays
        self._display_root = display_root
        self._file_texts = file_texts

    def for_request(self) -> RequestDocuments:
        """Return a reader for one request. It lists the open buffers once."""
        opened = {(buffer.root, buffer.path): buffer for buffer in self._buffers.all()}
        return RequestDocuments(self, opened)

    def read(
        self, view: SegmentView, file: int, opened: Mapping[tuple[str, str], OpenBuffer]
    ) -> CurrentDocument | None:
        """Return the current text; None when it differs from the indexed text."""
        if view.buffer_uri:
            return self._read_buffer(view)
        path = view.segment.files.paths[file]
        document = self._file_texts.read(view.root, path)
        if document is None or document.hash != view.segment.files.hashes[file].tobytes():
            return None
        buffer = opened.get((view.root, path))
        if buffer is None:
            return CurrentDocument(file_uri(self._display_root(view.root), path), document.lines, dirty=False)
        if document.lines != tuple(split_lines(buffer.text)):
            return None  # edited but not parsed yet, so positions in the file do not match the editor
        return CurrentDocument(buffer.uri, document.lines, dirty=False)

    def is_indexed(self, buffer: OpenBuffer) -> bool:
        """Whether the overlay has the buffer's newest text."""
        overlay = self._overlays().get(buffer.uri)
        return overlay is not None and overlay.revision == buffer.revision

    def _read_buffer(self, view: SegmentView) -> CurrentDocument | None:
        overlay = self._overlays().get(view.buffer_uri)
        buffer = self._buffers.get(view.buffer_uri)
        if overlay is None or buffer is None or overlay.segment is not view.segment:
            return None
        if buffer.revision != overlay.revision:
            return None
        lines = split_lines(buffer.text)
        return CurrentDocument(view.buffer_uri, lines, view.dirty and not self._is_saved(view.buffer_uri, lines))

    def _is_saved(self, uri: str, lines: Sequence[str]) -> bool:
        """Whether the file has the same text: it was just saved, is not indexed, or has a byte order mark."""
        path = uri_to_path(uri)
        document = self._file_texts.read_opened(path) if path is not None else None
        return document is not None and document.lines == tuple(lines)


@dataclass(frozen=True, slots=True)
class RequestDocuments:
    """`CurrentTexts` for one request, with the buffers that were open at its start."""

    documents: CurrentTexts
    opened: Mapping[tuple[str, str], OpenBuffer]

    def read(self, view: SegmentView, file: int) -> CurrentDocument | None:
        return self.documents.read(view, file, self.opened)

    def is_being_parsed(self, view: SegmentView, path: str) -> bool:
        """Whether an open buffer of this file is newer than its overlay. Its hits from disk are then dropped."""
        buffer = self.opened.get((view.root, path))
        return buffer is not None and not self.documents.is_indexed(buffer)
