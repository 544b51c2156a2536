"""Which file systems tell nobody of changes that another machine makes."""

from __future__ import annotations

import os

import psutil

_REMOTE = frozenset(
    """
    nfs nfs4 cifs smb smb2 smb3 smbfs 9p afs ceph glusterfs lustre beegfs gpfs ncpfs afpfs webdav davfs coda
    vboxsf prl_fs drvfs virtiofs fakeowner macfuse osxfuse
    """.split()
)
_REMOTE_FUSE = (
    "sshfs",
    "gvfsd",
    "rclone",
    "s3fs",
    "gcsfuse",
    "vmhgfs",
    "grpcfuse",
    "osxfs",
    "davfs",
    "glusterfs",
    "ceph",
)


def remote_file_system(path: str) -> str | None:
    """The type of the file system that a folder is on if it is a remote one or one shared with a host, else None.

    :param path: absolute, without links.
    """
    best_length = -1
    kind, options = "", ""
    try:
        partitions = psutil.disk_partitions(all=True)
    except (psutil.Error, OSError):
        return None
    for partition in partitions:
        mount = partition.mountpoint.rstrip(os.sep)
        # Of two file systems on one place, the later one is on top.
        if (path + os.sep).startswith(mount + os.sep) and len(mount) >= best_length:
            best_length = len(mount)
            kind, options = partition.fstype.lower(), partition.opts
    is_remote = (
        kind in _REMOTE
        or (kind.startswith("fuse") and any(name in kind for name in _REMOTE_FUSE))
        or "remote" in options.split(",")
    )
    return kind or "remote" if is_remote else None
