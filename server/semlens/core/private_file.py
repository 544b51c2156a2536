"""Files that only their user may read, such as tokens: written in one step, and refused once others may read them."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

from semlens.core.guarded_reader import open_regular
from semlens.core.paths import make_private_folders


class NotPrivateError(OSError):
    """The file belongs to another user, or others may read or change it."""


def read_private(path: Path, max_bytes: int) -> bytes:
    """At most `max_bytes` of the beginning of the file.

    :raises NotPrivateError: when it is not private.
    :raises OSError: when it is missing, unreadable, a link, or no regular file.
    """
    with open_regular(str(path)) as file:
        status = file.status
        if sys.platform != "win32" and (status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077):
            raise NotPrivateError(errno.EACCES, "others may read or change it", str(path))
        return file.read(max_bytes)


def write_private(path: Path, text: str) -> None:
    """Create or replace the file, and create its missing folders. :raises OSError: when it cannot be written."""
    make_private_folders(path.parent)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)
