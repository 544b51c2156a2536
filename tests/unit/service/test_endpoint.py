"""Where the resident server listens, and which places are rejected."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from semlens import __version__
from semlens.index.versions import FORMAT_VERSION, STORE_VERSION
from semlens.service import endpoint as endpoints
from semlens.service.endpoint import EndpointError, check_own_socket, create_private_folder, endpoint_of

pytestmark = pytest.mark.usefixtures("run_time")


def test_the_socket_is_named_for_its_versions(tmp_path):
    endpoint = endpoint_of(tmp_path / "cache")
    assert endpoint.address == str(
        tmp_path / "cache" / "server" / f"{__version__}-{STORE_VERSION}.{FORMAT_VERSION}.sock"
    )


def test_two_spellings_of_a_cache_folder_share_a_socket(tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "cache")
    assert endpoint_of(tmp_path / "link") == endpoint_of(tmp_path / "cache")


def test_what_a_link_names_is_not_created(tmp_path):
    """Its disk may not be mounted."""
    (tmp_path / "link").symlink_to("cache")
    for folder in (tmp_path / "link", tmp_path / "link" / "below"):
        with pytest.raises(
            EndpointError, match=r"link is a link to .*/cache, which does not exist. Create .*/cache or"
        ):
            endpoint_of(folder)


def test_a_long_path_gets_a_hashed_name(tmp_path, run_time):
    places = {endpoint_of(tmp_path / (letter * 100)).address for letter in "ab"}
    assert len(places) == 2
    assert {Path(place).parent for place in places} == {run_time / "semlens"}


def test_a_network_file_system_gets_a_local_place(tmp_path, run_time, monkeypatch):
    monkeypatch.setattr(endpoints, "remote_file_system", lambda _path: "nfs4")
    assert endpoint_of(tmp_path / "cache").folder == run_time / "semlens"


@pytest.mark.parametrize("run_time", ["", "relative", "/" + "x" * 100])
def test_without_a_run_time_folder_the_temporary_one_is_used(tmp_path, monkeypatch, run_time):
    monkeypatch.setenv("XDG_RUNTIME_DIR", run_time)
    monkeypatch.setattr("tempfile.gettempdir", lambda: "/tmp")
    assert endpoint_of(tmp_path / ("x" * 100)).folder == Path(f"/tmp/semlens-{os.geteuid()}")


def test_a_too_long_path_gives_one_error(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/" + "x" * 100)
    monkeypatch.setattr("tempfile.gettempdir", lambda: "/" + "x" * 100)
    with pytest.raises(EndpointError, match="too long"):
        endpoint_of(tmp_path / ("x" * 100))


def test_folders_are_created_private(tmp_path):
    create_private_folder(tmp_path / "cache" / "server")
    assert [oct(path.stat().st_mode)[-3:] for path in (tmp_path / "cache", tmp_path / "cache" / "server")] == [
        "700",
        "700",
    ]


def test_folders_that_are_not_private_are_refused(tmp_path, monkeypatch):
    folder = tmp_path / "server"
    folder.mkdir(mode=0o700)
    create_private_folder(folder)
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(EndpointError, match="a link"):
        create_private_folder(tmp_path / "link")
    folder.chmod(0o750)
    with pytest.raises(EndpointError, match="chmod 700"):
        create_private_folder(folder)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(EndpointError, match="belongs to another user"):
        create_private_folder(folder)


def test_a_file_in_place_of_the_socket_is_rejected(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EndpointError, match="not a socket"):
        check_own_socket(str(tmp_path / "file"))


def test_clients_import_few_modules():
    heavy = ("asyncio", "numpy", "pygls", "onnxruntime", "dataclasses", "argparse", "logging", "psutil", "filelock")
    program = f"""
import sys
import semlens.service.connection, semlens.service.endpoint, semlens.service.frames
print(*[name for name in {heavy!r} if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
