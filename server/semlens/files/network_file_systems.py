"""Detects remote file systems. They do not report changes by other machines, and cannot share memory.

On Linux the table of mounts is read directly, because importing psutil takes 80 ms.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

_REMOTE = frozenset(
    """
    nfs nfs4 cifs smb smb2 smb3 smbfs 9p afs ceph glusterfs lustre beegfs gpfs ncpfs afpfs webdav davfs coda
    vboxsf prl_fs drvfs virtiofs fakeowner macfuse osxfuse
    """.split()
)
_REMOTE_FUSE = tuple("sshfs gvfsd rclone s3fs gcsfuse vmhgfs grpcfuse osxfs davfs glusterfs ceph".split())
_PLATFORM: str = sys.platform
_MOUNT_TABLE = Path("/proc/self/mountinfo")
_OCTAL = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """:ivar mount_point: the folder it is mounted on. :ivar options: separated by commas."""

    mount_point: str
    kind: str
    options: str = ""


def remote_file_system(path: str) -> str | None:
    r"""The type of the file system of a folder if it is remote or shared with a host, else None.

    :param path: absolute, without links. On Windows, ``\\host\share`` is always remote.
    """
    if path.startswith("\\\\") and not path.startswith(("\\\\?\\", "\\\\.\\")):
        return "unc"
    if path.upper().startswith("\\\\?\\UNC\\"):
        return "unc"
    best: Mount | None = None
    best_length = -1
    for mount in mounts():
        mount_point = mount.mount_point.rstrip(os.sep)
        # If two file systems share a mount point, the later one is on top.
        if (path + os.sep).startswith(mount_point + os.sep) and len(mount_point) >= best_length:
            best, best_length = mount, len(mount_point)
    return None if best is None else _remote_kind(best)


def _remote_kind(mount: Mount) -> str | None:
    kind = mount.kind.lower()
    is_remote = (
        kind in _REMOTE
        or (kind.startswith("fuse") and any(name in kind for name in _REMOTE_FUSE))
        or "remote" in mount.options.split(",")
    )
    return kind or "remote" if is_remote else None


def mounts() -> list[Mount]:
    """All mounts in the order of mounting; empty if the system does not list them."""
    if _PLATFORM == "linux":
        try:
            return parse_mount_table(_MOUNT_TABLE.read_text("utf-8", "surrogateescape").splitlines())
        except OSError:
            return []
    import psutil

    try:
        return [
            Mount(partition.mountpoint, partition.fstype, partition.opts)
            for partition in psutil.disk_partitions(all=True)
        ]
    except (psutil.Error, OSError):
        return []


def parse_mount_table(lines: Iterable[str]) -> list[Mount]:
    """Linux's ``mountinfo``: numbers, root, place, options, optional fields, a dash, the type, the source."""
    table = []
    for line in lines:
        left, dash, right = line.partition(" - ")
        fields = left.split(" ")
        kind, _, _ = right.partition(" ")
        if dash and len(fields) > 5:
            table.append(Mount(_unescape(fields[4]), kind, fields[5]))
    return table


def _unescape(text: str) -> str:
    """The kernel writes blanks, tabs, line ends and backslashes as three octal digits."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)
