"""Symbols in LSP's types."""

from __future__ import annotations

import re

from semlens.core.hit import SearchHit
from semlens.core.span import Span
from semlens.core.symbol import Outline, Symbol, SymbolKind
from semlens.lsp.conversion.symbols import document_symbols, flat_symbols, workspace_symbol

STEERS = re.compile("[\x00-\x1f\x7f-\x9f\u202e\ud800-\udfff]")
NAME = "draw\x1b[2J\u202e"
SPAN = Span(0, 0, 0, 1)


def test_names_that_editors_show_are_printable() -> None:
    """They come from code, and from names of files, which may have any bytes."""
    hit = SearchHit(
        root="/w", path="a\udcff\n.py", uri="file:///w/a", name=NAME, qualified_name=NAME, container_name="",
        kind=SymbolKind.FUNCTION, language="python", span=SPAN, name_span=SPAN, signature=NAME, score=1.0, snippet="",
        snippet_span=SPAN, highlights=(), reasons=(), dirty=False, features={},
    )  # fmt: skip
    symbols = (
        Symbol(NAME, NAME, SymbolKind.CLASS, SPAN, SPAN, NAME, "", -1),
        Symbol(NAME, NAME, SymbolKind.METHOD, SPAN, SPAN, NAME, "", 0),
    )
    outline = Outline("python", 1, symbols, (), ())
    found = [
        workspace_symbol(hit, "utf-16"),
        *document_symbols(outline, lambda _line: "x", "utf-16"),
        *flat_symbols(outline, "file:///w/a", lambda _line: "x", "utf-16"),
    ]
    for symbol in found:
        shown = [symbol[field] for field in ("name", "detail", "containerName") if field in symbol]
        assert shown[0] == r"draw\x1b[2J\u202e"
        assert not any(STEERS.search(text) for text in shown)
