"""Postings: for each term, the rows that contain it and their weights. Immutable, in four flat arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semlens.index.segment.columns import ranges

CODES_PER_E = 32.0
CODE_SHIFT = 3.5
WEIGHT_OF_CODE = np.exp(np.arange(256) / CODES_PER_E - CODE_SHIFT).astype(np.float32)
"""A weight is stored in one byte on a logarithmic scale: exp(code / 32 - 3.5), from 0.03 to 87 in steps of 3 %."""


def encode_weights(weights: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """The code of each weight in `WEIGHT_OF_CODE`. Weights outside its range get the nearest code."""
    codes = np.rint((np.log(np.maximum(weights, 1e-6)) + CODE_SHIFT) * CODES_PER_E)
    return np.clip(codes, 0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Postings:
    """Rows by term.

    :ivar terms: sorted term hashes, shape (t,).
    :ivar offsets: shape (t + 1,), where each term's rows begin.
    :ivar rows: ascending within a term.
    :ivar codes: weight of each row, encoded in one byte. Empty when the postings have no weights.
    """

    terms: npt.NDArray[np.uint64]
    offsets: npt.NDArray[np.uint32]
    rows: npt.NDArray[np.uint32]
    codes: npt.NDArray[np.uint8]

    @classmethod
    def build(
        cls, terms: npt.NDArray[np.uint64], rows: npt.NDArray[np.uint32], codes: npt.NDArray[np.uint8]
    ) -> Postings:
        """From one entry for each posting. Terms come in any order; the rows of one term must ascend."""
        order = np.argsort(terms, kind="stable")
        terms = terms[order]
        starts = np.flatnonzero(np.concatenate(([True], terms[1:] != terms[:-1]))) if len(terms) else np.zeros(0, int)
        offsets = np.append(starts, len(terms)).astype(np.uint32)
        return cls(terms[starts], offsets, rows[order], codes[order] if len(codes) else codes)

    @classmethod
    def empty(cls) -> Postings:
        return cls(np.zeros(0, np.uint64), np.zeros(1, np.uint32), np.zeros(0, np.uint32), np.zeros(0, np.uint8))

    def find(self, term: int) -> slice:
        """The slice of the term's rows. It is empty when no row contains the term."""
        key = np.uint64(term)
        place = int(np.searchsorted(self.terms, key))
        if place == len(self.terms) or self.terms[place] != key:
            return slice(0, 0)
        return slice(int(self.offsets[place]), int(self.offsets[place + 1]))

    def find_all(self, terms: npt.NDArray[np.uint64]) -> list[slice]:
        """`find` for several terms at once."""
        if not len(self.terms):
            return [slice(0, 0)] * len(terms)
        places = np.minimum(np.searchsorted(self.terms, terms), len(self.terms) - 1)
        is_present = self.terms[places] == terms
        starts = np.where(is_present, self.offsets[places], 0).tolist()
        stops = np.where(is_present, self.offsets[places + 1], 0).tolist()
        return [slice(start, stop) for start, stop in zip(starts, stops, strict=True)]

    def remap(
        self, new_rows: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32], npt.NDArray[np.uint8]]:
        """Flat postings with new row numbers. ``new_rows[row]`` is the new number, or -1 to drop the row."""
        rows = new_rows[self.rows]
        keep = rows >= 0
        terms = np.repeat(self.terms, self.offsets[1:] - self.offsets[:-1])
        return terms[keep], rows[keep].astype(np.uint32), self.codes[keep] if len(self.codes) else self.codes

    @classmethod
    def merge(cls, parts: Sequence[tuple[Postings, npt.NDArray[np.int64]]]) -> Postings:
        """Merge parts, each with its new row numbers (-1 drops a row). Numbers must ascend from part to part."""
        flat = [part.remap(new_rows) for part, new_rows in parts]
        return cls.build(
            np.concatenate([terms for terms, _, _ in flat]),
            np.concatenate([rows for _, rows, _ in flat]),
            np.concatenate([codes for _, _, codes in flat]),
        )

    def rows_of(self, terms: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint32]:
        """The rows of all given terms, concatenated. A row occurs once for each term that it contains."""
        if not len(self.terms) or not len(terms):
            return np.zeros(0, np.uint32)
        places = np.searchsorted(self.terms, terms)
        inside = places < len(self.terms)
        places, terms = places[inside], terms[inside]
        places = places[self.terms[places] == terms]
        starts = self.offsets[places].astype(np.int64)
        return self.rows[ranges(starts, self.offsets[places + 1].astype(np.int64) - starts)]
