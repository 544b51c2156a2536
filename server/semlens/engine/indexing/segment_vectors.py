"""Vectors of a segment: which its files have from their last version, which are read and written beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from semlens.core.hashing import HASH_BYTES, ContentHash, split_hashes
from semlens.engine.indexing.live_segment import LiveSegment
from semlens.engine.overlays.overlay import vectors_in_view
from semlens.index.segment.segment import Segment
from semlens.index.segment.vectors import VectorBlock, join_blocks, matrix_of
from semlens.index.snapshot import SegmentView
from semlens.index.storage.root_store import RootStore

VectorsOfSegment: TypeAlias = tuple[Segment, Sequence[VectorBlock]]

_HEAD_BYTES = 8


def vectors_elsewhere(others: Iterable[VectorsOfSegment], wanted: Collection[ContentHash]) -> dict[ContentHash, bytes]:
    """The vectors that passages with the same text have in other segments.

    The vector cache does not have those of an index that was pulled, so a file that moves would be embedded again.
    """
    found: dict[ContentHash, bytes] = {}
    heads = _heads(np.frombuffer(b"".join(wanted), np.uint8).reshape(-1, HASH_BYTES))
    for segment, blocks in others if wanted else ():
        hashes = segment.passages.hashes
        rows = np.flatnonzero(np.isin(_heads(hashes), heads)).astype(np.uint32)
        for block in blocks:
            _, places, _ = np.intersect1d(block.rows, rows, assume_unique=True, return_indices=True)
            for place in places.tolist():
                key = hashes[block.rows[place]].tobytes()
                if key in wanted:
                    found[key] = block.matrix[place].tobytes()
    return found


def _heads(hashes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """The first bytes of each hash as one number, which is compared faster."""
    return np.ascontiguousarray(hashes[:, :_HEAD_BYTES]).view(np.uint64).ravel()


def keep_vectors(live: LiveSegment, replaced: Sequence[tuple[LiveSegment, int]]) -> None:
    """Give passages of a new segment the vectors that they have in the old versions of its files.

    The vector cache has these too, but for those of an index that was pulled.

    :param replaced: segments and rows of the old versions.
    """
    keys = split_hashes(live.segment.passages.hashes.tobytes()) if replaced else []
    wanted = set(keys)
    known: dict[str, dict[ContentHash, bytes]] = {}
    for old, row in replaced:
        view = SegmentView("", old.segment, None, old.tiers)
        for fingerprint, vectors in vectors_in_view(view, row, wanted).items():
            known.setdefault(fingerprint, {}).update(vectors)
    for fingerprint, vectors in known.items():
        rows = [row for row, key in enumerate(keys) if key in vectors]
        if rows:
            matrix = matrix_of([vectors[keys[row]] for row in rows])
            live.add_block(fingerprint, VectorBlock(np.array(rows, np.uint32), matrix))


def load_vectors(segments: Mapping[str, LiveSegment], fingerprints: Sequence[str], store: RootStore) -> None:
    """Read the vectors of the models in use that were stored with the segments."""
    for segment_id, live in segments.items():
        for fingerprint in fingerprints:
            if fingerprint in live.tiers:
                continue
            block = store.read_vectors(segment_id, fingerprint)
            if block is not None and _fits(block, live, segments, fingerprint):
                live.tiers[fingerprint] = (block,)
                live.written_vectors.add(fingerprint)
                live.loaded = True
                live.view = None


def _fits(block: VectorBlock, live: LiveSegment, segments: Mapping[str, LiveSegment], fingerprint: str) -> bool:
    """Whether its rows exist, and its vectors are as long as those of the other segments."""
    others = (one.tiers[fingerprint][0] for one in segments.values() if fingerprint in one.tiers)
    length = next((other.matrix.shape[1] for other in others), block.matrix.shape[1])
    rows_fit = not len(block.rows) or int(block.rows[-1]) < len(live.segment.passages)
    return rows_fit and block.matrix.shape[1] == length


def write_vectors(live: LiveSegment, fingerprints: Sequence[str], store: RootStore) -> int:
    """Write the tiers that are whole. Vectors of the others are in the user's vector cache, and a file is written once.

    :returns: bytes written. :raises OSError: when the disk refuses.
    """
    n_written = 0
    for fingerprint in fingerprints:
        blocks = live.tiers.get(fingerprint, ())
        if blocks and fingerprint not in live.written_vectors and not len(live.missing(fingerprint)):
            block = join_blocks(blocks)
            store.write_vectors(live.segment.id, fingerprint, block)
            n_written += block.matrix.nbytes
            live.tiers[fingerprint] = (store.read_vectors(live.segment.id, fingerprint) or block,)
            live.written_vectors.add(fingerprint)
            live.view = None
    return n_written


def has_unwritten_vectors(segments: Mapping[str, LiveSegment], fingerprints: Sequence[str]) -> bool:
    return any(
        fingerprint not in live.written_vectors and not len(live.missing(fingerprint))
        for live in segments.values()
        for fingerprint in fingerprints
        if fingerprint in live.tiers
    )
