"""Ignore patterns: a table, and git as the oracle for random patterns."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from semlens.files.ignoring.ignore_file import IgnoreRules, byte_text

TABLE = [
    # lines, path (a folder ends with "/"), ignored? (None: no line matches)
    ("*.pyc", "a.pyc", True),
    ("*.pyc", "deep/er/a.pyc", True),
    ("*.pyc", "a.py", None),
    ("build", "build/", True),
    ("build", "src/build", True),
    ("build/", "build", None),
    ("build/", "x/build/", True),
    ("/build", "build", True),
    ("/build", "x/build", None),
    ("docs/_build", "docs/_build", True),
    ("docs/_build", "x/docs/_build", None),
    ("**/foo/bar", "foo/bar", True),
    ("**/foo/bar", "a/b/foo/bar", True),
    ("a/**/b", "a/b", True),
    ("a/**/b", "a/x/y/b", True),
    ("a/**", "a/", None),
    ("a/**", "a/x/y", True),
    ("*.log\n!keep.log", "keep.log", False),
    ("!keep.log\n*.log", "keep.log", True),
    ("# *.py", "# *.py", None),
    ("\\#x", "#x", True),
    ("\\!x", "!x", True),
    ("trailing   ", "trailing", True),
    ("escaped\\ ", "escaped ", True),
    ("crlf\r\nx\r", "crlf", True),
    ("a?c", "abc", True),
    ("a?c/d", "a/c/d", None),
    ("[a-c]x", "bx", True),
    ("[!a-c]x", "bx", None),
    ("[[:digit:]]", "5", True),
    ("[]]", "]", True),
    ("[unclosed", "[unclosed", None),
    ("ends\\", "ends\\", None),
    ("*.min.*", "x.min.js", True),
    ("*~", "x~", True),
    ("*", "anything", True),
    ("/*\n!/src", "src/", False),
    ("\n  \n", " ", None),
]


@pytest.mark.parametrize(("lines", "path", "expected"), TABLE)
def test_patterns(lines: str, path: str, expected: bool | None) -> None:
    is_folder = path.endswith("/")
    path = path.removesuffix("/")
    rules = IgnoreRules.parse(lines.encode())
    assert rules.match(path.rpartition("/")[2], path, is_folder) is expected


def test_a_byte_order_mark_and_bytes_that_are_not_utf8() -> None:
    assert IgnoreRules.parse(b"\xef\xbb\xbfname").match("name", "name", False)
    name = byte_text("b\udcff\udcfe")
    assert IgnoreRules.parse(b"b\xff*").match(name, name, False)


def test_case_is_ignored_where_the_system_does() -> None:
    rules = IgnoreRules.parse(b"*.TXT\nBuild/\n/Src/[A-C]*x", ignore_case=True)
    assert rules.match("a.txt", "a.txt", False)
    assert rules.match("BUILD", "BUILD", True)
    assert rules.match("bAAX", "sRC/bAAX", False)
    assert IgnoreRules.parse(b"*.TXT").match("a.txt", "a.txt", False) is None


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*a" * 60 + "b", "a" * 255),
        ("x/" + "**/a*/" * 30 + "b", "x/" + "a/" * 500 + "c"),
        ("[a-z]*" * 40 + "!", "q" * 255),
    ],
)
def test_hostile_patterns_are_fast(pattern: str, name: str) -> None:
    # Without atomic groups each of these takes exponential time.
    rules = IgnoreRules([pattern])
    assert rules.match(name.rpartition("/")[2], name, False) is None


@pytest.mark.parametrize("line", [b"name\n", b"name/\n", b"*.c\n", b"a*%d\n", b"/a/*%d/**/*b*\n"])
def test_the_cost_of_many_patterns_has_a_bound(line: bytes) -> None:
    rules = IgnoreRules.parse(b"".join(line % n if b"%" in line else line for n in range(200_000 // len(line))))
    assert sum(map(len, (rules._general, rules._names.get("name", ()), rules._extensions.get(".c", ())))) <= 2_000
    assert rules.match("other", "x/other", False) is None


def test_the_cost_of_long_patterns_has_a_bound() -> None:
    rules = IgnoreRules.parse((b"*a" * 1_500 + b"z\n") * 300 + b"name\n*.c\n")
    assert len(rules._general) < 40
    assert rules.match("name", "name", False)
    assert rules.match("a.c", "a.c", False)


def test_the_last_matching_line_wins() -> None:
    rules = IgnoreRules.parse(b"a\n!a\na/\n!b\nb\n!b/")
    assert [rules.match(name, name, is_folder) for name in "ab" for is_folder in (False, True)] == [
        False, True, True, False,
    ]  # fmt: skip


PATTERN_ALPHABET = [
    "a",
    "b",
    "c",
    ".",
    "*",
    "**",
    "?",
    "/",
    "/",
    "!",
    "\\",
    "[ab]",
    "[!a]",
    "[a-",
    "]",
    "[",
    " ",
    "-",
    "#",
    "é",
]
PATHS = st.lists(
    st.text(alphabet="abc.é]! \\", min_size=1, max_size=4).filter(
        lambda name: name not in (".", "..") and name.strip()
    ),
    min_size=1,
    max_size=4,
)


class GitOracle:
    """``git check-ignore`` in a temporary repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run(["git", "init", "-q", str(folder)], check=True)

    def last_match(self, lines: bytes, parts: list[str], is_folder: bool) -> bool | None:
        """Answers like `with_parents`. Creates the path, because git checks whether it is a folder."""
        (self.folder / ".gitignore").write_bytes(lines)
        path = self.folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        if is_folder:
            path.mkdir()
        else:
            path.touch()
        run = subprocess.run(
            ["git", "-C", str(self.folder), "check-ignore", "--no-index", "-v", "-n", "-z", "--stdin"],
            input="/".join(parts).encode() + b"\0",
            capture_output=True,
            check=False,
        )
        shutil.rmtree(self.folder / parts[0], ignore_errors=True)
        (self.folder / parts[0]).unlink(missing_ok=True)
        _, _, pattern, *_ = run.stdout.split(b"\0")
        return None if not pattern else not pattern.startswith(b"!")


@pytest.fixture(scope="module")
def oracle() -> Iterator[GitOracle]:
    with tempfile.TemporaryDirectory() as folder:
        yield GitOracle(Path(folder))


def with_parents(rules: IgnoreRules, parts: list[str], is_folder: bool) -> bool | None:
    """git's answer for a path. The topmost ignored folder above it decides."""
    for n_parts in range(1, len(parts)):
        path = byte_text("/".join(parts[:n_parts]))
        if rules.match(path.rpartition("/")[2], path, True):
            return True
    path = byte_text("/".join(parts))
    return rules.match(path.rpartition("/")[2], path, is_folder)


@st.composite
def patterns_for(draw: st.DrawFn, parts: list[str]) -> str:
    """A pattern that may match: the path with parts replaced by wildcards."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.lists(st.sampled_from(PATTERN_ALPHABET), max_size=8).map("".join))
    first = draw(st.integers(0, len(parts) - 1))
    last = draw(st.integers(first, len(parts) - 1))
    text = ""
    for character in "/".join(parts[first : last + 1]):
        text += draw(
            st.sampled_from(
                [character] * 5 + ["*", "?", "", "\\" + character, "[ab]", "[!b]", "**", "[" + character + "]"]
            )
            if character != "/"
            else st.sampled_from(["/", "/", "/**/", "/*/", "**/", "*"])
        )
    return (
        draw(st.sampled_from(["", "", "!", "/", "**/", "!/", "*"]))
        + text
        + draw(st.sampled_from(["", "", "/", "/**", "*", " "]))
    )


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), parts=PATHS, is_folder=st.booleans())
def test_agrees_with_git(oracle: GitOracle, data: st.DataObject, parts: list[str], is_folder: bool) -> None:
    patterns = data.draw(st.lists(patterns_for(parts), min_size=1, max_size=4))
    lines = "\n".join(patterns).encode()
    expected = oracle.last_match(lines, parts, is_folder)
    assert with_parents(IgnoreRules.parse(lines), parts, is_folder) is expected
