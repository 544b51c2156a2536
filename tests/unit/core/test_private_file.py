"""Private files: written for their user alone, refused once others may read them."""

import os
import sys

import pytest

from semlens.core.private_file import NotPrivateError, read_private, write_private

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the mode of a file says nothing there")


def test_a_file_and_its_folders_are_private_whatever_the_umask(tmp_path):
    path = tmp_path / "new" / "folder" / "token"
    before = os.umask(0)
    try:
        write_private(path, "secret")
    finally:
        os.umask(before)
    assert read_private(path, 100) == b"secret"
    assert path.stat().st_mode & 0o777 == 0o600
    assert {folder.stat().st_mode & 0o777 for folder in (path.parent, path.parent.parent)} == {0o700}


def test_an_open_file_is_replaced_rather_than_written_into(tmp_path):
    path = tmp_path / "token"
    path.write_text("old")
    path.chmod(0o644)
    with path.open() as reader:
        write_private(path, "secret")
        assert reader.read() == "old"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_a_file_that_others_may_use_is_refused(tmp_path, mode):
    path = tmp_path / "token"
    write_private(path, "secret")
    path.chmod(mode)
    with pytest.raises(NotPrivateError):
        read_private(path, 100)


def test_a_link_and_a_pipe_are_refused(tmp_path):
    write_private(tmp_path / "token", "secret")
    (tmp_path / "link").symlink_to(tmp_path / "token")
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("link", "pipe"):
        with pytest.raises(OSError, match=r"a link|not a regular"):
            read_private(tmp_path / name, 100)
