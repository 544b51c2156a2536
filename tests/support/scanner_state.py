"""Measures the size of the state that a grammar's external scanner writes. tree-sitter gives it 1,024 bytes.

A scanner that writes more damages the parser's memory, mostly without a visible effect. So its function is replaced by
one that gives it a large buffer, records the size, and copies what fits.
"""

from __future__ import annotations

import ctypes
import mmap
from typing import Any

from tree_sitter_language_pack import get_binding

MAX_STATE_BYTES = 1_024
"""TREE_SITTER_SERIALIZATION_BUFFER_SIZE"""

_SERIALIZE_AT = 208  # offset of `external_scanner.serialize` in `struct TSLanguage`, grammar versions 13 to 15, 64 bits
_SERIALIZE = ctypes.CFUNCTYPE(ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p)
_LENT_BYTES = 1 << 22
_kept: list[Any] = []  # keeps alive what the grammars point to


class ScannerState:
    """:ivar n_bytes: the largest state written since it was set to 0; stays 0 without a scanner."""

    def __init__(self, grammar: str) -> None:
        self.n_bytes = 0
        slot = _address(get_binding(grammar)) + _SERIALIZE_AT  # type: ignore[arg-type]
        pointer = ctypes.c_void_p.from_address(slot)
        if not pointer.value:
            return
        write = _SERIALIZE(pointer.value)
        lent = ctypes.create_string_buffer(_LENT_BYTES)

        def measured(scanner: int, buffer: int) -> int:
            n_bytes = int(write(scanner, ctypes.addressof(lent)))
            self.n_bytes = max(self.n_bytes, n_bytes)
            n_fitting = min(n_bytes, MAX_STATE_BYTES)
            ctypes.memmove(buffer, lent, n_fitting)
            return n_fitting

        replacement = _SERIALIZE(measured)
        _kept.append((replacement, write, lent))
        page = slot & ~(mmap.PAGESIZE - 1)
        writable = mmap.PROT_READ | mmap.PROT_WRITE
        assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(page), 2 * mmap.PAGESIZE, writable) == 0
        pointer.value = ctypes.cast(replacement, ctypes.c_void_p).value


def _address(binding: object) -> int:
    if isinstance(binding, int):
        return binding
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    return int(pointer_of(binding, b"tree_sitter.Language"))
