"""The references of a segment: which symbols and files use each name, how, and with which hint at the definition.

What a hint means is said by `semlens.core.reference.Scope`. Resolving references belongs to `graph`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semlens.core.reference import Reference, ReferenceKind, Scope
from semlens.index.segment.columns import Array
from semlens.index.segment.postings import Postings
from semlens.index.segment.terms import term_hash

SCOPE_SHIFT = 4
KIND_MASK = (1 << SCOPE_SHIFT) - 1
_HINT_SHIFT = 32


def hint_hash(text: str) -> int:
    """The upper 32 bits of the term hash, so that sorted term hashes can be searched by it."""
    return term_hash(text) >> _HINT_SHIFT if text else 0


def term_range(hint: int) -> tuple[int, int]:
    """The first term hash that a hint stands for, and the first behind them."""
    return hint << _HINT_SHIFT, (hint + 1) << _HINT_SHIFT


def code_of(kind: ReferenceKind, scope: Scope) -> int:
    return int(kind) | int(scope) << SCOPE_SHIFT


@dataclass(frozen=True, slots=True)
class ReferenceTable:
    """Rows of symbols, then of files, by the hash of the name that they use.

    :ivar terms: sorted hashes of names, shape (t,). :ivar offsets: shape (t + 1,), where each name's rows begin.
    :ivar rows: ascending within a name; a row occurs several times where the codes or hints differ.
    :ivar codes: kind and scope of each row. :ivar hints: hash of each row's hint, or 0.
    """

    terms: npt.NDArray[np.uint64]
    offsets: npt.NDArray[np.uint32]
    rows: npt.NDArray[np.uint32]
    codes: npt.NDArray[np.uint8]
    hints: npt.NDArray[np.uint32]

    @classmethod
    def of(cls, references: Sequence[tuple[int, Reference]]) -> ReferenceTable:
        """:param references: each with the row that it belongs to."""
        rows = np.array([row for row, _ in references], np.uint32)
        terms = np.array([term_hash(one.name) for _, one in references], np.uint64)
        codes = np.array([one.kind | one.scope << SCOPE_SHIFT for _, one in references], np.uint8)
        hints = np.array([hint_hash(one.hint) for _, one in references], np.uint32)
        order = np.lexsort((hints, codes, rows))
        return cls.build(terms[order], rows[order], codes[order], hints[order])

    @classmethod
    def build(
        cls,
        terms: npt.NDArray[np.uint64],
        rows: npt.NDArray[np.uint32],
        codes: npt.NDArray[np.uint8],
        hints: npt.NDArray[np.uint32],
    ) -> ReferenceTable:
        """From one entry for each reference. The rows of one name must ascend."""
        order = np.argsort(terms, kind="stable")
        terms = terms[order]
        starts = np.flatnonzero(np.concatenate(([True], terms[1:] != terms[:-1]))) if len(terms) else np.zeros(0, int)
        offsets = np.append(starts, len(terms)).astype(np.uint32)
        return cls(terms[starts], offsets, rows[order], codes[order], hints[order])

    @classmethod
    def merge(cls, parts: Sequence[tuple[ReferenceTable, npt.NDArray[np.int64]]]) -> ReferenceTable:
        """Merge parts, each with its new row numbers; -1 drops a row."""
        terms, rows, codes, hints = [], [], [], []
        for part, new_rows in parts:
            new = new_rows[part.rows]
            keep = new >= 0
            terms.append(part.all_terms[keep])
            rows.append(new[keep].astype(np.uint32))
            codes.append(part.codes[keep])
            hints.append(part.hints[keep])
        all_rows = np.concatenate(rows)
        order = np.argsort(all_rows, kind="stable")
        return cls.build(
            np.concatenate(terms)[order], all_rows[order], np.concatenate(codes)[order], np.concatenate(hints)[order]
        )

    @property
    def all_terms(self) -> npt.NDArray[np.uint64]:
        """The hash of the name of each entry."""
        return np.repeat(self.terms, self.offsets[1:].astype(np.int64) - self.offsets[:-1].astype(np.int64))

    @property
    def kinds(self) -> npt.NDArray[np.uint8]:
        """The `ReferenceKind` of each entry."""
        return self.codes & np.uint8(KIND_MASK)

    @property
    def scopes(self) -> npt.NDArray[np.uint8]:
        """The `Scope` of each entry."""
        return self.codes >> np.uint8(SCOPE_SHIFT)

    def find(self, term: int) -> slice:
        """The entries of a name. Empty when nothing uses it."""
        return self._postings.find(term)

    @property
    def _postings(self) -> Postings:
        return Postings(self.terms, self.offsets, self.rows, self.codes)


def with_missing_columns(arrays: dict[str, Array]) -> dict[str, Array]:
    """The columns of a segment, with those that feature version 6 and older did not have."""
    if "references.hints" in arrays or "references.rows" not in arrays:
        return arrays
    n_references = len(arrays["references.rows"])
    unknown = np.full(n_references, code_of(ReferenceKind.CALL, Scope.RECEIVER), np.uint8)
    return {**arrays, "references.codes": unknown, "references.hints": np.zeros(n_references, np.uint32)}
