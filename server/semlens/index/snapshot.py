"""The snapshot that one request reads: segments, with masks that hide deleted and replaced files.

Building and publishing snapshots belong to `engine/indexing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from semlens.index.arrays import Mask
from semlens.index.segment.segment import Segment
from semlens.index.segment.vectors import VectorBlock


@dataclass(frozen=True)
class SegmentView:
    """A segment as one snapshot sees it.

    :ivar root: absolute path of the workspace root, or "" for a buffer outside every root.
    :ivar alive: mask over the files, shape (files,), or None when no file is deleted or replaced.
    :ivar tiers: vectors by model fingerprint. The blocks of one model share no row.
    :ivar buffer_uri: URI of the open document in the segment, or "" for files on disk.
    :ivar dirty: the buffer differs from the file on disk.
    """

    root: str
    segment: Segment
    alive: Mask | None = None
    tiers: Mapping[str, tuple[VectorBlock, ...]] = field(default_factory=dict)
    buffer_uri: str = ""
    dirty: bool = False

    @cached_property
    def alive_passages(self) -> Mask | None:
        """Mask over the passages of living files, or None when all files live."""
        return None if self.alive is None else self.alive[self.segment.passages.files]

    @cached_property
    def alive_names(self) -> Mask | None:
        """Mask over the rows of the name table (symbols, then files), or None when all files live."""
        if self.alive is None:
            return None
        return np.concatenate([self.alive[self.segment.symbols.files], self.alive])

    def blocks(self, fingerprint: str) -> tuple[VectorBlock, ...]:
        """The vectors of one model, without those in a store outside of the index."""
        return tuple(block for block in self.tiers.get(fingerprint, ()) if not block.is_in_store)

    @cached_property
    def n_passages(self) -> int:
        mask = self.alive_passages
        return len(self.segment.passages) if mask is None else int(mask.sum())

    def n_embedded(self, fingerprint: str) -> int:
        """Number of living passages that have a vector of this model."""
        mask = self.alive_passages
        blocks = self.tiers.get(fingerprint, ())
        return sum(len(block.rows) if mask is None else int(mask[block.rows].sum()) for block in blocks)


@dataclass(frozen=True)
class IndexSnapshot:
    """The views that one request reads.

    :ivar generation: grows with every published snapshot.
    :ivar complete: every file and buffer is searchable by names, words and first-tier vectors.
    """

    generation: int
    views: tuple[SegmentView, ...]
    complete: bool

    @cached_property
    def n_passages(self) -> int:
        return sum(view.n_passages for view in self.views)


EMPTY_SNAPSHOT = IndexSnapshot(0, (), complete=False)
