"""Text analysis for contexts: uses of names, import lines, forms of a symbol, blocks, summaries."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from semlens.core.context import Form
from semlens.core.hashing import content_hash
from semlens.index.segment.builder import ParsedFile, build_segment
from semlens.index.snapshot import SegmentView
from semlens.search.context.forms import Piece, forms_of
from semlens.search.context.render import Block, MapEntry, blocks_of, render_block, render_map
from semlens.search.context.seeds import import_lines
from semlens.search.context.summaries import comment_summary, docstring_summary, file_summary
from semlens.syntax.parsing.parser import parse


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("'''Doc.'''\nimport os\n\nfrom a import b\n\nx = 1\n", (1, 3)),
        ("from a import (\n    b,\n    c,\n)\nd = 1\n", (0, 1, 2, 3)),
        ('package p\n\nimport (\n\t"fmt"\n\t"io"\n)\n\nfunc f() {\n}\n', (2, 3, 4, 5)),
        ("use std::{\n    fs,\n};\nfn f() {\n}\n", (0, 1, 2)),
        ('#include <a.h>\n#include "b.h"\nint x;\n', (0, 1)),
        ("const a = require('a');\nlet x = 1;\n", (0,)),
        ("important = 1\nuseful = 2\n", ()),
    ],
)
def test_import_lines(text: str, numbers: tuple[int, ...]) -> None:
    assert import_lines(text.split("\n")) == numbers


LONG = """\
# Counts words.
# In any language.
def count_words(
    text: str,
    language: str = "en",
) -> int:
    '''Count.'''
    total = 0
    for part in text.split(language_separator):
        if part.strip() and not part.isdigit() and part != language:
            total += number_of_syllables_and_words_in(part, language)
            remember_that_it_was_seen(part, language, total)
        else:
            forget_that_it_was_seen_before(part, language, total)
            warn_about_it(part)
    publish_the_total_to_whoever_wants_it(total, language)
    notify_listeners(total)
    write_to_the_log(f"counted {total} words in {language}, after all")
    return total
"""


def view_of(path: str, text: str) -> SegmentView:
    data = text.encode()
    return SegmentView("/", build_segment([ParsedFile(path, content_hash(data), parse(path, data))]))


def shown(piece: Piece, lines: Sequence[str]) -> list[str]:
    return [lines[number] for number in piece.shown]


def test_forms_go_from_the_declaration_to_the_whole_with_its_comment() -> None:
    lines = LONG.split("\n")
    signature, outline, full = forms_of(view_of("a.py", LONG), 0, (2, 18), lines, [(17, 17)])
    assert (signature.form, outline.form, full.form) == (Form.SIGNATURE, Form.OUTLINE, Form.FULL)
    assert shown(signature, lines) == lines[2:6]
    assert shown(full, lines) == lines[0:19]
    assert set(lines[0:6]) < set(shown(outline, lines)) < set(lines[0:19])
    assert lines[17] in shown(outline, lines)
    assert signature.size < outline.size < full.size
    assert signature.worth < outline.worth < full.worth


def test_a_short_symbol_has_one_form_and_a_low_value() -> None:
    (only,) = forms_of(view_of("a.py", "def f():\n    return 1\n"), 0, (0, 1), ["def f():", "    return 1"], ())
    assert only.form is Form.FULL
    assert only.worth < 0.5


def test_a_class_is_outlined_by_its_fields_and_members() -> None:
    methods = "".join(
        f"    def method_number_{n}(self, argument):\n        return compute({n}, argument) + compute({n}, self)\n\n"
        for n in range(12)
    )
    text = "class Thing:\n    colour: str\n" + methods
    lines = text.split("\n")
    pieces = forms_of(view_of("a.py", text), 0, (0, len(lines) - 3), lines, ())
    outline = pieces[-2]
    assert [piece.form.value for piece in pieces] == ["signature", "outline", "outline", "full"]
    assert "    colour: str" in shown(outline, lines)
    assert sum(line.startswith("    def method_number_") for line in shown(outline, lines)) == 12
    assert "        return compute(3, argument) + compute(3, self)" not in shown(outline, lines)


def piece(form: Form, first: int, last: int, *numbers: int) -> Piece:
    lines = numbers or tuple(range(first, last + 1))
    return Piece(form, 1.0, first, last, lines, 10 * len(lines))


TEXT = [f"line {n}" for n in range(30)]


@pytest.mark.parametrize(
    ("pieces", "places"),
    [
        ([piece(Form.FULL, 0, 3), piece(Form.FULL, 10, 12)], [(0, 3), (10, 12)]),
        ([piece(Form.FULL, 10, 12), piece(Form.FULL, 0, 3)], [(0, 3), (10, 12)]),
        ([piece(Form.FULL, 0, 3), piece(Form.FULL, 5, 8)], [(0, 8)]),
        ([piece(Form.OUTLINE, 0, 20, 0, 5), piece(Form.FULL, 8, 10)], [(0, 20)]),
        ([piece(Form.OUTLINE, 0, 3, 0), piece(Form.FULL, 5, 8)], [(0, 3), (5, 8)]),
    ],
)
def test_nested_and_adjacent_pieces_share_a_block(pieces: list[Piece], places: list[tuple[int, int]]) -> None:
    blocks = blocks_of("a.py", "python", pieces, TEXT)
    assert [(block.first_line, block.last_line) for block in blocks] == places
    numbers = [number for block in blocks for number, _ in block.lines if number >= 0]
    assert numbers == sorted(set(numbers))  # no repeats, in source order


def test_a_nested_piece_is_shown_within_the_outline() -> None:
    (block,) = blocks_of("a.py", "python", [piece(Form.OUTLINE, 0, 20, 0, 5), piece(Form.FULL, 8, 9)], TEXT)
    assert block.code.split("\n") == ["line 0", "...", "line 5", "...", "line 8", "line 9", "..."]


def test_gaps_have_no_line_numbers() -> None:
    (block,) = blocks_of("a.py", "python", [piece(Form.OUTLINE, 8, 20, 8, 12)], TEXT)
    text = render_block(block, line_numbers=True).split("\n")
    assert text[:5] == ["```python a.py:9-21", "     9  line 8", "        ...", "    13  line 12", "        ..."]


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("'''Reads files. And more.'''\nimport os\n", "Reads files."),
        ('"""\nReads files\nin parts.\n\nMore.\n"""\n', "Reads files in parts."),
        ("// Copyright 2020 Someone.\n// Use is governed by a license.\n\n// Package p reads files.\npackage p\n", "Package p reads files."),
        ("#!/bin/sh\n# Starts the server.\nset -e\n", "Starts the server."),
        ("//! Reads files.\n\nuse std::fs;\n", "Reads files."),
        ("/*\n * Licensed to you.\n */\npackage p;\n", ""),
        ("import os\n# a note\n", ""),
        ("x = 1\n", ""),
    ],
)  # fmt: skip
def test_the_description_of_a_file(text: str, summary: str) -> None:
    assert file_summary(text.split("\n")) == summary


def test_the_description_of_a_symbol() -> None:
    assert docstring_summary(["class A:", '    """Holds e.g. things. Always."""'], 1) == "Holds e.g. things."
    assert comment_summary(["/// Holds things.", "/// Always.", "struct A;"], 0, 2) == "Holds things."
    assert len(docstring_summary(['"""' + "word " * 100], 0)) <= 100


def test_a_map_is_a_tree_with_documentation_at_each_level() -> None:
    entries = [
        MapEntry("src/a.py", 3, 0, "class A", "Holds things."),
        MapEntry("src/a.py", 9, 1, "def f(self)"),
        MapEntry("b.py", 0, 0, "def g()"),
    ]
    assert render_map(entries, {"src": "The code.", "src/a.py": "All of A."}).split("\n")[1:-2] == [
        "./",
        "  b.py",
        "    1: def g()",
        "src/  # The code.",
        "  a.py  # All of A.",
        "    4: class A  # Holds things.",
        "      10: def f(self)",
    ]


HOSTILE = [
    ("a`b.py", "x = 1"),
    ("a```\nb.py", "x = 1"),
    ("a\r\n```\u2028evil.py", "x = 1"),
    ("a.md", "```\n````` python\n~~~~\n```````"),
    ("a.py", "s = 1  ```````` behind code"),
    ("a.c", "one\x0c```\x0b```\x85```\u2028```\x1b[2J\n\u202e```\ud800"),
]


@pytest.mark.parametrize("line_numbers", [False, True])
@pytest.mark.parametrize(("path", "code"), HOSTILE)
def test_neither_a_path_nor_code_breaks_the_markdown(path: str, code: str, line_numbers: bool) -> None:
    lines = code.split("\n")
    block = Block(path, "python", 0, len(lines) - 1, tuple(enumerate(lines)))
    entry = MapEntry(path, 0, 0, code, code)
    for text in (render_block(block, line_numbers=line_numbers), render_map([entry], {path: code})):
        fence, *inside, closing, end = [*text.splitlines(keepends=True), ""]
        ticks = closing.rstrip("\n")
        assert set(ticks) == {"`"}
        assert fence.startswith(ticks)
        assert "`" not in fence.removeprefix(ticks)
        assert end == ""
        assert not any(ticks in line for line in inside)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202e\ud800]", text)


def test_only_control_characters_of_code_are_escaped() -> None:
    code = "\tdef caf\u00e9():  # \u4f60\u597d \U0001f469\u200d\U0001f4bb\u00a0\u3000"
    text = render_block(Block("src/caf\u00e9.py", "python", 0, 0, ((0, code),)), line_numbers=False)
    assert text == f"```python src/caf\u00e9.py:1-1\n{code}\n```\n"
