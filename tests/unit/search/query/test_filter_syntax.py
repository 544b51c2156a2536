from __future__ import annotations

import re
from pathlib import Path

import pytest

from semlens.search.query.filter_syntax import _FILTERS, split_filters

PAGE = Path(__file__).parents[4] / "docs" / "search.md"


def test_the_page_of_searching_names_every_filter():
    section = PAGE.read_text(encoding="utf-8").split("## Filters", 1)[1].split("\n## ", 1)[0]
    assert set(re.findall(r"`(-?[a-z]+):", section)) >= set(_FILTERS)


@pytest.mark.parametrize(
    ("text", "rest", "note"),
    [
        ("retry lang:go", "retry", ""),
        ("retry language:go", "retry", ""),
        ("retry tests:only", "retry", ""),
        ("retry tests:maybe", "retry tests:maybe", "tests:maybe is not a filter: it is searched as words."),
        ("retry kind:banana", "retry kind:banana", 'There is no kind "banana": kind:banana is searched as words.'),
        ("retry author:me", "retry author:me", "The filters are lang:"),
    ],
)
def test_a_filter_is_applied_or_a_note_says_why_not(text, rest, note):
    cut = split_filters(text)
    assert cut.text == rest
    assert note in " ".join(cut.notes)
    assert bool(cut.notes) == bool(note)
