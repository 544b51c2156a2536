"""The bounds of what is shown of a file."""

from __future__ import annotations

import pytest

from semlens.engine.browsing.file_texts import MAX_CHARACTERS, MAX_LINE_CHARACTERS, MAX_LINES, text_part


@pytest.mark.parametrize(
    ("lines", "start", "end", "text", "last", "truncated"),
    [
        (["a", "b", "c"], 0, None, "a\nb\nc", 2, False),
        (["a", "b", ""], 0, None, "a\nb", 1, False),
        (["a", "b", "c"], 1, 1, "b", 1, False),
        (["a", "b", "c"], 1, 9, "b\nc", 2, False),
        (["a"], 5, None, "", 4, False),
        ([], 0, None, "", -1, False),
        ([""], 0, None, "", -1, False),
    ],
)
def test_a_part(lines, start, end, text, last, truncated):
    part = text_part(lines, start, end)
    assert (part.text, part.end_line, part.truncated, part.cut_lines) == (text, last, truncated, ())


def test_many_lines_are_truncated():
    part = text_part(["x"] * (MAX_LINES + 1), 0, None)
    assert (part.end_line, part.truncated, part.n_lines) == (MAX_LINES - 1, True, MAX_LINES + 1)


def test_long_lines_are_cut_and_all_of_them_are_bounded():
    n_lines = MAX_CHARACTERS // MAX_LINE_CHARACTERS + 10
    part = text_part(["y" * (MAX_LINE_CHARACTERS + 1)] * n_lines, 0, None)
    assert len(part.text) <= MAX_CHARACTERS
    assert part.truncated
    assert part.cut_lines == tuple(range(part.end_line + 1))
