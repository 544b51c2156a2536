"""Computes one batch, on whichever machine: parses its files in a parse worker and embeds their passages.

The result is bytes: columns by name, without pickled objects, so that it can lie on disk and cross versions of Python.
"""

from __future__ import annotations

import io
import platform
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semlens.cluster.errors import ClusterError
from semlens.cluster.indexing.batches import Batch, Recipe
from semlens.core.hashing import ContentHash
from semlens.core.status import SEARCHABLE, SkipReason
from semlens.embedding.embedder import TokenIds
from semlens.engine.embedding.tiers import Tier, choose_local_tiers
from semlens.index.arrays import Int8Matrix
from semlens.index.segment.columns import Array
from semlens.index.segment.segment import Segment, segment_from_arrays
from semlens.share.publishing import recipe as segment_recipe
from semlens.workers.messages import FilesRequest, TokensRequest
from semlens.workers.pool import ParsePool

_EMBEDDED_AT_ONCE = 32
_SEGMENT, _HASHES, _VECTORS = "segment.", "hashes.", "vectors."


class Computer:
    """The models and the parse workers of one process. Thread-safe."""

    def __init__(self, recipe: Recipe, n_workers: int) -> None:
        """:raises ClusterError: when this machine would compute something else than the others."""
        self._recipe = recipe
        self._tiers = choose_local_tiers(*recipe.models, recipe.model_folders)
        own = (segment_recipe(), tuple(tier.fingerprint for tier in self._tiers))
        if own != (recipe.segments, recipe.fingerprints):
            raise ClusterError(
                f"The node {platform.node()} has another version of semlens or of its models. Install the same one "
                "on every node."
            )
        self._pool = ParsePool(n_workers)

    def close(self) -> None:
        self._pool.close()
        for tier in self._tiers:
            tier.close()

    def compute(self, batch: Batch) -> bytes:
        """Segment and vectors of a batch. Files that cannot be parsed are left out."""
        with tempfile.TemporaryDirectory(prefix="semlens-batch-") as folder:
            for path, data in (*batch.files, *batch.attributes):
                target = Path(folder, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
            return self._computed(folder, tuple((path, b"") for path, _ in batch.files))

    def _computed(self, folder: str, files: tuple[tuple[str, ContentHash], ...]) -> bytes:
        arrays: dict[str, Array] = {}
        first = self._tiers[0].model if self._tiers else ""
        parsed = self._pool.parse_files(FilesRequest(folder, files, self._recipe.max_file_bytes, first)).result()
        tokens: dict[ContentHash, TokenIds] = {}
        known: list[tuple[str, ContentHash]] = []
        plain: list[str] = []
        for number, result in enumerate(parsed.results):
            known += [(outcome.path, outcome.hash) for outcome in result.outcomes if outcome.reason in SEARCHABLE]
            plain += [outcome.path for outcome in result.outcomes if outcome.reason == SkipReason.PLAIN_TEXT]
            if result.segment is not None:
                arrays |= {f"{_SEGMENT}{number}.{name}": column for name, column in result.segment.items()}
                hashes = [row.tobytes() for row in result.segment["passages.hashes"]]
                tokens |= dict(zip(hashes, result.tokens, strict=False))
        for number, tier in enumerate(self._tiers):
            if number:
                request = TokensRequest(folder, tuple(known), tier.model, tuple(plain))
                tokens = self._pool.tokenize(request).result().tokens
            arrays |= _embedded(tier, tokens)
        return _packed(arrays)


@dataclass(frozen=True, slots=True)
class Computed:
    """:ivar segments: of the batch, in order of their files. :ivar vectors: by fingerprint and content hash."""

    segments: Sequence[Segment]
    vectors: Mapping[str, Mapping[ContentHash, bytes]]


def read_computed(data: bytes) -> Computed:
    """:raises ClusterError: when it is damaged."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        by_number: dict[int, dict[str, Array]] = {}
        for name, column in arrays.items():
            if name.startswith(_SEGMENT):
                number, _, rest = name.removeprefix(_SEGMENT).partition(".")
                by_number.setdefault(int(number), {})[rest] = column
        segments = [segment_from_arrays("0" * 32, by_number[number]) for number in sorted(by_number)]
        vectors = {
            name.removeprefix(_HASHES): _vectors(column, arrays[_VECTORS + name.removeprefix(_HASHES)])
            for name, column in arrays.items()
            if name.startswith(_HASHES)
        }
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ClusterError(f"The result of a batch is damaged ({error}). Build again.") from error
    return Computed(segments, vectors)


def _embedded(tier: Tier, tokens: Mapping[ContentHash, TokenIds]) -> dict[str, Array]:
    """In order of the content hashes, so that equal batches have equal vectors to the last bit."""
    ordered = sorted(tokens)
    parts: list[Int8Matrix] = []
    for start in range(0, len(ordered), _EMBEDDED_AT_ONCE):
        chunk = {key: tokens[key] for key in ordered[start : start + _EMBEDDED_AT_ONCE]}
        parts.append(tier.embed(chunk, cache_vectors=False).matrix)
    if not parts:
        return {}
    hashes = np.frombuffer(b"".join(ordered), np.uint8).reshape(len(ordered), -1)
    return {_HASHES + tier.fingerprint: hashes, _VECTORS + tier.fingerprint: np.concatenate(parts)}


def _vectors(hashes: Array, matrix: Array) -> dict[ContentHash, bytes]:
    return {key.tobytes(): row.tobytes() for key, row in zip(hashes, matrix, strict=True)}


def _packed(arrays: Mapping[str, Array]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **dict(arrays))  # type: ignore[arg-type]
    return buffer.getvalue()
