"""Overlays: open buffers as segments. They stay in the memory of this process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from semlens.core.hashing import ContentHash, content_hash, split_hashes
from semlens.core.symbol import Outline
from semlens.embedding.embedder import TokenIds
from semlens.engine.overlays.open_buffers import OpenBuffer
from semlens.index.segment.segment import Segment
from semlens.index.segment.vectors import VectorBlock, matrix_of
from semlens.index.snapshot import SegmentView


@dataclass(slots=True)
class Overlay:
    """The searchable form of one open document.

    :ivar vectors: vectors of its passages by model fingerprint and content hash. An edit embeds only what it changed.
    :ivar tokens: tokens of passages without a first-tier vector, by content hash.
    :ivar same_as_disk: the file has the same text, so its own segment is used and this overlay has none.
    :ivar is_parsed: False while no worker can be started for it; it is tried again.
    """

    buffer: OpenBuffer
    hash: ContentHash
    segment: Segment | None
    outline: Outline | None
    vectors: dict[str, dict[ContentHash, bytes]] = field(default_factory=dict)
    tokens: dict[ContentHash, TokenIds] = field(default_factory=dict)
    same_as_disk: bool = False
    is_parsed: bool = True

    @property
    def revision(self) -> int:
        return self.buffer.revision

    def passage_hashes(self) -> list[ContentHash]:
        if self.segment is None:
            return []
        return split_hashes(self.segment.passages.hashes.tobytes())

    def view(self, *, dirty: bool) -> SegmentView | None:
        if self.segment is None:
            return None
        hashes = self.passage_hashes()
        tiers: dict[str, tuple[VectorBlock, ...]] = {}
        for fingerprint, vectors in self.vectors.items():
            rows = [row for row, key in enumerate(hashes) if key in vectors]
            if rows:
                block = VectorBlock(np.array(rows, np.uint32), matrix_of([vectors[hashes[row]] for row in rows]))
                tiers[fingerprint] = (block,)
        return SegmentView(self.buffer.root, self.segment, None, tiers, buffer_uri=self.buffer.uri, dirty=dirty)


def encode_text(text: str) -> bytes:
    """Encode a buffer as UTF-8, as a saved file would be. Lone surrogates are kept."""
    return text.encode("utf-8", "surrogatepass")


def hash_text(text: str) -> ContentHash:
    return content_hash(encode_text(text))


def carry_vectors(old: Overlay | None, hashes: list[ContentHash]) -> dict[str, dict[ContentHash, bytes]]:
    """Return the vectors of the previous overlay for passages that still exist."""
    if old is None:
        return {}
    wanted = set(hashes)
    return {
        fingerprint: {key: vector for key, vector in vectors.items() if key in wanted}
        for fingerprint, vectors in old.vectors.items()
    }


def vectors_in_view(view: SegmentView, row: int, wanted: set[ContentHash]) -> Mapping[str, dict[ContentHash, bytes]]:
    """Return the vectors of a file in a view for the wanted passages, by model fingerprint."""
    passages = view.segment.passages
    of_file = passages.of_file(row)
    hashes = split_hashes(passages.hashes[of_file].tobytes())
    rows = {row: key for row, key in enumerate(hashes, of_file.start) if key in wanted}
    vectors: dict[str, dict[ContentHash, bytes]] = {}
    for fingerprint in view.tiers:
        vectors_by_hash = vectors.setdefault(fingerprint, {})
        for block in view.blocks(fingerprint):
            wanted_rows = np.array(list(rows), block.rows.dtype)
            places: list[int] = np.searchsorted(block.rows, wanted_rows).tolist() if rows and len(block.rows) else []
            for passage, place in zip(rows, places, strict=False):
                if place < len(block.rows) and block.rows[place] == passage:
                    vectors_by_hash[rows[passage]] = block.matrix[place].tobytes()
    return vectors
