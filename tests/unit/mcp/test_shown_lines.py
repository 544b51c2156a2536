from __future__ import annotations

import pytest

from semlens.mcp.pack_blocks import blocks_of_pack
from semlens.mcp.shown_lines import ShownLines

LINES = ["def a():", "    x = 1", "    y = 2", "    return x"]


@pytest.mark.parametrize(
    ("first", "lines", "expected"),
    [
        (1, LINES, ["... lines 1-4 were given before"]),
        (1, [*LINES, "new"], ["... lines 1-4 were given before", "new"]),
        (4, LINES[3:], LINES[3:]),  # a reference would be as long
        (2, LINES, LINES),  # it moved
        (1, [LINES[0], "    x = 3", *LINES[2:]], [LINES[0], "    x = 3", "... lines 3-4 were given before"]),
    ],
)
def test_only_the_same_text_at_the_same_place_is_a_repeat(first, lines, expected):
    shown = ShownLines()
    shown.add("a.py", 1, LINES)
    assert shown.without_repeats("a.py", first, lines) == expected
    assert shown.without_repeats("b.py", first, lines) == lines


def test_blocks_with_omitted_lines_repeat_as_a_whole():
    text = "````python a.py:1-9\ndef a():\n```\n    ...\n````\n\n```python b.py:1-1\nx\n```"
    first, second = blocks_of_pack(text)
    assert (first.place, first.body, first.is_whole) == ("a.py:1-9", ("def a():", "```", "    ..."), False)
    assert (second.place, second.is_whole) == ("b.py:1-1", True)
    shown = ShownLines()
    assert shown.without_block_repeats(first) == list(first.body)
    shown.add_block(first)
    assert first.rendered(shown.without_block_repeats(first)) == "a.py:1-9 was given before"
