"""Computes a sample of a fetched index again, from the files of this machine."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from semlens.core.cancel import CancelToken
from semlens.core.guarded_reader import read_below
from semlens.core.hashing import ContentHash, content_hash, split_hashes
from semlens.embedding.embedder import TokenIds
from semlens.engine.embedding.tiers import Tier
from semlens.index.segment.segment import Segment, segment_from_arrays
from semlens.index.segment.vectors import VectorBlock
from semlens.share.errors import RejectedError
from semlens.share.manifest import SharedFile
from semlens.workers.messages import FilesRequest, TokensRequest, TokensResult
from semlens.workers.pool import ParsedBatch, ParsePool

ONE_IN = 200
"""Of so many vectors, one is computed again, and of so many passages, one is parsed again."""

MOST_OF_SLOW_MODEL = 256
"""Vectors of the refine tier. Each takes 15 ms of a core, so of 150,000 one in 200 would take as long as all the rest
of a pull. What a sample finds depends on its size, not on that of the index: of 256, one is wrong with a probability of
92 % when one vector in 100 is wrong. The first tier makes up for it: its vectors take a hundredth of the time."""

_MOST_OF_A_BATCH = 16
"""Of these vectors, so that they are of many files."""

_MOST_PASSAGES = 3
"""Where few passages have a vector, so many times the passages of the sample are parsed in search of more."""

_FILES_A_BATCH = 8
_FILES_A_PARSE = 32
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
    """:ivar fingerprints: of the models whose vectors are compared and used. :ivar dimensions: by fingerprint."""

    def __init__(self, pool: ParsePool, tiers: Sequence[Tier], max_file_bytes: int) -> None:
        """:param tiers: models in this process."""
        self.dimensions = {tier.fingerprint: tier.manifest.dimension for tier in tiers}
        self.fingerprints = list(self.dimensions)
        self._pool = pool
        self._tiers = tiers
        self._max_file_bytes = max_file_bytes

    def compare(self, root: Path, fetched: FetchedIndex, cancel: CancelToken) -> int:
        """:returns: how many vectors were compared.

        :raises RejectedError: when one symbol, passage or vector differs.
        """
        left = self._sample_sizes(fetched)
        n_compared = 0
        batches = self._batches(root, fetched)
        asked: deque[_Batch] = deque()
        least = -_MOST_PASSAGES * left[-1]
        while max(left) > 0 and left[-1] > least:
            while len(asked) <= self._pool.n_workers and (paths := next(batches, None)):
                known = [(path, bytes.fromhex(fetched.files[path].hash)) for path in paths]
                asked.append(self._ask(root, known))
            if not asked:
                break
            cancel.check()
            parsed, tokens = asked.popleft().result()
            left[-1] -= sum(len(one.passages) for one in parsed)
            for one in parsed:
                _compare_segments(one, fetched)
            for number, tier in enumerate(self._tiers):
                most = min(left[number], _MOST_OF_A_BATCH) if number else left[number]
                compared = _compare_vectors(tier, tokens[number], parsed, fetched, most)
                left[number] -= compared
                n_compared += compared
        return n_compared

    def compare_passages(self, root: Path, fetched: FetchedIndex, cancel: CancelToken) -> int:
        """Compare the vectors of passages that some files here have too, where no file is the same byte by byte.

        So it is where git writes other line ends. :returns: how many vectors were compared.
        :raises RejectedError: when one vector differs.
        """
        paths = list(fetched.files)
        random.SystemRandom().shuffle(paths)
        n_files = _LEAST_SAMPLE + _MOST_PASSAGES * len(paths) // ONE_IN
        left = self._sample_sizes(fetched)
        n_compared = 0
        for one in self.parse(root, paths[:n_files], cancel):
            for number, tier in enumerate(self._tiers):
                if left[number] > 0:
                    cancel.check()
                    tokens = self._tokens(root, one, tier) if number else one.tokens
                    compared = _compare_vectors(tier, tokens, [one.segment], fetched, left[number])
                    left[number] -= compared
                    n_compared += compared
        return n_compared

    def _sample_sizes(self, fetched: FetchedIndex) -> list[int]:
        """How many vectors of each model are computed, and how many passages are parsed at least."""
        sizes = [
            sum(len(block.rows) for (_, model), block in fetched.vectors.items() if model == fingerprint)
            for fingerprint in self.fingerprints
        ]
        wanted = -(-sum(sizes) // ONE_IN)
        slow = [min(-(-size // ONE_IN), MOST_OF_SLOW_MODEL) for size in sizes[1:]]
        fast = [min(wanted - sum(slow), size) for size in sizes[:1]]
        n_passages = sum(len(segment.passages) for segment in fetched.segments.values())
        of_models = [max(_LEAST_SAMPLE, count) if size else 0 for count, size in zip(fast + slow, sizes, strict=True)]
        return [*of_models, max(_LEAST_SAMPLE, -(-n_passages // ONE_IN))]

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

    def _ask(self, root: Path, known: Sequence[tuple[str, ContentHash]]) -> _Batch:
        parsed = self._parse(root, [path for path, _ in known])
        others = [self._pool.tokenize(TokensRequest(str(root), tuple(known), tier.model)) for tier in self._tiers[1:]]
        return _Batch(parsed, others)

    def _parse(self, root: Path, paths: Sequence[str]) -> Future[ParsedBatch]:
        model = self._tiers[0].model if self._tiers else ""
        files = tuple((path, b"") for path in paths)
        return self._pool.parse_files(FilesRequest(str(root), files, self._max_file_bytes, model))

    def parse(self, root: Path, paths: Sequence[str], cancel: CancelToken) -> list[OwnFiles]:
        """Parse files of this root, some at once. Those that are not searchable are left out."""
        batches = [paths[start : start + _FILES_A_PARSE] for start in range(0, len(paths), _FILES_A_PARSE)]
        parsed = []
        for future in [self._parse(root, batch) for batch in batches]:
            cancel.check()
            parsed += [OwnFiles(*pair) for pair in _segments_of(future.result())]
        return parsed

    def compare_loose(
        self,
        root: Path,
        parsed: Sequence[OwnFiles],
        shared: Mapping[str, Mapping[ContentHash, npt.NDArray[np.int8]]],
        cancel: CancelToken,
    ) -> int:
        """Compute a sample of the vectors of these files again.

        :param shared: by model and content hash. :returns: how many were compared.
        :raises RejectedError: when one differs.
        """
        n_compared = 0
        for number, tier in enumerate(self._tiers):
            vectors = shared.get(tier.fingerprint, {})
            left = min(max(_LEAST_SAMPLE, -(-len(vectors) // ONE_IN)), len(vectors))
            left = min(left, MOST_OF_SLOW_MODEL) if number else left
            for one in parsed:
                if not left:
                    break
                cancel.check()
                tokens = self._tokens(root, one, tier) if number else one.tokens
                compared = _compare_sample(tier, tokens, vectors, left)
                left -= compared
                n_compared += compared
        return n_compared

    def _tokens(self, root: Path, own: OwnFiles, tier: Tier) -> Mapping[ContentHash, TokenIds]:
        table = own.segment.files
        known = [(path, table.hashes[row].tobytes()) for row, path in enumerate(table.paths.tolist())]
        return self._pool.tokenize(TokensRequest(str(root), tuple(known), tier.model)).result().tokens


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """Files of this root that were parsed. :ivar tokens: for the first model, by content hash."""

    segment: Segment
    tokens: Mapping[ContentHash, TokenIds]


@dataclass(frozen=True, slots=True)
class _Batch:
    """Files that workers parse. :ivar others: their tokens for the models after the first."""

    parsed: Future[ParsedBatch]
    others: Sequence[Future[TokensResult]]

    def result(self) -> tuple[list[Segment], list[Mapping[ContentHash, TokenIds]]]:
        """The segments, and the tokens of each model by content hash."""
        parsed = _segments_of(self.parsed.result())
        first = {key: ids for _, tokens in parsed for key, ids in tokens.items()}
        return [one for one, _ in parsed], [first, *(future.result().tokens for future in self.others)]


def _segments_of(parsed: ParsedBatch) -> list[tuple[Segment, dict[ContentHash, TokenIds]]]:
    """The segments that were parsed, each with the tokens of its passages."""
    found = []
    for one in parsed.results:
        if one.segment is not None:
            segment = segment_from_arrays("0" * 32, one.segment)
            keys = split_hashes(segment.passages.hashes.tobytes())
            found.append((segment, dict(zip(keys, one.tokens, strict=False))))
    return found


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
    symbols, passages = segment.symbols.of_file(file), segment.passages.of_file(file)
    rows = range(symbols.start, symbols.stop)
    names = [(segment.symbols.qualified_names[row], segment.symbols.signatures[row]) for row in rows]
    return (
        names,
        segment.symbols.kinds[symbols].tobytes(),
        segment.symbols.spans[symbols].tobytes(),
        segment.passages.lines[passages].tobytes(),
        segment.passages.hashes[passages].tobytes(),
    )


def _compare_vectors(
    tier: Tier, tokens: Mapping[ContentHash, TokenIds], parsed: Iterable[Segment], fetched: FetchedIndex, most: int
) -> int:
    """:returns: how many were compared, at most so many. :raises RejectedError: when a vector differs."""
    shared: dict[ContentHash, npt.NDArray[np.int8]] = {}
    for one in parsed:
        for row, path in enumerate(one.files.paths.tolist()):
            block = fetched.vectors.get((fetched.files[path].segment, tier.fingerprint))
            if block is not None:
                shared |= _vectors_of(fetched, block, one, row)
    return _compare_sample(tier, tokens, shared, most)


def _compare_sample(
    tier: Tier, tokens: Mapping[ContentHash, TokenIds], shared: Mapping[ContentHash, npt.NDArray[np.int8]], most: int
) -> int:
    """Compute some vectors that are known of both sides.

    :returns: how many, at most so many. :raises RejectedError: when one differs.
    """
    known = sorted(shared.keys() & tokens.keys())
    sample = {key: tokens[key] for key in random.sample(known, max(0, min(most, len(known))))}
    if not sample:
        return 0
    computed = tier.embed(sample, cache_vectors=False)
    for key, vector in zip(computed.hashes, computed.matrix.astype(np.float32), strict=True):
        other = shared[key].astype(np.float32)
        lengths = float(np.linalg.norm(vector) * np.linalg.norm(other))
        if vector.any() != other.any() or (lengths and float(vector @ other) / lengths < _LEAST_COSINE):
            raise RejectedError(
                "The shared index has vectors that the model does not compute. It is not used: ask whoever pushes."
            )
    return len(sample)


def _vectors_of(
    fetched: FetchedIndex, block: VectorBlock, parsed: Segment, file: int
) -> dict[ContentHash, npt.NDArray[np.int8]]:
    """The shared vectors of the passages of a file."""
    wanted = {row.tobytes() for row in parsed.passages.hashes[parsed.passages.of_file(file)]}
    path = parsed.files.paths[file]
    segment = fetched.segments[fetched.files[path].segment]
    found = {}
    of_file = segment.passages.of_file(fetched.rows[path])
    for row in range(of_file.start, of_file.stop):
        key = segment.passages.hashes[row].tobytes()
        place = int(np.searchsorted(block.rows, block.rows.dtype.type(row)))
        if key in wanted and place < len(block.rows) and block.rows[place] == row:
            found[key] = block.matrix[place]
    return found
