"""Reads files that others wrote: files of a workspace, configuration of git, and settings of the user.

It never follows a link out of a root, never blocks on a pipe, never opens a device, and never reads without a limit.
Callers compare stamps and hashes to detect that a file changed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from semlens.core.paths import relative_path

_READ_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a pipe may replace the file after the check
)
_LEAST_READ = 4_096
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FOLDER_FLAGS = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_OPENS_BY_FOLDER = os.open in os.supports_dir_fd and os.stat in os.supports_dir_fd
"""False on Windows, which also lacks `O_NOFOLLOW`."""

_TRANSIENT_ERRORS = {
    getattr(errno, name)
    for name in (
        "EAGAIN", "EBUSY", "ECONNABORTED", "ECONNRESET", "EHOSTDOWN", "EHOSTUNREACH", "EINTR", "EIO", "EMFILE",
        "ENETDOWN", "ENETUNREACH", "ENFILE", "ENODEV", "ENOMEM", "ENOTCONN", "EREMOTEIO", "ESHUTDOWN", "ESTALE",
        "ETIMEDOUT",
    )
    if hasattr(errno, name)
}  # fmt: skip


def is_transient(error: OSError) -> bool:
    """Whether the disk, the network or the system failed, so that the error says nothing about the file."""
    return error.errno in _TRANSIENT_ERRORS


class NotRegularError(OSError):
    """A folder, pipe, socket or device is where a file should be. :ivar status: its status."""

    def __init__(self, path: str, status: os.stat_result) -> None:
        super().__init__(errno.EINVAL, "not a regular file", path)
        self.status = status


@dataclass(frozen=True, slots=True)
class GuardedFile:
    """An open regular file. :ivar status: status of the open file, even if its path now names another."""

    descriptor: int
    status: os.stat_result

    def read(self, max_bytes: int) -> bytes:
        """At most `max_bytes` of the beginning. :raises OSError: when the disk fails."""
        parts: list[bytes] = []
        n_left = max_bytes
        while n_left > 0:
            part = os.read(self.descriptor, min(n_left, max(self.status.st_size, _LEAST_READ) + 1))
            if not part:
                break
            parts.append(part)
            n_left -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


@contextlib.contextmanager
def open_below(root: str, path: str) -> Iterator[GuardedFile]:
    """Open a file of a root. No link is followed on the way from the root to it.

    :param path: relative to the root, with forward slashes.
    :raises OSError: when it is missing, unreadable, a link or below one, or no regular file.
    """
    parts = path.split("/")
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise FileNotFoundError(errno.ENOENT, "not a path below a folder", path)
    opened = _open_by_folder(root, parts) if _OPENS_BY_FOLDER else _open_by_path(root, parts)
    try:
        yield opened
    finally:
        os.close(opened.descriptor)


@contextlib.contextmanager
def open_regular(path: str, *, follow_link: bool = False) -> Iterator[GuardedFile]:
    """Open a file by its whole path; links of the folders on the way are followed.

    :raises OSError: when it is missing, unreadable, no regular file, or a link that is not to be followed.
    """
    if "\0" in path:
        raise FileNotFoundError(errno.ENOENT, "not a path", path)
    opened = _open(path, None, follow_link=follow_link)
    try:
        yield opened
    finally:
        os.close(opened.descriptor)


def read_below(root: str, path: str, max_bytes: int) -> bytes:
    """At most `max_bytes` of the beginning of a file of a root. :raises OSError: as `open_below`."""
    with open_below(root, path) as file:
        return file.read(max_bytes)


def read_regular(path: str, max_bytes: int, *, follow_link: bool = False) -> bytes:
    """At most `max_bytes` of the file's beginning. :raises OSError: as `open_regular`."""
    with open_regular(path, follow_link=follow_link) as file:
        return file.read(max_bytes)


def _open_by_folder(root: str, parts: list[str]) -> GuardedFile:
    """Open folder by folder, each relative to the one before, so that no link can be put in between."""
    folder = os.open(root, _FOLDER_FLAGS)
    try:
        for part in parts[:-1]:
            inner = os.open(part, _FOLDER_FLAGS | _NO_LINK, dir_fd=folder)
            os.close(folder)
            folder = inner
        return _open(parts[-1], folder)
    finally:
        os.close(folder)


def _open_by_path(root: str, parts: list[str]) -> GuardedFile:
    """For systems that cannot open folders: compares the resolved path before and after opening."""
    path = os.path.join(os.path.realpath(root), *parts)
    _check_no_link(path)
    opened = _open(path, None)
    try:
        _check_no_link(path)
        if not os.path.samestat(os.lstat(path), opened.status):
            raise OSError(errno.ELOOP, "replaced while it was opened", path)
    except OSError:
        os.close(opened.descriptor)
        raise
    return opened


def _check_no_link(path: str) -> None:
    """:raises OSError: when the path, or a folder on the way to it, is a link."""
    if relative_path(path, os.path.realpath(path)) != "":
        raise OSError(errno.ELOOP, "a link, or below one", path)


def _open(name: str, folder: int | None, *, follow_link: bool = False) -> GuardedFile:
    # Checked before opening, because opening a device can have effects, and after, because it may have been replaced.
    _check_regular(name, os.stat(name, dir_fd=folder, follow_symlinks=follow_link))
    descriptor = os.open(name, _READ_FLAGS | (0 if follow_link else _NO_LINK), dir_fd=folder)
    try:
        status = os.fstat(descriptor)
        _check_regular(name, status)
    except OSError:
        os.close(descriptor)
        raise
    return GuardedFile(descriptor, status)


def _check_regular(name: str, status: os.stat_result) -> None:
    """:raises OSError: for a link or anything else that is no regular file."""
    if stat.S_ISLNK(status.st_mode):
        raise OSError(errno.ELOOP, "a link", name)
    if not stat.S_ISREG(status.st_mode):
        raise NotRegularError(name, status)
