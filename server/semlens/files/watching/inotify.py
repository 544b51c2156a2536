"""Inotify of Linux through the C library: one descriptor, with one watch a folder. It knows nothing about roots.

The emitter of watchdog is not used: it watches every folder below a root, ignored or not, or takes a thread for each.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import select
import struct
import sys
import threading
from dataclasses import dataclass

IN_MODIFY = 0x2
IN_ATTRIB = 0x4
IN_CLOSE_WRITE = 0x8
IN_MOVED_FROM = 0x40
IN_MOVED_TO = 0x80
IN_CREATE = 0x100
IN_DELETE = 0x200
IN_DELETE_SELF = 0x400
IN_MOVE_SELF = 0x800
IN_UNMOUNT = 0x2000
IN_Q_OVERFLOW = 0x4000
IN_IGNORED = 0x8000
IN_ISDIR = 0x40000000

_IN_ONLYDIR = 0x1000000
_IN_DONT_FOLLOW = 0x2000000
_IN_EXCL_UNLINK = 0x4000000

# Without IN_OPEN, IN_ACCESS and IN_CLOSE_NOWRITE: reading the files must not cause events.
_EVENT_MASK = (
    IN_MODIFY
    | IN_ATTRIB  # who may read it
    | IN_CLOSE_WRITE
    | IN_MOVED_FROM
    | IN_MOVED_TO
    | IN_CREATE
    | IN_DELETE
    | IN_DELETE_SELF
    | IN_MOVE_SELF
    | _IN_ONLYDIR
    | _IN_DONT_FOLLOW
    | _IN_EXCL_UNLINK
)
_HEADER = struct.Struct("iIII")
_BUFFER_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class InotifyEvent:
    """:ivar watch: of the folder, -1 for an overflow. :ivar name: of the entry, "" for the folder itself."""

    watch: int
    mask: int
    name: str


class Inotify:
    """One inotify instance. Only `wake` and `flush` may be called from another thread."""

    _library: ctypes.CDLL
    _descriptor: int
    _wake_reader: int
    _wake_writer: int
    _flush_reader: int
    _flush_writer: int
    _skips_pause: bool
    _is_closed: bool
    _closing: threading.Lock

    def __init__(self) -> None:
        """:raises OSError: EMFILE when the user's instances are used up, ENOSYS where there is no inotify."""
        if sys.platform != "linux":
            raise OSError(errno.ENOSYS, "this system has no inotify")
        self._library = ctypes.CDLL(None, use_errno=True)
        try:
            descriptor = self._library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        except AttributeError:
            raise OSError(errno.ENOSYS, "this system has no inotify") from None
        if descriptor < 0:
            raise _error()
        self._descriptor = descriptor
        self._wake_reader, self._wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._flush_reader, self._flush_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._skips_pause = False
        self._is_closed = False
        self._closing = threading.Lock()  # the system may reuse the number of a closed descriptor

    def add(self, folder: str) -> int:
        """Watch a folder without its subfolders.

        :raises OSError: ENOSPC when the user's watches are used up; ENOENT, ENOTDIR, EACCES for the folder.
        """
        watch: int = self._library.inotify_add_watch(
            self._descriptor, os.fsencode(folder), ctypes.c_uint32(_EVENT_MASK)
        )
        if watch < 0:
            raise _error(folder)
        return watch

    def remove(self, watch: int) -> None:
        """End a watch. A watch that has already ended is no error."""
        self._library.inotify_rm_watch(self._descriptor, watch)

    def wait(self, timeout_s: float | None) -> bool:
        """Wait until events are available, or until `flush`. False after the timeout or `wake`.

        No event is read here, so that the kernel merges equal ones.
        """
        if sys.platform == "win32":  # tells the type checker that only others come here
            raise NotImplementedError
        poller = select.poll()
        for descriptor in (self._descriptor, self._wake_reader, self._flush_reader):
            poller.register(descriptor, select.POLLIN)
        ready = {descriptor for descriptor, _ in poller.poll(None if timeout_s is None else timeout_s * 1000)}
        self._skips_pause = self._take_flush(ready)
        return (self._descriptor in ready or self._skips_pause) and self._wake_reader not in ready

    def pause(self, seconds: float) -> bool:
        """Wait while events gather, but not after `flush`. True if `wake` ended the wait."""
        if sys.platform == "win32":  # tells the type checker that only others come here
            raise NotImplementedError
        poller = select.poll()
        for descriptor in (self._wake_reader, self._flush_reader):
            poller.register(descriptor, select.POLLIN)
        ready = {descriptor for descriptor, _ in poller.poll(0 if self._skips_pause else seconds * 1000)}
        self._take_flush(ready)
        return self._wake_reader in ready

    def _take_flush(self, ready: set[int]) -> bool:
        if self._flush_reader not in ready:
            return False
        with contextlib.suppress(BlockingIOError):
            os.read(self._flush_reader, _BUFFER_BYTES)
        return True

    def read(self) -> list[InotifyEvent]:
        """All events that are available."""
        events: list[InotifyEvent] = []
        while True:
            try:
                data = os.read(self._descriptor, _BUFFER_BYTES)
            except BlockingIOError:
                return events
            position = 0
            while position + _HEADER.size <= len(data):
                watch, mask, _, n_bytes = _HEADER.unpack_from(data, position)
                position += _HEADER.size
                name = data[position : position + n_bytes].rstrip(b"\0")
                position += n_bytes
                events.append(InotifyEvent(watch, mask, os.fsdecode(name)))

    def wake(self) -> None:
        """End `wait` and `pause` now and from now on. From any thread."""
        with self._closing:
            if not self._is_closed:
                with contextlib.suppress(BlockingIOError):  # woken so often that the pipe is full
                    os.write(self._wake_writer, b"!")

    def flush(self) -> None:
        """End the `wait` or `pause` under way, or the next one. From any thread."""
        with self._closing:
            if not self._is_closed:
                with contextlib.suppress(BlockingIOError):
                    os.write(self._flush_writer, b"!")

    def close(self) -> None:
        with self._closing:
            if not self._is_closed:
                self._is_closed = True
                for descriptor in (
                    self._descriptor,
                    self._wake_reader,
                    self._wake_writer,
                    self._flush_reader,
                    self._flush_writer,
                ):
                    os.close(descriptor)


def _error(folder: str = "") -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), folder)
