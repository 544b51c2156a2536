"""Globs: a table, a slow and simple matcher as the oracle, and patterns that make a naive matcher hang."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semlens.core.errors import UsageError
from semlens.core.request import MAX_GLOB_CHARS, MAX_GLOBS, SearchFilter
from semlens.core.text.globs import compiled, git_expression, path_pattern
from semlens.search.query.filter_syntax import split_filters


def fits(glob: str, path: str) -> bool:
    return path_pattern((glob,)).fullmatch(path) is not None


@pytest.mark.parametrize(
    ("glob", "path", "expected"),
    [
        ("src/**", "src/a/b.py", True),
        ("src/*", "src/a.py", True),
        ("src/*.py", "src/a/b.py", False),
        ("**/b.py", "src/a/b.py", True),
        ("**/b.py", "b.py", True),
        ("legacy", "src/legacy/a.py", True),
        ("legacy", "src/legacy_new/a.py", False),
        ("*.py", "src/a/b.py", True),
        ("a?.py", "src/ab.py", True),
        ("a?.py", "src/abc.py", False),
        ("./src/", "src/a.py", True),
        ("a.c", "abc", False),
        ("src/**test*", "src/a/b_test.py", True),
        ("src/x**/y", "src/xa/b/y", True),
        ("src/x**/y", "src/xy", False),
        ("a*b**c*d", "abcdbd", True),
        ("x*y**b", "xyzyb", True),
        ("[id]", "app/[id]/page.tsx", True),
        ("[id]", "app/i/page.tsx", False),
        ("**", "a/b", True),
    ],
)
def test_globs(glob, path, expected):
    assert fits(glob, path) is expected


def test_any_of_several_globs():
    assert [path for path in ("a.py", "b.c", "c.rs") if path_pattern(("*.py", "*.rs")).fullmatch(path)] == [
        "a.py",
        "c.rs",
    ]


def simple(glob: str, path: str) -> bool:
    """The meaning of `path_pattern`, by trying all matches."""
    glob = glob.strip("/").removeprefix("./")
    if "/" not in glob:
        glob = "**/" + glob

    @cache
    def match(g: int, p: int) -> bool:
        if g == len(glob):
            return p == len(path) or path[p] == "/"
        if glob.startswith("**/", g) and (g == 0 or glob[g - 1] == "/"):
            starts = [p, *(i + 1 for i in range(p, len(path)) if path[i] == "/")]
            return any(match(g + 3, i) for i in starts)
        if glob.startswith("**", g):
            return any(match(g + 2, i) for i in range(p, len(path) + 1))
        if glob[g] == "*":
            end = path.find("/", p)
            return any(match(g + 1, i) for i in range(p, (len(path) if end < 0 else end) + 1))
        if p == len(path):
            return False
        return (path[p] != "/" if glob[g] == "?" else glob[g] == path[p]) and match(g + 1, p + 1)

    return match(0, 0)


@settings(max_examples=1_000, deadline=None)
@given(
    glob=st.lists(st.sampled_from(["a", "b", "c", "*", "*", "**", "**/", "/", "?", "["]), max_size=9).map("".join),
    path=st.lists(st.text("abc[", min_size=1, max_size=4), min_size=1, max_size=4).map("/".join),
)
def test_agrees_with_a_simple_matcher(glob: str, path: str) -> None:
    assert fits(glob, path) is simple(glob, path)


HOSTILE = [
    "*a" * 10,
    "**/" * 14,
    "*a" * 333,
    "**/" * 333,
    "**a" * 333,
    "**/*a" * 200,
    "a**/" * 200,
    "?*" * 400,
    "*" * 999,
]


@pytest.mark.parametrize("glob", [one + end for one in HOSTILE for end in ("", "b")])
@pytest.mark.parametrize("path", ["a" * 255, "a/" * 127 + "c", ("a" * 250 + "/") * 8 + "c"])
def test_every_pattern_is_fast(glob: str, path: str) -> None:
    # A backtracking matcher would hang on each of these.
    assert not fits(glob + "c!", path)
    assert not compiled(git_expression(glob + "c!", on_path=True)).fullmatch(path)


@pytest.mark.parametrize("globs", [("*",) * (MAX_GLOBS + 1), ("a" * (MAX_GLOB_CHARS + 1),)])
def test_globs_over_the_limits_are_rejected(globs):
    with pytest.raises(UsageError, match="at most"):
        SearchFilter(paths=globs).checked()
    cut = split_filters("word " + " ".join(f"path:{glob}" for glob in globs))
    assert cut.text == "word"
    assert cut.filter.paths == globs[:MAX_GLOBS] if len(globs) > 1 else cut.filter.is_empty
    assert "are ignored" in cut.notes[-1]
