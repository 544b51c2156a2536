"""The code for Windows and macOS that depends only on its input, run here with what those systems give."""

from __future__ import annotations

import contextlib
import os
import signal
import struct
import subprocess
import sys
import unicodedata
from pathlib import Path
from types import ModuleType

import platformdirs.macos
import platformdirs.windows
import psutil
import pytest

from semlens.core.paths import path_to_uri, relative_path, uri_to_path
from semlens.files import git_process
from semlens.service import connection, daemon_start, endpoint
from semlens.settings import user_sources


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


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_keeps_its_unicode_form_on_the_way_through_an_editor(form: str) -> None:
    """macOS may list a name decomposed. An editor sends back what it got, so nothing here may compose it."""
    path = unicodedata.normalize(form, "/code/caf\u00e9/\u00fcber.py")
    assert uri_to_path(path_to_uri(path, windows=False), windows=False) == path
    assert relative_path("/code", path, windows=False) == path.removeprefix("/code/")


def test_both_forms_of_a_name_have_their_own_address() -> None:
    uris = {path_to_uri(unicodedata.normalize(form, "/caf\u00e9.py"), windows=False) for form in ("NFC", "NFD")}
    assert uris == {"file:///caf%C3%A9.py", "file:///cafe%CC%81.py"}


FOLDERS = [
    (platformdirs.macos.MacOS, "Library/Application Support/semlens", "Library/Caches/semlens"),
    (platformdirs.windows.Windows, r"AppData\Local\semlens", r"AppData\Local\semlens\Cache"),
]
"""What docs/help.md and the log path of the Neovim plugin say."""


@pytest.mark.parametrize(("system", "config", "cache"), FOLDERS, ids=["macOS", "Windows"])
def test_the_folders_of_other_systems(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: type, config: str, cache: str
) -> None:
    for name in ("SEMLENS_CONFIG_DIR", "SEMLENS_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(platformdirs.windows, "get_win_folder", lambda _name: str(tmp_path / "AppData" / "Local"))
    monkeypatch.setattr(platformdirs, "PlatformDirs", system)
    monkeypatch.setattr(user_sources, "_PLATFORM", "other")
    assert user_sources.config_folder() == tmp_path / config.replace("\\", "/")
    assert user_sources.cache_folder_of(None) == tmp_path / cache.replace("\\", "/")


def test_the_resident_server_of_windows_has_no_console(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A process with the console of a terminal would end when the terminal is closed."""
    started: dict[str, object] = {}

    def popen(_command: list[str], **options: object) -> subprocess.Popen[bytes]:
        started.update(options)
        raise OSError(2, "not started")

    place = endpoint.endpoint_of(tmp_path)
    place.folder.mkdir(parents=True)
    monkeypatch.setattr(subprocess, "Popen", popen)
    monkeypatch.setattr(subprocess, "DETACHED_PROCESS", 8, raising=False)
    with pytest.raises(daemon_start.StartError):
        daemon_start._start(place, None)
    assert started["creationflags"] == 8


def test_git_ends_with_its_children_where_there_are_no_process_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    program = (
        "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'input()']).pid, flush=True); input()"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    child = psutil.Process(int(process.stdout.readline()))
    windows = ModuleType("sys")
    windows.platform = "win32"  # type: ignore[attr-defined]
    monkeypatch.setattr(git_process, "sys", windows)
    monkeypatch.setattr(os, "killpg", lambda *_: pytest.fail("Windows has no such function"))
    git_process.kill_group(process)
    with process:
        assert process.wait(60) == -signal.SIGKILL
    with contextlib.suppress(psutil.NoSuchProcess):
        assert child.wait(60) in (None, -signal.SIGKILL)
