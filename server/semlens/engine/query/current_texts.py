"""The texts of documents as they are now, for the rows of a snapshot: a row whose text is no longer that is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from semlens.core.paths import uri_to_path
from semlens.engine.overlays.open_buffers import OpenBuffer, OpenBuffers
from semlens.engine.overlays.overlay import Overlay
from semlens.engine.query.hit_builder import FileTextCache, file_uri
from semlens.index.snapshot import SegmentView
from semlens.syntax.parsing.decode import split_lines


@dataclass(frozen=True, slots=True)
class CurrentDocument:
    """:ivar uri: as the editor names it where it is open. :ivar dirty: not saved as shown."""

    uri: str
    lines: Sequence[str]
    dirty: bool


class CurrentTexts:
    """Texts of open buffers and of files, the last few kept."""

    def __init__(
        self, buffers: OpenBuffers, overlays: Callable[[], Mapping[str, Overlay]], display_root: Callable[[str], str]
    ) -> None:
        """:param overlays: what the newest snapshot shows. :param display_root: a root's name as the user gave it."""
        self._buffers = buffers
        self._overlays = overlays
        self._display_root = display_root
        self._file_texts = FileTextCache()

    def for_request(self) -> RequestDocuments:
        """For one answer: the open documents are listed once."""
        opened = {(buffer.root, buffer.path): buffer for buffer in self._buffers.all()}
        return RequestDocuments(self, opened)

    def read(
        self, view: SegmentView, file: int, opened: Mapping[tuple[str, str], OpenBuffer]
    ) -> CurrentDocument | None:
        """None when the text is not the one that the segment was made from."""
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
            return None  # just typed, and not parsed yet: the file's places are not those of the editor
        return CurrentDocument(buffer.uri, document.lines, dirty=False)

    def is_shown(self, buffer: OpenBuffer) -> bool:
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
        """The file of an open document says the same by now: it was just saved, or is not indexed, or has a mark."""
        path = uri_to_path(uri)
        document = self._file_texts.read_opened(path) if path is not None else None
        return document is not None and document.lines == tuple(lines)


@dataclass(frozen=True, slots=True)
class RequestDocuments:
    """`CurrentTexts` at one moment."""

    documents: CurrentTexts
    opened: Mapping[tuple[str, str], OpenBuffer]

    def read(self, view: SegmentView, file: int) -> CurrentDocument | None:
        return self.documents.read(view, file, self.opened)

    def is_being_parsed(self, view: SegmentView, path: str) -> bool:
        """The editor has another text of this file, which is not shown yet: the file on disk has no say."""
        buffer = self.opened.get((view.root, path))
        return buffer is not None and not self.documents.is_shown(buffer)
