"""Reads a file of a root for the index: its content or the reason why it is skipped, and its stamp."""

from __future__ import annotations

import errno
import os
import stat
import time

from semlens.core.guarded_reader import NotRegularError, is_transient, open_below
from semlens.core.status import SkipReason
from semlens.files.file_stamp import FileStamp


def file_stamp(status: os.stat_result) -> FileStamp:
    return FileStamp.of(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, time.time_ns())


def read_file(root: str, path: str, max_bytes: int) -> tuple[FileStamp | None, bytes, SkipReason]:
    """The stamp, the content, and the reason why the file is skipped.

    The stamp is None if the file is gone or could not be read.
    """
    try:
        with open_below(root, path) as file:
            stamp = file_stamp(file.status)
            if file.status.st_size > max_bytes:
                return stamp, b"", SkipReason.TOO_LARGE
            data = file.read(file.status.st_size + 1)  # one byte more, to notice a file that grows
    except NotRegularError as error:
        is_folder = stat.S_ISDIR(error.status.st_mode)
        return (None, b"", SkipReason.GONE) if is_folder else (file_stamp(error.status), b"", SkipReason.NOT_CODE)
    except (FileNotFoundError, NotADirectoryError):
        return None, b"", SkipReason.GONE
    except OSError as error:
        if is_transient(error):
            return None, b"", SkipReason.NOT_READABLE_NOW
        return None, b"", SkipReason.GONE if error.errno == errno.ELOOP else SkipReason.UNREADABLE
    return stamp, data, SkipReason.TOO_LARGE if len(data) > max_bytes else SkipReason.NONE
