"""What one request reads: an immutable set of segments, with what died in them masked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from semlens.index.segment.segment import Segment
from semlens.index.segment.vectors import VectorBlock

Mask: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SegmentView:
    """A segment as one snapshot sees it.

    :ivar root: absolute path of the workspace root, "" for buffers outside every root.
    :ivar alive: mask over its files, or None when all live.
    :ivar tiers: vectors by model fingerprint, in blocks that share no row.
    :ivar buffer_uri: the open document that the segment holds, or "" for files on disk.
    :ivar dirty: the buffer differs from the disk.
    """

    root: str
    segment: Segment
    alive: Mask | None = None
    tiers: Mapping[str, tuple[VectorBlock, ...]] = field(default_factory=dict)
    buffer_uri: str = ""
    dirty: bool = False

    @cached_property
    def alive_passages(self) -> Mask | None:
        return None if self.alive is None else self.alive[self.segment.passages.files]

    @cached_property
    def alive_names(self) -> Mask | None:
        """Mask over the rows of names: symbols, then files."""
        if self.alive is None:
            return None
        return np.concatenate([self.alive[self.segment.symbols.files], self.alive])

    @cached_property
    def n_passages(self) -> int:
        mask = self.alive_passages
        return len(self.segment.passages) if mask is None else int(mask.sum())

    def n_embedded(self, fingerprint: str) -> int:
        mask = self.alive_passages
        blocks = self.tiers.get(fingerprint, ())
        return sum(len(b.rows) if mask is None else int(mask[b.rows].sum()) for b in blocks)


@dataclass(frozen=True)
class IndexSnapshot:
    """:ivar generation: grows with every published snapshot. :ivar complete: as the protocol defines it."""

    generation: int
    views: tuple[SegmentView, ...]
    complete: bool

    @cached_property
    def n_passages(self) -> int:
        return sum(view.n_passages for view in self.views)


EMPTY_SNAPSHOT = IndexSnapshot(0, (), complete=False)
