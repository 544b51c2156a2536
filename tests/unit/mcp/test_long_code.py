"""Long code is shortened to its beginning, what matches, and its members; what is left out is said by its lines."""

from __future__ import annotations

import re

import pytest
from engine_cases import Workspace
from hypothesis import given
from hypothesis import strategies as st

from semlens.embedding.token_counting import load_counter
from semlens.mcp.long_code import Stretch, elision, shorten

COUNTER = load_counter("")
CLASS = [
    "class Pump:",
    '    """Moves water."""',
    *(
        line
        for n in range(20)
        for line in (f"    def method_{n}(self):", *(f"        step_{n}_{i}()" for i in range(9)))
    ),
]


def shown(parts):
    return [line for part in parts for line in part.lines]


def test_short_code_is_whole():
    code = Stretch(5, ("def f():", "    pass"))
    assert shorten(code, [], 100, COUNTER) == (code,)
    assert elision(None, code, 5, 6) == elision(code, None, 5, 6) == []


def test_a_class_keeps_its_beginning_what_matches_and_its_members():
    code = Stretch(11, tuple(CLASS))
    parts = shorten(code, [(118, 118)], 700, COUNTER)
    assert shown(parts)[:2] == CLASS[:2]
    assert CLASS[118 - 11] in shown(parts)
    assert [line for line in CLASS if "def method" in line] == [line for line in shown(parts) if "def method" in line]
    assert "        step_3_7()" not in shown(parts)


def test_in_a_small_budget_the_match_is_worth_more_than_the_members():
    code = Stretch(1, tuple(CLASS))
    parts = shorten(code, [(150, 150)], 100, COUNTER)
    assert CLASS[149] in shown(parts)
    assert "    def method_19(self):" not in shown(parts)


@given(
    lines=st.lists(st.sampled_from(["", "x = 1", "  y()", "    long " * 9]), min_size=1, max_size=40),
    first=st.integers(1, 1000),
    matches=st.lists(st.tuples(st.integers(0, 1100), st.integers(0, 1100)), max_size=3),
    budget=st.integers(-5, 200),
)
def test_every_line_is_shown_or_named(lines, first, matches, budget):
    code = Stretch(first, tuple(lines))
    parts = shorten(code, matches, budget, COUNTER)
    numbers = set()
    for before, after in zip((None, *parts), (*parts, None), strict=True):
        for line in elision(before, after, first, first + len(lines) - 1):
            start, end = map(int, re.findall(r"\d+", line))
            numbers |= set(range(start, end + 1))
    for part in parts:
        assert list(part.lines) == lines[part.first - first : part.last + 1 - first]
        assert not numbers & set(range(part.first, part.last + 1))
        numbers |= set(range(part.first, part.last + 1))
    assert numbers == set(range(first, first + len(lines)))


@pytest.fixture
def pump(tmp_path, make_agent):
    made = Workspace(tmp_path / "code", tmp_path / "cache", None)
    made.write("pump.py", "\n".join(CLASS) + "\n")
    made.write("valve.py", "def open_pump_valve():\n    pass\n")
    yield make_agent(made)
    made.close()


def test_a_long_class_leaves_room_for_the_next_hits(pump):
    answer = pump.call("search_code", query="pump", detail="full", tests="include")
    assert {hit["path"] for hit in answer.structured["hits"]} == {"pump.py", "valve.py"}
    assert "... lines " in answer.text
    alone = pump.call("search_code", query="pump", detail="full", limit=1, budget_tokens=20_000)
    assert "step_19_8()" in alone.text
