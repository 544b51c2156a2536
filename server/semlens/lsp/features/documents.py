"""Handlers for saving and outlining documents. `connection.protocol` handles open, change and close."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from semlens.lsp.conversion.symbols import document_symbols, flat_symbols
from semlens.lsp.session import Session


def register(server: Session) -> None:
    server.feature(types.TEXT_DOCUMENT_DID_SAVE, types.SaveOptions(include_text=False))(_did_save)


def enable_outline(server: Session) -> None:
    """Answer ``textDocument/documentSymbol`` from now on."""
    if types.TEXT_DOCUMENT_DOCUMENT_SYMBOL not in server.protocol.fm.features:
        server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)(_document_symbol)


def _did_save(ls: Session, params: types.DidSaveTextDocumentParams) -> None:
    ls.documents.did_save(params.text_document.uri)


async def _document_symbol(ls: Session, params: types.DocumentSymbolParams) -> list[dict[str, Any]] | None:
    engine = await ls.ready_engine()
    uri = params.text_document.uri
    if not ls.settings.symbols.document_symbol:
        return None
    outline = await ls.runner.run(lambda token: engine.outline_of_buffer(uri, token))
    document = ls.documents.get(uri)
    if outline is None or document is None:
        return None
    encoding = ls.documents.encoding
    if _supports_trees(ls.client_capabilities):
        return document_symbols(outline, document.content.line, encoding)
    return flat_symbols(outline, uri, document.content.line, encoding)


def _supports_trees(capabilities: types.ClientCapabilities) -> bool:
    documents = capabilities.text_document
    symbols = documents.document_symbol if documents else None
    return bool(symbols and symbols.hierarchical_document_symbol_support)
