from __future__ import annotations

import pytest

from semlens.cli.places import parse_place
from semlens.core.errors import UsageError


def test_a_path_is_relative_to_the_current_folder_or_the_named_workspace(tmp_path, monkeypatch):
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "both.py").touch()
    (tmp_path / "there" / "only.py").touch()
    monkeypatch.chdir(tmp_path / "here")
    for folder in ("../there", str(tmp_path / "there")):
        assert parse_place("both.py:3", "PLACE", folder) == (tmp_path / "here" / "both.py", 2)
        assert parse_place("only.py:3", "PLACE", folder) == (tmp_path / "there" / "only.py", 2)
    for name, folder in (("only.py:3", None), ("none.py:3", "../there")):
        with pytest.raises(UsageError, match="There is no file"):
            parse_place(name, "PLACE", folder)
