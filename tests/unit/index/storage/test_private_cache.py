"""A cache folder that exists already is made private, or refused."""

from __future__ import annotations

import os
import stat
import sys

import pytest

from semlens.agents.record import LOCK_NAME
from semlens.core.errors import CacheError
from semlens.index.storage import private_cache
from semlens.index.storage.private_cache import CACHE_NAMES, tighten_cache_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")


@pytest.mark.parametrize(
    ("mode", "names", "expected"),
    [
        (0o777, [], 0o700),
        (0o755, [], 0o700),
        (0o777, ["roots-1.2", "vectors.v2.sqlite", "server"], 0o700),
        (0o755, ["pulls", "cluster-build"], 0o700),
        (0o700, ["notes.txt"], 0o700),
        (0o775, ["notes.txt"], 0o775),  # perhaps shared on purpose
        (0o1777, [], 0o1777),  # such as /tmp
    ],
)
def test_a_folder_that_holds_only_a_cache_gets_private(tmp_path, mode, names, expected):
    folder = tmp_path / "cache"
    folder.mkdir()
    for name in names:
        (folder / name).touch()
    folder.chmod(mode)
    tighten_cache_folder(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == expected


def test_a_folder_that_every_user_can_change_is_refused(tmp_path):
    (tmp_path / "notes.txt").touch()
    tmp_path.chmod(0o777)
    with pytest.raises(CacheError, match="Every user can change the cache folder"):
        tighten_cache_folder(tmp_path)


@pytest.mark.parametrize(("owner", "user", "is_refused"), [(1, 2, True), (0, 2, False), (1, 0, False), (2, 2, False)])
def test_a_folder_of_another_user_is_refused(tmp_path, monkeypatch, owner, user, is_refused):
    tmp_path.chmod(0o755)
    status = os.stat_result((stat.S_IFDIR | 0o755, 1, 1, 1, owner, owner, 0, 0, 0, 0))
    monkeypatch.setattr(private_cache.os, "geteuid", lambda: user)
    monkeypatch.setattr(type(tmp_path), "stat", lambda _self, **_: status)
    monkeypatch.setattr(type(tmp_path), "chmod", lambda _self, _mode: None)
    if is_refused:
        with pytest.raises(CacheError, match="belongs to another user"):
            tighten_cache_folder(tmp_path)
    else:
        tighten_cache_folder(tmp_path)


@pytest.mark.parametrize(("name", "is_refused"), [("roots-1.2", True), ("vectors.sqlite", True), ("notes.txt", False)])
def test_what_another_user_put_there_is_refused(tmp_path, monkeypatch, name, is_refused):
    tmp_path.chmod(0o700)
    (tmp_path / name).symlink_to("/nowhere")
    foreign = os.stat_result((stat.S_IFLNK | 0o777, 1, 1, 1, 1, 1, 0, 0, 0, 0))
    monkeypatch.setattr(private_cache.os, "geteuid", lambda: 2)
    monkeypatch.setattr(type(tmp_path), "lstat", lambda _self: foreign)
    if is_refused:
        with pytest.raises(CacheError, match=f"{name} in the cache belongs to another user"):
            tighten_cache_folder(tmp_path)
    else:
        tighten_cache_folder(tmp_path)


def test_a_missing_folder_is_left_to_whoever_creates_it(tmp_path):
    tighten_cache_folder(tmp_path / "missing")
    assert not (tmp_path / "missing").exists()


def test_the_names_of_a_cache_include_those_of_other_modules():
    assert LOCK_NAME in CACHE_NAMES
