"""Caches the texts of files that were read for hits. `current_texts` decides whether a text is the indexed one."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from contextlib import AbstractContextManager
from dataclasses import dataclass

from semlens.core.guarded_reader import GuardedFile, open_below, open_regular
from semlens.core.hashing import ContentHash, content_hash
from semlens.syntax.parsing.decode import decode, split_lines

_MAX_TEXTS = 256
_MAX_CACHED_TEXT_BYTES = 1 << 20  # a larger text is read again each time
_MAX_CACHE_BYTES = 8 << 20  # a page of hits needs about fifteen files, and the next keystroke needs most again
_MAX_TEXT_BYTES = 65_536 << 10  # what the settings allow at most


@dataclass(frozen=True, slots=True)
class FileText:
    """The text of a file.

    :ivar lines: lines without line breaks.
    :ivar stamp: (size, mtime_ns, ctime_ns, inode, device) of the file.
    """

    lines: tuple[str, ...]
    hash: ContentHash
    stamp: tuple[int, ...]


class FileTextCache:
    """Caches the texts of recently read files while their stamp is unchanged. Thread-safe."""

    def __init__(self) -> None:
        self._texts: OrderedDict[str, FileText] = OrderedDict()
        self._n_bytes = 0
        self._lock = threading.Lock()

    def read(self, root: str, path: str) -> FileText | None:
        """Read a file of a root. None when it is not readable text or is a symbolic link."""
        return self._read(os.path.join(root, path), open_below(root, path))

    def read_opened(self, path: str) -> FileText | None:
        """Read a file that the user opened, outside a root too."""
        return self._read(path, open_regular(path, follow_link=True))

    def _read(self, path: str, opening: AbstractContextManager[GuardedFile]) -> FileText | None:
        try:
            with opening as file:
                status = file.status
                stamp = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)
                cached = self._get(path)
                # two writes within the resolution of the clock have the same times, so read new files again
                if cached is not None and cached.stamp == stamp and not _is_recently_written(status):
                    return cached
                data = file.read(_MAX_TEXT_BYTES + 1)
        except OSError:
            return None
        if len(data) > _MAX_TEXT_BYTES:
            return None
        text = decode(data)
        if text is None:
            return None
        document = FileText(tuple(split_lines(text)), content_hash(data), stamp)
        self._put(path, document)
        return document

    def _get(self, path: str) -> FileText | None:
        with self._lock:
            cached = self._texts.get(path)
            if cached is not None:
                self._texts.move_to_end(path)
            return cached

    def _put(self, path: str, document: FileText) -> None:
        with self._lock:
            replaced = self._texts.pop(path, None)
            self._n_bytes -= replaced.stamp[0] if replaced is not None else 0
            if document.stamp[0] > _MAX_CACHED_TEXT_BYTES:
                return
            self._texts[path] = document
            self._n_bytes += document.stamp[0]
            while len(self._texts) > _MAX_TEXTS or self._n_bytes > _MAX_CACHE_BYTES:
                _, dropped = self._texts.popitem(last=False)
                self._n_bytes -= dropped.stamp[0]


def _is_recently_written(status: os.stat_result) -> bool:
    return time.time_ns() - status.st_mtime_ns < 2_000_000_000
