"""Roles from .gitattributes: set, unset, and overridden by later lines."""

from __future__ import annotations

import pytest

from semlens.core.symbol import Role
from semlens.files.ignoring.gitattributes import FileAttributes, RootAttributes

ATTRIBUTES = b"""\
# made by a tool
*.pb.go linguist-generated=true
/third/** linguist-vendored text
docs/*.py linguist-documentation
keep.pb.go -linguist-generated
api/*.py linguist-generated=false
"""


@pytest.mark.parametrize(
    ("path", "found", "role"),
    [
        ("a.pb.go", Role.NONE, Role.GENERATED),
        ("x/keep.pb.go", Role.NONE, Role.NONE),
        ("third/lib/a.c", Role.TEST, Role.TEST | Role.VENDORED),
        ("sub/third/a.c", Role.NONE, Role.NONE),
        ("docs/conf.py", Role.NONE, Role.DOCUMENTATION),
        ("api/made.py", Role.GENERATED, Role.NONE),
        ("main.go", Role.EXAMPLE, Role.EXAMPLE),
    ],
)
def test_attributes_set_and_unset_roles(path: str, found: Role, role: Role) -> None:
    assert FileAttributes(ATTRIBUTES).role_of(path, found) == role


def test_malformed_files_set_no_role(tmp_path) -> None:
    for data in (b"", b"\xff\xfe\x00", b"[attr]x linguist-generated\n", b"*.py\n", b"\n\n"):
        assert FileAttributes(data).role_of("a.py", Role.TEST) == Role.TEST
    assert RootAttributes(str(tmp_path)).role_of("a.py", Role.NONE) == Role.NONE
    (tmp_path / ".gitattributes").mkdir()
    assert RootAttributes(str(tmp_path)).role_of("a.py", Role.NONE) == Role.NONE


def test_a_too_large_file_sets_no_role(tmp_path) -> None:
    (tmp_path / ".gitattributes").write_text("*.py linguist-vendored\n" + "# comment\n" * 30_000)
    assert RootAttributes(str(tmp_path)).role_of("a.py", Role.NONE) == Role.NONE


def test_attributes_apply_below_their_folder(tmp_path) -> None:
    (tmp_path / "lib" / "deep").mkdir(parents=True)
    (tmp_path / ".gitattributes").write_text("*.py linguist-vendored\n/own.py linguist-generated\n")
    (tmp_path / "lib" / ".gitattributes").write_text("/own.py linguist-generated\ndeep/* -linguist-vendored\n")
    attributes = RootAttributes(str(tmp_path))
    assert attributes.role_of("own.py", Role.NONE) == Role.VENDORED | Role.GENERATED
    assert attributes.role_of("lib/own.py", Role.NONE) == Role.VENDORED | Role.GENERATED
    assert attributes.role_of("lib/deep/own.py", Role.NONE) == Role.NONE
    assert attributes.role_of("libs/own.py", Role.NONE) == Role.VENDORED


@pytest.mark.parametrize("folder", ["бэках", "архив", "książka", "Работа", "voilà", "内部"])
def test_a_path_may_hold_any_letter(folder: str) -> None:
    attributes = FileAttributes(f"{folder}/** linguist-vendored\r\n".encode())
    assert attributes.role_of(f"{folder}/a.py", Role.NONE) == Role.VENDORED
    assert attributes.role_of("src/main.py", Role.NONE) == Role.NONE
