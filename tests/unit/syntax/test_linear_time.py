"""Text for which an expression or a loop once took minutes or years. Each test ends, which is what it checks."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from semlens.syntax.fingerprint import tokens_of
from semlens.syntax.languages.registry import BY_NAME, language_of
from semlens.syntax.parsing.macro_blanking import blank_macros
from semlens.syntax.parsing.matches import Matches
from semlens.syntax.parsing.parser import parse
from semlens.syntax.passages.builder import dedented
from semlens.syntax.references.code_text import code_only, without_comments
from semlens.syntax.references.go_variables import go_variables
from semlens.syntax.references.imports import imports_of
from semlens.syntax.references.written_types import embedded_types, field_types, type_style
from semlens.syntax.symbols.surroundings import Surroundings


@pytest.mark.parametrize(
    "line",
    [
        b'x = "{' + b'\\"url\\": \\"http://a.example/path\\", ' * 5_000 + b'}";',
        b'x = "' + b'\\"//' * 50_000,
        b"x = [" + b'"http://a.example/path", ' * 40_000 + b"]",
    ],
)
@pytest.mark.parametrize("language", ["javascript", "go"])
def test_comment_marks_in_the_strings_of_a_long_line(language: str, line: bytes) -> None:
    text = line + b"\nf() // why\n"
    assert without_comments(BY_NAME[language], text) == line + b"\nf()       \n"


@pytest.mark.parametrize("quote", [b'"', b"'"])
def test_escaped_quotes_behind_an_open_one(quote: bytes) -> None:
    line = b"x = " + quote + (b"\\" + quote) * 200_000
    assert code_only(BY_NAME["php"], line + b"\nf(" + quote + b"a" + quote + b")\n") == line + b"\nf(   )\n"


def test_code_between_an_attribute_and_a_definition_is_read_up_to_its_first_line() -> None:
    head = b"#[a]\n// c\nfn f() {}\n"
    source = head + b"a\n" * 500_000
    attribute: Any = SimpleNamespace(start_byte=0, end_byte=4, start_point=(0, 0))
    surroundings = Surroundings(BY_NAME["rust"], source, Matches([], [attribute], [], []))
    assert surroundings.start_with_prefixes(head.index(b"fn")) == (0, 0)
    for start in range(len(source) - 20_000, len(source)):
        assert surroundings.start_with_prefixes(start) == (start, -1)


@pytest.mark.parametrize(
    ("between", "found"),
    [
        (b"// c\n\n  // d\n", True),
        (b"/* c\n   d */\n", True),
        (b"// c\nf();\n", False),
        (b"/* c */ f();\n", False),
    ],
)
def test_an_attribute_belongs_to_a_definition_that_only_comments_separate_it_from(between: bytes, found: bool) -> None:
    source = b"#[a]\n" + between + b"fn g() {}\n"
    attribute: Any = SimpleNamespace(start_byte=0, end_byte=4, start_point=(0, 0))
    surroundings = Surroundings(BY_NAME["rust"], source, Matches([], [attribute], [], []))
    start = source.index(b"fn g")
    assert surroundings.start_with_prefixes(start) == ((0, 0) if found else (start, -1))


@pytest.mark.parametrize("text", ["a/* " * 100_000, 'x = "' + '\\"' * 200_000, "x = `" + "\\`" * 200_000])
def test_tokens_of_comments_and_strings_that_nothing_closes(text: str) -> None:
    assert len(tokens_of(text)) >= 300_000


def test_a_comment_of_any_length_has_no_tokens() -> None:
    assert tokens_of("/* " + "a " * 10_000 + "*/ b /* c") == ["n", "/", "*", "n"]


def test_heads_that_no_brace_closes() -> None:
    text = b"class A {\n" * 1_400 + b"{}" * 90_000 + b"\n)(\n"
    assert parse("A.java", text).symbols


_BLANKS = " " * 200_000


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "from " + _BLANKS + "x y import z\n"),
        ("a.py", "from " + "." * 200_000 + "! import z\n"),
        ("a.lua", "local a = require" + "\n" * 200_000 + "(\n"),
        ("a.rs", ("use" + " " * 3_900 + "(\n") * 200),
        ("a.js", "a(1);f from 'x'\n" * 60_000),
    ],
)
def test_imports_that_only_begin_as_such(path: str, text: str) -> None:
    language = BY_NAME[language_of(path, b"") or ""]
    assert imports_of(language, text.encode(), path) == {}


def test_heads_of_broken_files_that_only_begin_as_such() -> None:
    java = ("a" + " " * 100 + "b(" + ")" * 97 + "\n") * 5_000
    assert not re.search(BY_NAME["java"].heads, java, re.MULTILINE)
    assert not re.search(BY_NAME["javascript"].heads, "function" + _BLANKS + "(", re.MULTILINE)
    assert not re.search(BY_NAME["sql"].head_ends, "$$ " * 10_000, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", ["elixir", "julia", "graphql"])
def test_blanks_within_documentation(name: str) -> None:
    text = '"""a' + _BLANKS + 'b  """'
    assert re.sub(BY_NAME[name].documentation_marks, "", text).rstrip().endswith(_BLANKS + "b")


def test_a_long_word_that_is_no_macro_and_no_parameter() -> None:
    line = b"A" + b"_BEGIN" * 40_000 + b"x\n"
    assert blank_macros(BY_NAME["c"], line) == line
    assert list(go_variables(b"func(" + b"a" * 200_000 + b")")) == []
    assert language_of("a.h", b"class " + b"A" * 1_000_000 + b";") == "c"


def test_blanks_in_the_fields_of_a_type_and_before_code() -> None:
    field = b"\ta" + _BLANKS.encode() + b"b c\n"
    style = type_style("go")
    assert style is not None
    assert embedded_types(field) == []
    assert list(field_types(style, field)) == []
    assert dedented(_BLANKS.encode() + b"\n x") == "x"
