"""Computes a sample of a fetched index again, from the files of this machine."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from semlens.core.cancel import CancelToken
from semlens.core.guarded_reader import read_below
from semlens.core.hashing import ContentHash, content_hash
from semlens.embedding.embedder import TokenIds
from semlens.engine.embedding.tiers import Tier
from semlens.index.segment.segment import Segment, segment_from_arrays
from semlens.index.segment.vectors import VectorBlock
from semlens.share.errors import RejectedError
from semlens.share.manifest import SharedFile
from semlens.workers.messages import FilesRequest
from semlens.workers.pool import ParsePool

ONE_IN = 200
"""Of so many passages, one is computed again."""

_FILES_A_BATCH = 8
_LEAST_SAMPLE = 8
_LEAST_COSINE = 0.97
"""Between a vector that was computed elsewhere and the same here: processors round differently."""


@dataclass(frozen=True, slots=True)
class FetchedIndex:
    """:ivar vectors: by segment and model. :ivar files: by path. :ivar rows: of files in their segments, by path."""

    segments: Mapping[str, Segment]
    vectors: Mapping[tuple[str, str], VectorBlock]
    files: Mapping[str, SharedFile]
    rows: Mapping[str, int]


class Sampler:
    """:ivar fingerprints: of the models whose vectors are compared and used."""

    def __init__(self, pool: ParsePool, tiers: Sequence[Tier], max_file_bytes: int) -> None:
        """:param tiers: models in this process."""
        self.fingerprints = [tier.fingerprint for tier in tiers]
        self._pool = pool
        self._tiers = tiers
        self._max_file_bytes = max_file_bytes

    def compare(self, root: Path, fetched: FetchedIndex, cancel: CancelToken) -> int:
        """:returns: how many vectors were compared.

        :raises RejectedError: when one symbol, passage or vector differs.
        """
        n_passages = sum(len(segment.passages) for segment in fetched.segments.values())
        left = max(_LEAST_SAMPLE, -(-n_passages // ONE_IN))
        n_compared = n_counted = 0
        for paths in self._batches(root, fetched):
            cancel.check()
            if left <= 0:
                break
            for number, tier in enumerate(self._tiers or (None,)):
                counted, compared = self._compare_batch(root, paths, fetched, tier, left)
                n_compared += compared
                n_counted = counted if number == 0 else n_counted
            left -= n_counted
        return n_compared

    def _batches(self, root: Path, fetched: FetchedIndex) -> Iterator[list[str]]:
        """Files of this root with the content that was indexed, in an order that nobody can foresee."""
        paths = list(fetched.files)
        random.SystemRandom().shuffle(paths)
        batch: list[str] = []
        for path in paths:
            try:
                data = read_below(str(root), path, self._max_file_bytes + 1)
            except OSError:
                continue
            if content_hash(data).hex() != fetched.files[path].hash:
                continue
            batch.append(path)
            if len(batch) == _FILES_A_BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def _compare_batch(
        self, root: Path, paths: Sequence[str], fetched: FetchedIndex, tier: Tier | None, most: int
    ) -> tuple[int, int]:
        """:param most: vectors to compute.

        :returns: passages of the files, and vectors that were compared.
        """
        files = tuple((path, b"") for path in paths)
        request = FilesRequest(str(root), files, self._max_file_bytes, tier.model if tier is not None else "")
        n_passages = n_vectors = 0
        for result in self._pool.parse_files(request).result().results:
            if result.segment is None:
                continue
            parsed = segment_from_arrays("0" * 32, result.segment)
            n_passages += len(parsed.passages)
            _compare_segments(parsed, fetched)
            if tier is not None:
                hashes = [row.tobytes() for row in parsed.passages.hashes]
                tokens = dict(zip(hashes, result.tokens, strict=False))
                n_vectors += _compare_vectors(tier, tokens, parsed, fetched, most - n_vectors)
        return n_passages, n_vectors


def _compare_segments(parsed: Segment, fetched: FetchedIndex) -> None:
    """:raises RejectedError: when the symbols or passages of a file differ."""
    for row in range(len(parsed.files)):
        path = parsed.files.paths[row]
        other = fetched.segments[fetched.files[path].segment]
        if _content(parsed, row) != _content(other, fetched.rows[path]):
            raise RejectedError(
                f"The shared index says of {path} what its content does not say. It is not used: ask whoever pushes."
            )


def _content(segment: Segment, file: int) -> tuple[object, ...]:
    """What a segment says of a file, without row numbers."""
    symbols, passages = _rows(segment.symbols.files, file), _rows(segment.passages.files, file)
    names = [(segment.symbols.qualified_names[row], segment.symbols.signatures[row]) for row in symbols]
    return (
        names,
        segment.symbols.kinds[symbols].tobytes(),
        segment.symbols.spans[symbols].tobytes(),
        segment.passages.lines[passages].tobytes(),
        segment.passages.hashes[passages].tobytes(),
    )


def _rows(files: npt.NDArray[np.uint32], file: int) -> npt.NDArray[np.int64]:
    return np.arange(*np.searchsorted(files, [file, file + 1]))


def _compare_vectors(
    tier: Tier, tokens: Mapping[ContentHash, TokenIds], parsed: Segment, fetched: FetchedIndex, most: int
) -> int:
    """:raises RejectedError: when a vector differs."""
    shared: dict[ContentHash, npt.NDArray[np.int8]] = {}
    for row in range(len(parsed.files)):
        segment_id = fetched.files[parsed.files.paths[row]].segment
        block = fetched.vectors.get((segment_id, tier.fingerprint))
        if block is not None:
            shared |= _vectors_of(fetched, block, parsed, row)
    sample = {key: tokens[key] for key in random.sample(sorted(shared), max(0, min(most, len(shared))))}
    if not sample:
        return 0
    computed = tier.embed(sample, cache_vectors=False)
    for key, vector in zip(computed.hashes, computed.matrix.astype(np.float32), strict=True):
        other = shared[key].astype(np.float32)
        lengths = float(np.linalg.norm(vector) * np.linalg.norm(other))
        if lengths and float(vector @ other) / lengths < _LEAST_COSINE:
            raise RejectedError(
                "The shared index has vectors that the model does not compute. It is not used: ask whoever pushes."
            )
    return len(sample)


def _vectors_of(
    fetched: FetchedIndex, block: VectorBlock, parsed: Segment, file: int
) -> dict[ContentHash, npt.NDArray[np.int8]]:
    """The shared vectors of the passages of a file."""
    wanted = {row.tobytes() for row in parsed.passages.hashes[_rows(parsed.passages.files, file)]}
    path = parsed.files.paths[file]
    segment = fetched.segments[fetched.files[path].segment]
    found = {}
    for row in _rows(segment.passages.files, fetched.rows[path]).tolist():
        key = segment.passages.hashes[row].tobytes()
        place = int(np.searchsorted(block.rows, row))
        if key in wanted and place < len(block.rows) and block.rows[place] == row:
            found[key] = block.matrix[place]
    return found
