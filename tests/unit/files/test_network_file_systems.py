"""Network file systems, recognised from the mount tables of several systems."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from semlens.files import network_file_systems as file_systems
from semlens.files.network_file_systems import Mount, remote_file_system
from semlens.index.storage.database import connect

LINUX = r"""
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
23 22 0:5 / /proc rw,nosuid - proc proc rw
60 22 0:50 / /mnt/share rw,relatime shared:30 - ext4 /dev/vdb rw
61 60 0:51 / /mnt/share rw,relatime shared:31 - nfs4 server:/export rw,vers=4.2,addr=10.0.0.1
62 61 254:2 / /mnt/share/local rw - xfs /dev/vdc rw
63 22 0:52 / /mnt/ssh rw,nosuid master:3 propagate_from:2 - fuse.sshfs me@host:/ rw
64 22 8:1 / /mnt/ntfs rw - fuseblk /dev/sda1 rw
65 22 0:53 / /mnt/my\040share rw - cifs //host/my\040share rw
66 22 0:54 / /home/me/windows rw - 9p C:\134 rw,trans=fd
a line that nobody understands
"""
MACOS = [("/", "apfs", "ro,local"), ("/Volumes/Team", "smbfs", "rw"), ("/Volumes/Old", "nfs", "rw,nosuid")]
WINDOWS = [("C", "NTFS", "rw,fixed"), ("Z", "NTFS", "rw,remote")]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/home/me/project", None),
        ("/mnt/share/project", "nfs4"),
        ("/mnt/shared", None),
        ("/mnt/share/local/x", None),
        ("/mnt/ssh/x", "fuse.sshfs"),
        ("/mnt/ntfs/x", None),
        ("/mnt/my share/x", "cifs"),
        ("/home/me/windows", "9p"),
        (r"\\host\share\cache", "unc"),
        (r"\\?\UNC\host\share", "unc"),
    ],
)
def test_linux(monkeypatch, tmp_path, path, expected):
    table = tmp_path / "mountinfo"
    table.write_text(LINUX)
    monkeypatch.setattr(file_systems, "_PLATFORM", "linux")
    monkeypatch.setattr(file_systems, "_MOUNT_TABLE", table)
    assert remote_file_system(path) == expected


@pytest.mark.parametrize(
    ("table", "path", "expected"),
    [
        (MACOS, "/Users/me", None),
        (MACOS, "/Volumes/Team/cache", "smbfs"),
        (MACOS, "/Volumes/Old", "nfs"),
        (WINDOWS, "C/Users/me", None),
        (WINDOWS, "Z/cache", "ntfs"),
        ([], "/anything", None),
    ],
)
def test_other_systems(monkeypatch, table, path, expected):
    partitions = [SimpleNamespace(mountpoint=place, fstype=kind, opts=options) for place, kind, options in table]
    monkeypatch.setattr(file_systems, "_PLATFORM", "other")
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: partitions)  # noqa: A006
    assert remote_file_system(path) == expected


def test_an_unreadable_mount_table(monkeypatch, tmp_path):
    monkeypatch.setattr(file_systems, "_PLATFORM", "linux")
    monkeypatch.setattr(file_systems, "_MOUNT_TABLE", tmp_path / "missing")
    assert remote_file_system("/mnt/share") is None


@pytest.mark.parametrize(("kind", "mode"), [("nfs4", "delete"), ("cifs", "delete"), ("ext4", "wal")])
def test_no_shared_memory_on_the_file_system_of_another_machine(monkeypatch, tmp_path, kind, mode):
    table = [Mount("/", "ext4"), Mount(str(Path(tmp_path).resolve()), kind)]
    local = connect(
        tmp_path / "moved.sqlite", "CREATE TABLE things (name TEXT)", 1
    )  # created on another file system, in WAL mode
    local.close()
    monkeypatch.setattr(file_systems, "mounts", lambda: table)
    for name in ("new.sqlite", "moved.sqlite"):
        with closing(connect(tmp_path / name, "CREATE TABLE things (name TEXT)", 1)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == (mode,)
            connection.execute("INSERT INTO things VALUES ('kept')")
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            assert connection.execute("SELECT name FROM things").fetchall() == [("kept",)]
        assert (tmp_path / f"{name}-wal").exists() is False
