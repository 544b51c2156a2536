"""Lookup of symbols and files by name: exact, by prefix, by camel humps (initials), and by shared trigrams.

Rows are the symbols of the segment, then its files. All tables are computed from the names with array operations, so
that merging segments does not hold the interpreter lock. How well a name matches is left to `search/signals`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semlens.index.arrays import Floats, Ints, Rows
from semlens.index.segment.columns import StringColumn, ranges
from semlens.index.segment.postings import Postings

KEY_BYTES = 24
HUMP_BYTES = 12
_MARK = 1  # surrounds each name, so that its first and last letters form trigrams of their own


def fold(heap: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """ASCII capitals to lower case, byte by byte. Lengths do not change."""
    capital = (heap >= 65) & (heap <= 90)
    return np.where(capital, heap + 32, heap).astype(np.uint8)


def fold_text(text: str) -> bytes:
    """Like `fold`, for one string."""
    return text.encode("utf-8", "surrogateescape").lower()


def _lengths(column: StringColumn) -> Ints:
    return (column.offsets[1:] - column.offsets[:-1]).astype(np.int64)


def _keys(column: StringColumn, heap: npt.NDArray[np.uint8], width: int) -> npt.NDArray[np.bytes_]:
    """The first ``width`` bytes of every string, padded with zeros to a fixed width."""
    starts = column.offsets[:-1].astype(np.int64)
    lengths = np.minimum(_lengths(column), width)
    out = np.zeros(len(column) * width, np.uint8)
    out[ranges(np.arange(len(column), dtype=np.int64) * width, lengths)] = heap[ranges(starts, lengths)]
    return out.view(f"S{width}")


def _trigrams(column: StringColumn, heap: npt.NDArray[np.uint8]) -> Postings:
    n = len(column)
    lengths = _lengths(column) + 2
    ends = np.cumsum(lengths)
    padded = np.full(int(ends[-1]) if n else 0, _MARK, np.uint8)
    padded[ranges(ends - lengths + 1, lengths - 2)] = heap
    wide = padded.astype(np.uint64)
    codes = (wide[:-2] << np.uint64(16)) | (wide[1:-1] << np.uint64(8)) | wide[2:] if len(wide) > 2 else wide[:0]
    rows = np.repeat(np.arange(n, dtype=np.uint32), lengths)
    inside = rows[:-2] == rows[2:] if len(wide) > 2 else np.zeros(0, bool)
    return Postings.build(codes[inside], rows[:-2][inside] if len(wide) > 2 else rows[:0], np.zeros(0, np.uint8))


@dataclass(frozen=True, slots=True)
class NameTable:
    """Names as sorted fixed-width keys, and their trigrams.

    :ivar keys: first `KEY_BYTES` bytes of the folded names, sorted. :ivar key_rows: the row of each key.
    :ivar humps: first `HUMP_BYTES` initials of the names, sorted. :ivar hump_rows: the row of each.
    :ivar trigrams: rows by trigram of the folded name.
    """

    keys: npt.NDArray[np.bytes_]
    key_rows: Rows
    humps: npt.NDArray[np.bytes_]
    hump_rows: Rows
    trigrams: Postings

    @classmethod
    def build(cls, names: StringColumn, humps: StringColumn) -> NameTable:
        """:param humps: initials of each name, in lower case."""
        heap = fold(names.heap)
        keys = _keys(names, heap, KEY_BYTES)
        key_order = np.argsort(keys, kind="stable")
        hump_keys = _keys(humps, humps.heap, HUMP_BYTES)
        hump_order = np.argsort(hump_keys, kind="stable")
        return cls(
            keys[key_order],
            key_order.astype(np.uint32),
            hump_keys[hump_order],
            hump_order.astype(np.uint32),
            _trigrams(names, heap),
        )

    def with_prefix(self, prefix: bytes) -> Rows:
        """Rows whose folded name begins with the folded prefix, in order of names. Only 24 bytes are compared."""
        return _prefix_range(self.keys, self.key_rows, prefix[:KEY_BYTES])

    def beginning(self, keys: Sequence[bytes]) -> list[Rows]:
        """For each folded text, the rows of names that equal it or that continue with a dot after it.

        Keys are truncated to `KEY_BYTES`, so a longer name may only begin like the text.
        """
        kind = self.keys.dtype
        whole = np.array(keys, kind)
        dotted = [key[: KEY_BYTES - 1] + b"." for key in keys]
        first = np.array(dotted, kind)
        last = np.array([key.ljust(KEY_BYTES, b"\xff") for key in dotted], kind)
        bounds = (
            np.searchsorted(self.keys, whole, "left").tolist(),
            np.searchsorted(self.keys, whole, "right").tolist(),
            np.searchsorted(self.keys, first, "left").tolist(),
            np.searchsorted(self.keys, last, "right").tolist(),
        )
        return [
            np.concatenate([self.key_rows[a:b], self.key_rows[c:d]]) if c < d else self.key_rows[a:b]
            for a, b, c, d in zip(*bounds, strict=True)
        ]

    def with_humps(self, initials: bytes) -> Rows:
        """Rows whose initials begin with these."""
        return _prefix_range(self.humps, self.hump_rows, initials[:HUMP_BYTES])

    def alike(self, folded: bytes) -> tuple[Rows, Floats]:
        """Rows that share two trigrams in five with a folded name, ascending, with the share that they hold."""
        padded = bytes([_MARK]) + folded + bytes([_MARK])
        # not np.unique: it imports numpy.ma, a tenth of what a one-shot search may take
        distinct = {(padded[i] << 16) | (padded[i + 1] << 8) | padded[i + 2] for i in range(len(padded) - 2)}
        terms = np.array(sorted(distinct), np.uint64)
        rows = self.trigrams.rows_of(terms)
        if not len(rows):
            return rows, np.zeros(0, np.float32)
        counts = np.bincount(rows)
        matching = np.flatnonzero(counts >= max(2, round(len(terms) * 0.4)))
        return matching.astype(np.uint32), (counts[matching] / len(terms)).astype(np.float32)


def _prefix_range(keys: npt.NDArray[np.bytes_], rows: Rows, prefix: bytes) -> Rows:
    if not prefix or not len(keys):
        return rows[:0]
    kind = keys.dtype
    start = int(np.searchsorted(keys, np.array(prefix, kind), "left"))
    end = int(np.searchsorted(keys, np.array(prefix + b"\xff" * (kind.itemsize - len(prefix)), kind), "right"))
    return rows[start:end]
