from __future__ import annotations

import os

import pytest

from semlens.cli import places
from semlens.cli.places import parse_place
from semlens.cli.workspace import Workspace, named_workspace
from semlens.core.errors import UsageError


def test_a_path_is_relative_to_the_current_folder_or_the_named_workspace(tmp_path, monkeypatch):
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "both.py").touch()
    (tmp_path / "there" / "only.py").touch()
    monkeypatch.chdir(tmp_path / "here")
    there = Workspace(tmp_path / "there", explicit=True)
    assert parse_place("both.py:3", "PLACE", None) == (tmp_path / "here" / "both.py", 2, named_workspace(None))
    for folder in ("../there", str(tmp_path / "there")):
        assert parse_place("both.py:3", "PLACE", folder) == (tmp_path / "here" / "both.py", 2, there)
        assert parse_place("only.py:3", "PLACE", folder) == (tmp_path / "there" / "only.py", 2, there)
    for name, folder in (("only.py:3", None), ("none.py:3", "../there")):
        with pytest.raises(UsageError, match="There is no file"):
            parse_place(name, "PLACE", folder)


def test_a_path_may_be_relative_to_the_clone_of_a_url(tmp_path, monkeypatch):
    url, clone = "https://example.org/owner/name", Workspace(tmp_path, explicit=True)
    monkeypatch.setattr(places, "workspace_of_name", {url: clone}.__getitem__)
    file = tmp_path / "src" / "adapters.py"
    file.parent.mkdir()
    file.touch()
    for path in ("src/adapters.py", file):
        assert parse_place(f"{path}:40", "PLACE", url) == (file, 39, clone)


@pytest.mark.skipif(os.name != "posix", reason="links and names of POSIX")
def test_loops_unknown_users_and_long_names_are_no_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    for path in ("loop", "~nobody-has-this-name/a.py", "x" * 300):
        for folder in (None, "."):
            with pytest.raises(UsageError, match="There is no file"):
                parse_place(f"{path}:1", "PLACE", folder)
    (tmp_path / "~tilde.py").touch()
    assert parse_place("~tilde.py:1", "PLACE", None)[0] == tmp_path / "~tilde.py"


@pytest.mark.parametrize("name", ["~nobody-has-this-name", "loop"])
def test_a_loop_and_the_folder_of_an_unknown_user_are_no_workspace(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UsageError, match=name):
        named_workspace(name)
    assert named_workspace(name, must_exist=False) == (tmp_path / name, True)
