"""The code for Windows and macOS that depends only on its input, run here with what those systems give."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from semlens.core.paths import path_to_uri, uri_to_path
from semlens.service import connection, endpoint


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (r"C:\code\a b.py", "file:///c%3A/code/a%20b.py"),
        (r"\\host\share\a.py", "file://host/share/a.py"),
        (r"\\?\C:\very\long\a.py", "file:///c%3A/very/long/a.py"),
    ],
)
def test_windows_paths_survive_the_way_through_an_editor(path: str, uri: str) -> None:
    assert path_to_uri(path, windows=True) == uri
    assert uri_to_path(uri, windows=True) == path.removeprefix("\\\\?\\")


@pytest.mark.parametrize("other", ["file:///C:/code/a.py", "file:///c%3a/code/a.py", "FILE:///c:/code/a.py"])
def test_every_editors_spelling_of_a_drive_is_one_path(other: str) -> None:
    assert uri_to_path(other, windows=True) == r"C:\code\a.py"


def test_the_resident_server_of_windows_has_a_pipe_per_cache_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as windows:
        windows.setattr(endpoint.sys, "platform", "win32")
        first = endpoint.endpoint_of(tmp_path / "a")
        second = endpoint.endpoint_of(tmp_path / "b")
    assert first.address.startswith("\\\\.\\pipe\\semlens-")
    assert first.address != second.address
    assert len(first.address) <= 256, "the limit of Windows"


def test_macos_tells_the_user_and_the_process_of_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    """`struct xucred`: version, user, number of groups, groups. LOCAL_PEERPID is one integer."""

    class Socket:
        def getsockopt(self, _level: int, option: int, size: int = 0) -> bytes | int:
            if size:
                return struct.pack("=IIh2x16I", 0, 501, 1, 20, *[0] * 15)
            assert option == connection._LOCAL_PEERPID
            return 4711

    monkeypatch.setattr(connection, "_PLATFORM", "darwin")
    assert connection.peer_of(Socket()) == (4711, 501)
