"""The open documents of one client. Applies the editor's edits, and passes the whole text to the engine."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from lsprotocol import types

from semlens.lsp.documents.text_buffer import TextBuffer
from semlens.lsp.engine_api import BufferSink
from semlens.service.positions import DEFAULT_ENCODING, PositionEncoding

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class OpenDocument:
    """A document from its `didOpen` to its `didClose`."""

    uri: str
    language_id: str
    content: TextBuffer


class OpenDocuments:
    """All open documents. Runs on the event loop. A change costs its edit and one join of the text."""

    def __init__(self, sink: BufferSink | None = None) -> None:
        self.encoding: PositionEncoding = DEFAULT_ENCODING
        self.sink = sink
        self._open: dict[str, OpenDocument] = {}

    def attach(self, sink: BufferSink) -> None:
        """Pass all open documents to the sink now, and every change from now on."""
        self.sink = sink
        for document in self._open.values():
            sink.open_buffer(document.uri, document.language_id, document.content.text)

    def get(self, uri: str) -> OpenDocument | None:
        return self._open.get(uri)

    def did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        document = OpenDocument(item.uri, item.language_id, TextBuffer(item.text))
        self._open[item.uri] = document
        if self.sink is not None:
            self.sink.open_buffer(item.uri, item.language_id, document.content.text)

    def did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        document = self._open.get(params.text_document.uri)
        if document is None:
            logger.warning("Ignored a change to a document that is not open.")
            return
        for change in params.content_changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                start, end = change.range.start, change.range.end
                document.content.replace(
                    (start.line, start.character), (end.line, end.character), change.text, self.encoding
                )
            else:
                document.content = TextBuffer(change.text)
        if self.sink is not None:
            self.sink.change_buffer(document.uri, document.content.text)

    def did_save(self, uri: str) -> None:
        if uri in self._open and self.sink is not None:
            self.sink.save_buffer(uri)

    def did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        if self._open.pop(params.text_document.uri, None) is not None and self.sink is not None:
            self.sink.close_buffer(params.text_document.uri)
