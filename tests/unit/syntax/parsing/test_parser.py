"""Unusual input: any bytes give an outline and no exception."""

from __future__ import annotations

import logging
import sys

import pytest
import tree_sitter
from tree_sitter_language_pack import get_language

from semlens.core.symbol import Outline
from semlens.syntax.parsing import parse_limits, parser
from semlens.syntax.parsing.grammars import ParseLimitError, parse_tree
from semlens.syntax.parsing.parse_limits import nests_too_deeply
from semlens.syntax.parsing.parser import parse


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.ERROR):
        yield
    assert not caplog.records


@pytest.mark.parametrize("path", ["a.py", "a.js", "a.lua", "a.scala", "a.json", "a.c", "a.clj", "a.hs"])
@pytest.mark.parametrize("bracket", [b"(", b"[", b"{"])
def test_fifty_thousand_brackets_are_not_parsed(path: str, bracket: bytes) -> None:
    outline = parse(path, bracket * 50_000)
    assert outline.symbols == ()
    closing = {b"(": b")", b"[": b"]", b"{": b"}"}[bracket]
    assert parse(path, bracket * 50_000 + closing * 50_000).symbols == ()


def test_depth_counts_nesting_and_not_brackets() -> None:
    assert not nests_too_deeply(b"f(x)\n" * 50_000)
    assert not nests_too_deeply(b"a = '('\n" * 1_000)
    assert nests_too_deeply(b"f(" * 2_000)
    assert nests_too_deeply(b"[(" * 1_000 + b")]" * 1_000)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.md", b"> " * 256),
        ("a.md", b">" * 512),
        ("a.md", b"1. " * 300),
        ("a.md", b"".join(b"\t" * row + b"- a\n" for row in range(300))),
        ("a.yaml", b"- " * 400),
        ("a.yaml", b"? - " * 200),
        ("a.yaml", b"".join(b" " * row + b"a:\n" for row in range(400))),
        ("a.py", b"".join(b" " * row + b"if a:\n" for row in range(700))),
        ("a.py", b"".join(b"\t" * (row // 8) + b" " * (row % 8) + b"if a:\n" for row in range(700))),
        ("a.pl", b'"${' * 120),
        ("a.pl", b"`${" * 120),
        ("a.kt", b'"${' * 1_200),
        ("a.typ", b"[" * 300),
        ("a.typ", b"".join(b" " * row + b"+ a\n" for row in range(400))),
        ("a.agda", b"} " * 2_000),
    ],
)
def test_text_that_overflows_a_scanner_is_split_by_lines(path: str, source: bytes, monkeypatch) -> None:
    def no_grammar(_language):
        raise AssertionError("a grammar was asked to parse it")

    monkeypatch.setattr(parser, "_outline", no_grammar)
    assert parser.parse(path, source).symbols == ()


@pytest.mark.parametrize(
    ("limit", "value", "said"),
    [
        ("MAX_PARSE_SECONDS", 0.05, "0.05 s"),
        pytest.param(
            "MAX_PARSE_BYTES",
            -(1 << 30),  # simulates a grammar that takes all of it
            "-1024 MB",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how much memory is used"),
        ),
    ],
)
def test_text_that_takes_too_much_is_split_by_lines(monkeypatch, limit, value, said) -> None:
    monkeypatch.setattr(parse_limits, limit, value)
    source = b"/+" * 3_000 + b"\ndef f():\n    return 1\n"
    with pytest.raises(ParseLimitError, match=f"more than {said}"):
        parse_tree(tree_sitter.Parser(get_language("python")), source)
    slow = parse("a.py", source)
    assert slow.symbols == ()
    assert slow.passages
    assert [symbol.name for symbol in parse("a.py", b"def f():\n    return 1\n").symbols] == [
        "f"
    ]  # not that text again


@pytest.mark.parametrize(
    "source",
    [
        b"".join(b" " * row + b"a:\n" for row in range(80)),
        b"x = f(\n" + b" " * 200 + b"a)\n" * 300,
        b"-" * 300 + b"\n" + b"=" * 300 + b"\n" + b"* " * 40 + b"\n",
        b"| " + b"--- | " * 300,
        b"".join(b"%3d. line\n" % row for row in range(999)),
    ],
)
def test_long_indentation_is_not_deep_nesting(source: bytes) -> None:
    assert not nests_too_deeply(source)


def test_a_page_of_many_scripts_has_symbols_of_the_first() -> None:
    outline = parse("a.html", b"<script>function f() {}</script>\n" * 2_000)
    assert len(outline.symbols) == 500
    assert outline.passages[-1].end_line == 1_999


def test_minified_code_gives_windows() -> None:
    source = b"function a(){return 1};" * 5_000
    outline = parse("a.js", source)
    assert outline.symbols == ()
    assert outline.passages


@pytest.mark.parametrize(
    ("path", "source", "names"),
    [
        ("a.py", b"def f(:\n    pass\n\ndef g():\n    return 1\n", {"g"}),
        ("a.py", b"class A:\n    def m(self):\n        x = (\n", {"A", "m"}),
        ("a.js", b"function f() { if (x { }\nfunction g() {}\n", {"g"}),
        ("a.go", b"package a\nfunc F() {\n\tx :=\n}\nfunc G() {}\n", {"F", "G"}),
        ("a.rs", b"fn f() { let x = ; }\nfn g() {}\n", {"f", "g"}),
        ("a.java", b"class A { void f() { int x = ; } void g() {} }", {"A", "f", "g"}),
    ],
)
def test_incomplete_code_keeps_the_other_symbols(path: str, source: bytes, names: set[str]) -> None:
    assert names <= {symbol.name for symbol in parse(path, source).symbols}


def test_empty_and_unknown_files() -> None:
    assert parse("a.py", b"").n_lines == 0
    outline = parse("a.unknown", b"hello world\n")
    assert (outline.language, outline.n_lines, len(outline.passages)) == ("", 1, 1)


def test_paths_with_any_bytes() -> None:
    assert parse("d\udcff/\udce9.py", b"def f(): pass\n").symbols[0].name == "f"


def test_columns_are_bytes_of_utf_8() -> None:
    [symbol] = parse("a.js", "/* 😀 */ function naïve() {}\n".encode()).symbols
    assert (symbol.span.start_column, symbol.name_span.start_column) == (11, 20)
    assert symbol.name_span.end_column == 20 + len("naïve".encode())


def names_used(outline: Outline) -> set[tuple[int, str]]:
    return {(reference.symbol, reference.name) for reference in outline.references}


def test_references_are_distinct_names_of_the_innermost_symbol() -> None:
    source = b"import os\n\ndef f():\n    g(); g(); x.h()\n    def inner():\n        k()\n\nf()\n"
    outline = parse("a.py", source)
    assert names_used(outline) == {(-1, "os"), (0, "g"), (0, "h"), (1, "k"), (-1, "f")}


def test_a_range_starts_at_the_first_decorator_and_leaves_comments_out() -> None:
    source = b"# above\n@a\n# between\n@b(1)\ndef f():\n    return 1\n    # after\n\nx = 1\n"
    [symbol] = parse("a.py", source).symbols
    assert (symbol.span.start_line, symbol.span.last_line, symbol.name_span.start_line) == (1, 5, 4)
    assert symbol.documentation == "above"


def test_overloads_stay_apart() -> None:
    source = b"class A { void f() {} void f(int x) {} }"
    symbols = parse("A.java", source).symbols
    assert [symbol.signature for symbol in symbols] == ["class A", "void f()", "void f(int x)"]


def test_symbols_of_embedded_scripts_have_positions_in_the_page() -> None:
    outline = parse("a.vue", b"<template>\n</template>\n<script>\nexport function f() {}\n</script>\n")
    [symbol] = outline.symbols
    assert (symbol.name, symbol.span.start_line, symbol.name_span.start_column) == ("f", 3, 16)
    assert outline.language == "vue"


def test_notebook_cells_hold_their_symbols() -> None:
    source = b"""{"cells": [
 {"cell_type": "markdown", "source": ["# Load \\"it\\"\\n", "text"]},
 {"cell_type": "code", "source": [
   "%load_ext x\\n",
   "def load():\\n",
   "    return 1"]}
], "metadata": {"language_info": {"name": "python"}}}"""
    outline = parse("a.ipynb", source)
    assert [(s.name, s.span.start_line, s.parent) for s in outline.symbols] == [
        ('Load "it"', 1, -1),
        ("def load():", 2, -1),
        ("load", 4, 1),
    ]
    assert [(p.symbol, p.start_line) for p in outline.passages] == [(0, 1), (2, 4)]


def test_a_notebook_cell_may_have_line_ends_of_old_tools() -> None:
    source = b"""{"cells": [
 {"cell_type": "code", "source": "import os\\rdef first(a):\\r    return a\\r"},
 {"cell_type": "code", "source": ["def second():\\n", "    return 1"]}
], "metadata": {"language_info": {"name": "python"}}}"""
    rows = source.split(b"\n")
    found = {one.name: one.name_span for one in parse("a.ipynb", source).symbols}
    for name, row in (("first", 1), ("second", 2)):
        assert (found[name].start_line, found[name].start_column) == (row, rows[row].index(name.encode()))


KEY_LINE = "MIIEowIBAAKCAQEAx7Rk2v9Q"
KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + f"{KEY_LINE}\n" * 90 + "-----END RSA PRIVATE KEY-----\n"
NOTE = "a line of notes\n" * 30


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("notes.txt", NOTE + KEY + NOTE),
        ("a.py", f'def load():\n    return """{KEY}"""\n'),
        ("a.html", f"<p>\n{KEY}</p>\n<script>\nfunction f() {{}}\n</script>\n"),
        ("a.yaml", f"kind: Secret\nmetadata:\n  name: shop\ndata:\n  one: {KEY_LINE}\n  two: {KEY_LINE}\n"),
        ("deep.json", "[" * 3_000 + KEY),
    ],
)
def test_a_secret_of_many_lines_is_in_no_passage(path: str, source: str) -> None:
    """A part of it would not be recognised, so it could be sent or shared."""
    passages = parse(path, source.encode()).passages
    assert passages
    assert not any(KEY_LINE in passage.body for passage in passages)


def test_json_that_is_no_notebook_has_no_cells() -> None:
    for source in (
        b"{}",
        b"[]",
        b"",
        b'{"cells": 3}',
        b'{"cells": [1, {"source": 2, "cell_type": 3}]}',
        b'{"cells": [',
    ):
        assert parse("a.ipynb", source).symbols == ()


def test_definitions_far_below_the_root_are_found() -> None:
    head = "".join(
        "    " * depth + ("def f{0}():\n" if depth % 2 else "if True:\n").format(depth) for depth in range(14)
    )
    inner = "    " * 14
    source = f'{head}{inner}@a\n{inner}@b\n{inner}def deep(x):\n{inner}    """Says def no(): in a text."""\n{inner}    class Inner: pass\n'
    symbols = parse("a.py", source.encode()).symbols
    assert [symbol.name for symbol in symbols] == ["f1", "f3", "f5", "f7", "f9", "f11", "f13", "deep", "Inner"]
    deep = symbols[-2]
    assert (deep.span.start_line, deep.name_span.start_line, deep.parent) == (14, 16, 6)
    rust = "mod a { mod b { mod c { mod d { impl E { pub fn f() { fn g() { macro_rules! h { () => {} } } } } } } } }"
    assert [symbol.qualified_name for symbol in parse("a.rs", rust.encode()).symbols][-3:] == [
        "a::b::c::d::E::f",
        "a::b::c::d::E::f::g",
        "a::b::c::d::E::f::g::h",
    ]
    go = "package a\n\nfunc F() {\n\tif x {\n\t\ttype local struct {\n\t\t\tn int\n\t\t}\n\t}\n}\n"
    assert [symbol.qualified_name for symbol in parse("a.go", go.encode()).symbols] == ["F", "F.local", "F.local.n"]


def test_comments_with_blanks_at_their_ends_cost_no_second_look() -> None:
    """Each way to divide the blanks was tried, 2^40 of them: without the fix this test does not end."""
    comments = "    // masks  \n" * 40
    body = '    #[doc = "a ] of [b]"] #[cfg(any(a, b))]\n    pub fn inner() {}\n'
    assert not parse("a.rs", f"flags! {{\n{comments}    A = 1;\n}}\n".encode()).symbols
    inside = parse("a.rs", f"items! {{\n{comments}{body}}}\n".encode()).symbols
    assert [symbol.qualified_name for symbol in inside] == ["inner"]


def test_calls_in_languages_that_are_matched_shallowly() -> None:
    outline = parse("a.rs", b"fn f() { if (a) { g(1); x.h(); mac!(i(2)) } }\n")
    assert {(0, "g"), (0, "h"), (0, "i")} <= names_used(outline)
    assert (0, "if") not in names_used(outline)
    assert (0, "f") not in names_used(outline)
