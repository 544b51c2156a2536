"""Where the range of a symbol ends: at its last token, before a comment on the same line."""

from __future__ import annotations

import pytest

from semlens.syntax.parsing.parser import parse

ENDS = [
    # file, source, the last line of the first symbol up to its end
    ("a.py", "def f(x):\n    return x  # why\n", "    return x"),
    ("a.py", 'def f(x):\n    return "# no comment"  # why\n', '    return "# no comment"'),
    ("a.py", "def f(x):\n    return x\n    # below\n", "    return x"),
    ("a.py", "def f(x):\r\n    return 'é😀'  # why\r\n", "    return 'é😀'"),
    ("a.js", "const x = 1 // why\n", "const x = 1"),
    ("a.js", "const x = 1 /* a */ // b\n", "const x = 1"),
    ("a.ts", "type T = number // why\n", "type T = number"),
    ("a.c", "#define X 1 // why\n", "#define X 1"),
    ("a.c", '#define X "//" // why\n', '#define X "//"'),
    ("a.hs", "module A where\ng y = z -- why\n  where z = y -- why\n", "  where z = y"),
    ("a.scala", "object A:\n  val y = 1 // why\n\nclass B\n", "  val y = 1"),
    ("a.toml", "[a]\nx = 1 # why\n", "x = 1"),
    ("a.yaml", "a:\n  b: 1 # why\n", "  b: 1"),
    ("a.go", "package p\n\nfunc f() { /* inside */ } // why\n", "func f() { /* inside */ }"),
]


@pytest.mark.parametrize(("path", "source", "last_line"), ENDS)
def test_a_comment_behind_the_last_token_is_not_in_the_range(path: str, source: str, last_line: str) -> None:
    span = parse(path, source.encode()).symbols[0].span
    assert source.splitlines()[span.end_line].encode()[: span.end_column].decode() == last_line
