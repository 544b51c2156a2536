"""Decoding of text in any encoding."""

from __future__ import annotations

import codecs

import pytest

from semlens.syntax.parsing.decode import decode, to_utf8
from semlens.syntax.parsing.parser import parse

SOURCE = "def grüße():\n    return '😀'\n"


@pytest.mark.parametrize(
    "data",
    [
        SOURCE.encode(),
        codecs.BOM_UTF8 + SOURCE.encode(),
        SOURCE.encode("utf-16"),
        codecs.BOM_UTF16_BE + SOURCE.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + SOURCE.encode("utf-32-le"),
        SOURCE.encode("utf-16-le"),
        SOURCE.encode("utf-16-be"),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16 with mark", "utf-16-be with mark", "utf-32", "utf-16-le", "utf-16-be"],
)
def test_encodings_give_the_same_text_and_symbols(data: bytes) -> None:
    assert decode(data) == SOURCE
    [symbol] = parse("a.py", data).symbols
    assert (symbol.name, symbol.name_span.start_column, symbol.name_span.end_column) == (
        "grüße",
        4,
        4 + len("grüße".encode()),
    )


def test_latin_1_is_text() -> None:
    assert decode("// déjà vu, ça\n".encode("latin-1")) == "// déjà vu, ça\n"


def test_a_broken_byte_does_not_change_the_encoding_of_the_rest() -> None:
    damaged = ("# " + "ä" * 30 + "\n").encode() + b"x = '\xff'\n"
    text = decode(damaged)
    assert text is not None
    assert "ä" in text


@pytest.mark.parametrize("data", [b"\x7fELF\x00\x01\x00", b"a\0b", b"\0"], ids=["program", "one zero", "only zero"])
def test_binary_files_are_rejected(data: bytes) -> None:
    assert decode(data) is None
    assert to_utf8(data) is None
    outline = parse("a.py", data)
    assert (outline.symbols, outline.passages) == ((), ())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_do_not_change_lines_and_columns(end: str) -> None:
    source = end.join(["import os", "class A:", "    def é(self):", "        return 1", ""])
    outline = parse("a.py", source.encode())
    spans = [
        (s.name, s.span.start_line, s.span.start_column, s.span.last_line, s.name_span.start_column)
        for s in outline.symbols
    ]
    assert spans == [("A", 1, 0, 3, 6), ("é", 2, 4, 3, 8)]
    assert outline.n_lines == 4


def test_line_ends_do_not_change_what_a_passage_is() -> None:
    source = b"def f():\n    a = 1\n    b = 2\n    return a + b\n"
    assert [passage.content_hash for passage in parse("a.py", source).passages] == [
        passage.content_hash for passage in parse("a.py", source.replace(b"\n", b"\r\n")).passages
    ]
