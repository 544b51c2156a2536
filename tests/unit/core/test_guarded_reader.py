"""The guarded reader, with folders opened relative to each other and, as on Windows, by resolved paths."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pytest

from semlens.core import guarded_reader
from semlens.core.guarded_reader import NotRegularError, open_below, read_below, read_regular


@pytest.fixture(params=["by folder", "by path"])
def root(request, tmp_path, monkeypatch):
    """A root with a file, and files outside that must not be reachable from it."""
    monkeypatch.setattr(guarded_reader, "_OPENS_BY_FOLDER", request.param == "by folder")
    root = tmp_path / "root"
    (root / "src").mkdir(parents=True)
    (root / "src/a.py").write_text("inside")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.py").write_text("inside")
    (root / "link.py").symlink_to(outside / "a.py")
    (root / "inner_link.py").symlink_to("src/a.py")
    (root / "folder_link").symlink_to(outside)
    os.mkfifo(root / "pipe.py")
    return root


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("link.py", errno.ELOOP),
        ("inner_link.py", errno.ELOOP),
        ("folder_link/a.py", (errno.ELOOP, errno.ENOTDIR)),
        ("../outside/a.py", errno.ENOENT),
        ("src/../src/a.py", errno.ENOENT),
        ("/etc/passwd", errno.ENOENT),
        ("", errno.ENOENT),
        ("nul\0", errno.ENOENT),
        ("missing.py", errno.ENOENT),
        ("src/a.py/b.py", errno.ENOTDIR),
        ("pipe.py", errno.EINVAL),
        ("src", errno.EINVAL),
    ],
)
def test_paths_that_are_rejected(root, path, error):
    n_open = n_descriptors()
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is looked at
        read_below(str(root), path, 100)
    assert caught.value.errno in (error if isinstance(error, tuple) else (error,))
    assert n_descriptors() == n_open


def n_descriptors() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


def test_a_file_is_read_up_to_the_limit(root):
    assert read_below(str(root), "src/a.py", 100) == b"inside"
    assert read_below(str(root), "src/a.py", 3) == b"ins"
    with open_below(str(root), "src/a.py") as file:
        assert file.status.st_ino == (root / "src/a.py").stat().st_ino


def test_a_root_may_be_named_by_a_link(root, tmp_path):
    (tmp_path / "named").symlink_to(root)
    assert read_below(str(tmp_path / "named"), "src/a.py", 100) == b"inside"


def test_a_pipe_that_replaces_the_file_after_the_check_does_not_block(root, monkeypatch):
    status = (root / "src/a.py").lstat()
    monkeypatch.setattr(os, "stat", lambda *_args, **_options: status)
    with pytest.raises(NotRegularError):
        read_below(str(root), "pipe.py", 100)


def test_a_device_is_never_opened(monkeypatch):
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("opened"))
    with pytest.raises(NotRegularError):
        read_regular("/dev/zero", 100)


def test_a_users_file_may_be_a_link(root):
    link = str(root / "link.py")
    assert read_regular(link, 100, follow_link=True) == b"inside"
    with pytest.raises(OSError, match="a link"):
        read_regular(link, 100)


def test_nothing_else_opens_files_of_a_workspace():
    """Other ways to read files of a workspace would bypass the guards."""
    package = Path(guarded_reader.__file__).parents[1]
    opening = re.compile(r"\b(os\.)?open\(|\.read_(bytes|text)\(")
    rooms = "cluster engine files graph http lsp mcp search service settings share team workers".split()
    openers = {
        path.relative_to(package).as_posix()
        for room in rooms
        for path in (package / room).rglob("*.py")
        if opening.search(path.read_text())
    }
    assert openers == {
        "cluster/indexing/spool.py",  # finished batches, in the cache folder
        "engine/mapping/index_map.py",  # the vectors for the process that makes the map, in the cache folder
        "engine/mapping/map_process.py",  # the map, in the cache folder
        "engine/query/status.py",  # the system's report on processes
        "files/git_clone.py",  # the URL of a clone, beside the clone
        "files/network_file_systems.py",  # the system's table of mounts
        "files/watching/inotify_source.py",  # the system's limits
        "http/page_files.py",  # the page, as it was installed
        "http/team/audit.py",  # the log of requests, beside the user's settings
        "lsp/connection/logs.py",
        "lsp/connection/transport.py",  # the pipes to the client
        "service/connection.py",  # the key of the server's pipe
        "service/daemon_start.py",  # the log in the cache folder
        "settings/processors.py",  # the quota of the container
        "share/object_store.py",  # what is downloaded, in the cache folder
        "share/packing.py",  # segments that are packed or unpacked, in a temporary folder
        "share/publishing.py",  # what is uploaded, in a temporary folder
        "share/signing.py",  # the user's key
        "team/answers.py",  # copies of the team's files, in the cache folder
        "team/credentials.py",  # the user's token
    }
