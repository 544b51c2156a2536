"""A segment of a root while its files and vectors change. Used by the indexer thread alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from semlens.core.hashing import ContentHash, split_hashes
from semlens.embedding.embedder import TokenIds
from semlens.index.segment.segment import Segment
from semlens.index.segment.vectors import VectorBlock, join_blocks
from semlens.index.snapshot import SegmentView
from semlens.index.storage.root_store import FileEntry

MERGE_FANOUT = 8
"""How many segments of about one size become one while files change."""


@dataclass(slots=True)
class LiveSegment:
    """A segment and what changed about it since it was built.

    :ivar alive: mask over its files, replaced rather than written to: snapshots hold the old one.
    :ivar tiers: vectors so far, by fingerprint. :ivar tokens: what the first tier has yet to embed.
    :ivar unembeddable: rows that a model cannot be given, since their file changed or kills the parser.
    :ivar swept: by model, the row up to which the cache was asked for vectors.
    :ivar loaded: whether some vectors were read from the disk. The cache may lack these: they may have been pulled.
    """

    segment: Segment
    alive: npt.NDArray[np.bool_]
    tiers: dict[str, tuple[VectorBlock, ...]] = field(default_factory=dict)
    tokens: tuple[TokenIds, ...] = ()
    n_bytes: int = 0
    written: bool = False
    written_vectors: set[str] = field(default_factory=set)
    view: SegmentView | None = None
    unembeddable: dict[str, set[int]] = field(default_factory=dict)
    swept: dict[str, int] = field(default_factory=dict)
    loaded: bool = False

    @property
    def n_alive(self) -> int:
        return int(self.alive.sum())

    def missing(self, fingerprint: str) -> npt.NDArray[np.uint32]:
        """The rows of live passages that have no vector of this model."""
        blocks = self.tiers.get(fingerprint, ())
        if sum(len(block.rows) for block in blocks) == len(self.segment.passages):  # blocks share no row
            return np.zeros(0, np.uint32)
        needs_vector = self.alive[self.segment.passages.files].copy()
        for block in blocks:
            needs_vector[block.rows] = False
        needs_vector[list(self.unembeddable.get(fingerprint, ()))] = False
        return np.flatnonzero(needs_vector).astype(np.uint32)

    def passage_hashes(self, rows: npt.NDArray[np.uint32]) -> list[ContentHash]:
        return split_hashes(self.segment.passages.hashes[rows].tobytes())

    def add_block(self, fingerprint: str, block: VectorBlock) -> None:
        blocks = (*self.tiers.get(fingerprint, ()), block)
        # Few blocks keep a scan fast. Joining them in steps keeps adding blocks cheap.
        if len(blocks) > MERGE_FANOUT:
            blocks = (join_blocks(blocks),)
        self.tiers[fingerprint] = blocks
        self.view = None


def verified_files(
    stored: Mapping[str, FileEntry], segments: Mapping[str, LiveSegment]
) -> tuple[dict[str, FileEntry], dict[str, int]]:
    """The stored entries that their segment confirms: a segment has a checksum, an entry has none.

    :returns: the entries, and for those in a segment the row of the file.
    """
    files: dict[str, FileEntry] = {}
    rows: dict[str, int] = {}
    places: dict[tuple[str, str], tuple[int, ContentHash]] = {}
    for key, live in segments.items():
        hashes = split_hashes(live.segment.files.hashes.tobytes())
        for row, path in enumerate(live.segment.files.paths.tolist()):
            places[key, path] = row, hashes[row]
    for path, entry in stored.items():
        if not entry.segment:
            if entry.reason:
                files[path] = entry
            continue
        row, digest = places.get((entry.segment, path), (-1, b""))
        if row >= 0 and digest == entry.hash:
            files[path] = entry
            rows[path] = row
    return files, rows
