"""Passages to embed: headers, bodies, parts of long bodies, members' signatures, code outside symbols."""

from __future__ import annotations

from itertools import pairwise

from semlens.core.symbol import Passage, SymbolKind
from semlens.syntax.parsing.parser import parse
from semlens.syntax.passages.chunking import MAX_BYTES, MAX_LINES

CLASS = b'''"""Module."""
import os

LIMIT = 3


class Client(Base):
    """Talks."""

    retries = 2

    # Sends one.
    @traced("send")
    def send(self, message):
        """Sends it."""
        self.socket.write(message)
        return True

    def close(self):
        self.socket.close()


print(Client())
'''


def passages_of(source: bytes, path: str = "pkg/mod.py") -> tuple[Passage, ...]:
    return parse(path, source).passages


def test_a_function_is_split_into_header_and_body() -> None:
    [passage] = passages_of(b"def add(a, b=1):\n    '''Adds.'''\n    if a:\n        return a + b\n    return b\n")
    assert passage == Passage(
        0, 0, 4, SymbolKind.FUNCTION, "", "add", "def add(a, b=1)", "Adds.", "if a:\n    return a + b\nreturn b"
    )


def test_a_class_passage_has_signatures_of_its_members() -> None:
    passages = passages_of(CLASS)
    assert [(p.symbol, p.start_line, p.end_line, p.kind.label, p.qualifier, p.name) for p in passages] == [
        (-1, 0, 3, "file", "", ""),
        (1, 6, 19, "class", "", "Client"),
        (2, 12, 16, "method", "Client", "send"),
        (3, 18, 19, "method", "Client", "close"),
        (-1, 22, 22, "file", "", ""),
    ]
    assert passages[1].body == "retries = 2\n# Sends one.\ndef send(self, message)\ndef close(self)"
    assert passages[1].documentation == "Talks."
    assert passages[2].body == '@traced("send")\nself.socket.write(message)\nreturn True'
    assert "LIMIT = 3" in passages[0].body


def test_moving_and_indenting_code_keeps_the_hash() -> None:
    plain = b"def f(x):\n    y = x\n    return y\n"
    indented = b"if True:\n" + b"".join(b"    " + line + b"\n" for line in plain.splitlines())
    first = next(p for p in passages_of(plain, "a/b.py") if p.symbol >= 0)
    second = next(p for p in passages_of(indented, "other/place.py") if p.symbol >= 0)
    assert first.content_hash == second.content_hash
    assert first.start_line != second.start_line


def test_a_long_body_is_split_between_statements_with_its_header() -> None:
    block = "    if value == {n}:\n        first(\n            {n},\n        )\n        second({n})\n"
    source = 'def long(value):\n    """Doc."""\n' + "".join(block.format(n=n) for n in range(60)) + "    return value\n"
    passages = passages_of(source.encode())
    assert len(passages) > 3
    assert {(p.symbol, p.name, p.signature, p.documentation) for p in passages} == {
        (0, "long", "def long(value)", "Doc.")
    }
    assert passages[0].start_line == 0
    assert passages[-1].end_line == len(source.splitlines()) - 1
    for before, after in pairwise(passages):
        assert after.start_line == before.end_line + 1
        assert after.body.startswith(("if value ==", "return"))
    for passage in passages:
        assert passage.end_line - passage.start_line < MAX_LINES
        assert len(passage.body) <= MAX_BYTES


def test_large_constants_have_their_own_passage() -> None:
    table = "TABLE = {\n" + "".join(f"    'key{n}': {n},\n" for n in range(6)) + "}\n"
    passages = passages_of(("FIRST = 1\nSECOND = 2\n" + table).encode())
    assert [(p.symbol, p.name) for p in passages] == [(-1, ""), (2, "TABLE")]


def test_nested_functions_of_a_long_function_are_not_repeated() -> None:
    inner = "    def inner():\n" + "".join(f"        step({n})\n" for n in range(40))
    source = "def outer():\n" + inner + "".join(f"    call({n})\n" for n in range(40))
    passages = passages_of(source.encode())
    outer = "\n".join(p.body for p in passages if p.name == "outer")
    assert "def inner()" in outer
    assert "step(3)" not in outer
    assert any("step(3)" in p.body for p in passages if p.name == "inner")


def test_text_without_grammar_is_split_into_windows_at_blank_lines() -> None:
    text = "\n".join("\n".join(f"word{paragraph} number{line}" for line in range(9)) + "\n" for paragraph in range(12))
    passages = passages_of(text.encode(), "notes.txt")
    assert len(passages) >= 3
    lines = text.split("\n")
    for passage in passages:
        assert passage.symbol == -1
        assert passage.end_line - passage.start_line < 40
        assert passage.start_line == 0 or not lines[passage.start_line - 1]


def test_text_without_words_is_no_passage() -> None:
    assert passages_of(b"") == ()
    assert passages_of(b"\n\n   \n") == ()
    assert [p.name for p in passages_of(b"function f() {\n  return 1;\n};\n\n;\n", "a.js")] == ["f"]


def test_an_enormous_line_is_truncated() -> None:
    passages = passages_of(b"word " * 200_000, "a.txt")
    assert 1 <= len(passages) <= 10
    assert all(len(passage.body) <= MAX_BYTES for passage in passages)
