"""Reads and replaces files of the user: no link is followed, the mode is kept, and a file is replaced whole."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from semlens.agents.errors import AgentFileError
from semlens.core.guarded_reader import NotRegularError, open_regular

_MAX_BYTES = 20_000_000
_BOM = b"\xef\xbb\xbf"
_PRIVATE_MODE, _SHARED_MODE = 0o600, 0o644
BACKUP_SUFFIX = ".semlens-backup"


@dataclass(frozen=True, slots=True)
class FileState:
    """What a file holds.

    :ivar data: its bytes; None when it does not exist.
    :ivar mode: its permissions; those of a new file if it does not exist.
    """

    data: bytes | None
    mode: int = _PRIVATE_MODE

    @property
    def bom(self) -> bytes:
        return _BOM if self.data is not None and self.data.startswith(_BOM) else b""

    def text(self, path: Path) -> str:
        """:raises AgentFileError: when it is not UTF-8."""
        try:
            return (self.data or b"").removeprefix(_BOM).decode()
        except UnicodeDecodeError as error:
            raise AgentFileError(path, "is not UTF-8", "Save it as UTF-8, then try again.") from error


def read_file(path: Path, below: Path | None) -> FileState:
    """:param below: a folder from which no link may lead to the file; the user's own folders may be links.

    :raises AgentFileError: when it is a link, not a file, of another user, read-only or unreadable.
    """
    if below is not None:
        _check_no_link_between(below, path)
    try:
        with open_regular(str(path)) as file:
            data, status = file.read(_MAX_BYTES + 1), file.status
    except (FileNotFoundError, NotADirectoryError):
        return FileState(None, _PRIVATE_MODE if below is None else _SHARED_MODE)
    except NotRegularError as error:
        raise AgentFileError(path, "is not a file", "Move it away, then try again.") from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _link_error(path) from error
        raise AgentFileError(path, f"cannot be read ({error.strerror})", "Check its permissions.") from error
    if len(data) > _MAX_BYTES:
        raise AgentFileError(path, "is larger than 20 MB", "Add the entry by hand.")
    if sys.platform != "win32" and status.st_uid != os.geteuid():
        raise AgentFileError(path, "belongs to another user", "Run semlens as that user.")
    if not status.st_mode & stat.S_IWUSR:
        raise AgentFileError(path, "is read-only", "Make it writable, then try again.")
    return FileState(data, stat.S_IMODE(status.st_mode))


def write_file(path: Path, before: FileState, data: bytes | None) -> list[Path]:
    """Replace a file in one step, or delete it. Missing folders are created.

    :param before: what was read; the file must still be so.
    :returns: the folders that were created, the outermost first.
    :raises AgentFileError: when it was changed meanwhile, or cannot be written.
    """
    folders: list[Path] = []
    try:
        if _bytes_of(path) != before.data:
            raise AgentFileError(path, "was changed by another program meanwhile", "Try again.")
        if data is None:
            path.unlink(missing_ok=True)
            return folders
        _create_folders(path.parent, folders)
        _replace(path, data, before.mode)
    except OSError as error:
        remove_empty_folders(folders)
        advice = "Check the permissions of its folder and the free space of the disk."
        raise AgentFileError(path, f"cannot be written ({error.strerror})", advice) from error
    return folders


def write_backup(path: Path, before: FileState) -> Path:
    """Keep the content beside the file, private to the user. An older backup is replaced.

    :raises AgentFileError: when it cannot be written.
    """
    backup = path.with_name(path.name + BACKUP_SUFFIX)
    try:
        _replace(backup, before.data or b"", _PRIVATE_MODE)
    except OSError as error:
        raise AgentFileError(
            path, f"has a folder that cannot be written ({error.strerror})", "Check its permissions."
        ) from error
    return backup


def remove_empty_folders(folders: list[Path]) -> None:
    """:param folders: the outermost first."""
    for folder in reversed(folders):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _replace(path: Path, data: bytes, mode: int) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        if sys.platform != "win32" and path.exists():
            with contextlib.suppress(PermissionError):
                os.fchown(descriptor, -1, path.stat().st_gid)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _bytes_of(path: Path) -> bytes | None:
    try:
        with open_regular(str(path)) as file:
            return file.read(_MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _create_folders(folder: Path, created: list[Path]) -> None:
    """:param created: gets the folders one by one, the outermost first, as the next may fail."""
    missing: list[Path] = []
    while not folder.exists():
        missing.insert(0, folder)
        folder = folder.parent
    for path in missing:
        path.mkdir(exist_ok=True)
        created.append(path)


def _check_no_link_between(below: Path, path: Path) -> None:
    for parent in path.parents:
        if parent == below:
            return
        if parent.is_symlink():
            raise _link_error(parent)


def _link_error(path: Path) -> AgentFileError:
    target = path.readlink() if path.is_symlink() else "another file"
    return AgentFileError(path, f"is a link to {target}", "Replace the link by a file, or add the entry by hand.")
