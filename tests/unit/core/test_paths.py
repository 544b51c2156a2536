"""Paths and URIs of POSIX and Windows, tested on both."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semlens.core import paths
from semlens.core.paths import find_program, normal_path, path_to_uri, program_path, relative_path, uri_to_path

POSIX = [
    ("/", "file:///"),
    ("/a/b.py", "file:///a/b.py"),
    ("/with space/ä#?%.py", "file:///with%20space/%C3%A4%23%3F%25.py"),
    ("/caf\udce9.py", "file:///caf%E9.py"),
    ("/c:/x", "file:///c%3A/x"),
    ("/a\\b", "file:///a%5Cb"),
    ("/[x](y)!'*", "file:///%5Bx%5D%28y%29%21%27%2A"),
]


@pytest.mark.parametrize(("path", "uri"), POSIX)
def test_posix_paths_survive_a_round_trip(path: str, uri: str) -> None:
    assert path_to_uri(path, windows=False) == uri
    assert uri_to_path(uri, windows=False) == path


WINDOWS = [
    ("C:\\a b\\c.py", "file:///c%3A/a%20b/c.py"),
    ("C:\\", "file:///c%3A/"),
    ("\\\\host\\share\\a.py", "file://host/share/a.py"),
    ("\\\\wsl$\\Ubuntu\\home", "file://wsl$/Ubuntu/home"),
]


@pytest.mark.parametrize(("path", "uri"), WINDOWS)
def test_windows_paths_survive_a_round_trip(path: str, uri: str) -> None:
    assert path_to_uri(path, windows=True) == uri
    assert uri_to_path(uri, windows=True) == path


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///C:/a", "C:\\a"),
        ("file:///c%3a/a", "C:\\a"),
        ("FILE:///c|/a", "C:\\a"),
        ("file://localhost/c:/a", "C:\\a"),
        ("file:/c:/a", "C:\\a"),
        ("file:///c:", "C:\\"),
        ("file:///a/b", "\\a\\b"),
    ],
)
def test_uris_of_other_editors_on_windows(uri: str, path: str) -> None:
    assert uri_to_path(uri, windows=True) == path


@pytest.mark.parametrize(
    "uri",
    [
        "untitled:Untitled-1",
        "vscode-notebook-cell:/a#b",
        "http://x/y",
        "",
        "file:",
        "/a/b",
        "file:///a%00b",
        "file://host/a",
    ],
)
def test_uris_that_name_no_file(uri: str) -> None:
    assert uri_to_path(uri, windows=False) is None


def test_odd_forms_on_posix() -> None:
    assert uri_to_path("file://localhost/a", windows=False) == "/a"
    assert uri_to_path("file:/a", windows=False) == "/a"
    assert uri_to_path("file:///a?query#fragment", windows=False) == "/a"


@pytest.mark.parametrize("path", ["a", "", "./a", "C:a"])
def test_relative_paths_have_no_uri(path: str) -> None:
    for windows in (True, False):
        with pytest.raises(ValueError, match="no absolute path"):
            path_to_uri(path, windows=windows)


def test_long_windows_prefixes_are_dropped() -> None:
    assert path_to_uri("\\\\?\\C:\\a", windows=True) == "file:///c%3A/a"
    assert path_to_uri("\\\\?\\UNC\\host\\share\\a", windows=True) == "file://host/share/a"


NAMES = st.binary(min_size=1, max_size=12).filter(lambda name: b"/" not in name and b"\0" not in name)


@given(st.lists(NAMES, max_size=4))
def test_every_posix_name_survives_a_round_trip(names: list[bytes]) -> None:
    path = (b"/" + b"/".join(names)).decode("utf-8", "surrogateescape")
    assert uri_to_path(path_to_uri(path, windows=False), windows=False) == path


@pytest.mark.parametrize(
    ("root", "path", "expected"),
    [
        ("/r", "/r/a/b", "a/b"),
        ("/r/", "/r//a/./b/", "a/b"),
        ("/r", "/r", ""),
        ("/r", "/rest", None),
        ("/r", "/r/../x", None),
        ("/r", "/r/x/../a", "a"),
        ("/r/x", "/r", None),
        ("/r", "/R/a", None),
        ("/", "/a", "a"),
        ("/", "/", ""),
        ("/r", "/r/a\\b", "a\\b"),
    ],
)
def test_relative_on_posix(root: str, path: str, expected: str | None) -> None:
    assert relative_path(root, path, windows=False) == expected


@pytest.mark.parametrize(
    ("root", "path", "expected"),
    [
        ("C:\\Work", "c:\\work\\Src\\a.py", "Src/a.py"),
        ("C:\\", "C:\\a", "a"),
        ("C:\\Work", "D:\\Work\\a", None),
        ("C:\\Work", "C:/Work/a", "a"),
        ("C:\\Work", "\\\\?\\C:\\Work\\a", "a"),
        ("\\\\host\\share", "\\\\HOST\\share\\a\\b", "a/b"),
        ("\\\\host\\share", "\\\\host\\shared\\a", None),
        ("C:\\Work", "C:\\WORK", ""),
    ],
)
def test_relative_on_windows(root: str, path: str, expected: str | None) -> None:
    assert relative_path(root, path, windows=True) == expected


@pytest.mark.parametrize(
    ("path", "windows", "expected"),
    [
        ("/a/./b//c/..", False, "/a/b"),
        ("/../a", False, "/a"),
        ("a/../../b", False, "../b"),
        ("c:\\a\\..\\b", True, "C:/b"),
        ("\\\\h\\s\\..\\t", True, "//h/t"),
        ("c:", True, "C:"),
    ],
)
def test_normal_path(path: str, windows: bool, expected: str) -> None:
    assert normal_path(path, windows=windows) == expected


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Makes a file that can be started. The current folder is `here`."""

    def make(path, text="#!/bin/sh\n"):
        program = tmp_path / path
        program.parent.mkdir(exist_ok=True)
        program.write_text(text)
        program.chmod(0o755)
        return str(program)

    make("here/git")
    monkeypatch.chdir(tmp_path / "here")
    return make


def test_a_program_in_the_current_folder_is_not_found(programs, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", os.pathsep.join(("", ".", str(tmp_path / "bin"))))
    assert find_program("git") is None
    with pytest.raises(FileNotFoundError):
        program_path("git")
    found = programs("bin/git")
    assert program_path("git") == found
    assert find_program("git", ".") is None


def test_windows_programs_have_an_ending(programs, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "_IS_WINDOWS", True)
    monkeypatch.setenv("PATHEXT", ".EXE;.BAT")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    programs("here/less.EXE")
    programs("bin/less")
    assert find_program("less") is None
    found = programs("bin/less.BAT")
    assert (find_program("less"), find_program("less.BAT")) == (found, found)
