"""Shares vectors of files that stay out because of a secret: of those passages alone whose text has none.

A push parses such a file a second time with its secrets masked. A passage that both texts have, by the hash of its
whole text, was not changed by a mask. Only the hash and the vector of such a passage are stored: neither the file's
path, nor its hash, names or words.

A pull parses the files that the manifest does not name, as the index would do next. A vector counts where a passage
here has its hash.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from semlens.core.cancel import CancelToken
from semlens.core.hashing import HASH_BYTES, ContentHash, split_hashes
from semlens.core.text.secrets import MASK, is_environment_file, mask_secrets
from semlens.files.file_stamp import NO_STAMP
from semlens.index.arrays import Int8Matrix
from semlens.index.segment.columns import ColumnFileError, read_column_file, write_column_file
from semlens.index.segment.merge import merge_segments
from semlens.index.segment.segment import Segment
from semlens.index.segment.vectors import VectorBlock
from semlens.index.storage.commit_rows import FileEntry
from semlens.index.storage.root_store import vectors_path, write_vector_file
from semlens.share.manifest import LOOSE
from semlens.share.sampling import Sampler
from semlens.syntax.parsing.decode import decode
from semlens.workers.messages import BufferRequest
from semlens.workers.pool import ParsePool

_WORD = re.compile(r"\w{6,}")


@dataclass(frozen=True, slots=True)
class LooseVectors:
    """Vectors of passages by the hash of their text. :ivar hashes: ascending, shape (n, 16)."""

    hashes: npt.NDArray[np.uint8]
    matrix: Int8Matrix

    def rows(self) -> dict[ContentHash, int]:
        return {key: row for row, key in enumerate(split_hashes(self.hashes.tobytes()))}


def shareable_passages(path: str, data: bytes, pool: ParsePool) -> set[ContentHash]:
    """The hashes of a file's passages that have no secret; see the module. None of a file that holds only settings."""
    text = decode(data)
    if text is None or is_environment_file(path):
        return set()
    parsed = pool.parse_buffer(BufferRequest(path, _masked(text).encode("utf-8", "surrogatepass"), "")).result()
    return {passage.content_hash for one in parsed.results if one.outline for passage in one.outline.passages}


def _masked(text: str) -> str:
    """The text without its secrets, and without the words of these where the rules do not see them."""
    masked = mask_secrets(text)[0]
    lost: set[str] = set()
    for before, after in zip(text.split("\n"), masked.split("\n"), strict=True):
        if before != after:
            lost |= set(_WORD.findall(before)) - set(_WORD.findall(after))
    return _WORD.sub(lambda word: MASK if word[0] in lost else word[0], masked)


def loose_vectors(
    parts: Iterable[tuple[Segment, VectorBlock]], shareable: Mapping[str, set[ContentHash]]
) -> LooseVectors | None:
    """The vectors of what may be shared of some files; None when there is none.

    :param parts: segments with their vectors. :param shareable: hashes of passages by the path of their file.
    """
    found: dict[ContentHash, bytes] = {}
    for segment, block in parts:
        paths = segment.files.paths.tolist()
        allowed = np.array([path in shareable for path in paths], bool)
        for place in np.flatnonzero(allowed[segment.passages.files[block.rows]]).tolist():
            row = int(block.rows[place])
            key = segment.passages.hashes[row].tobytes()
            if key in shareable[paths[segment.passages.files[row]]]:
                found[key] = block.matrix[place].tobytes()
    if not found:
        return None
    keys = sorted(found)
    matrix = np.frombuffer(b"".join(found[key] for key in keys), np.int8).reshape(len(keys), -1)
    return LooseVectors(np.frombuffer(b"".join(keys), np.uint8).reshape(-1, HASH_BYTES), matrix)


def write_loose(folder: Path, fingerprint: str, vectors: LooseVectors) -> Path:
    """:raises OSError: when the disk is full."""
    path = vectors_path(folder, LOOSE, fingerprint)
    write_column_file(path, {"hashes": vectors.hashes, "matrix": vectors.matrix}, {"model": fingerprint})
    return path


def read_loose(folder: Path, fingerprint: str) -> LooseVectors:
    """:raises ColumnFileError: when the file is damaged or has another form."""
    arrays, identity = read_column_file(vectors_path(folder, LOOSE, fingerprint))
    try:
        hashes, matrix = arrays["hashes"], arrays["matrix"]
    except KeyError as error:
        raise ColumnFileError("a column is missing") from error
    is_whole = hashes.dtype == np.uint8 and matrix.dtype == np.int8 and matrix.ndim == 2 and matrix.shape[1]
    if not is_whole or hashes.shape != (len(matrix), HASH_BYTES) or identity != {"model": fingerprint}:
        raise ColumnFileError("the vectors do not fit their hashes")
    return LooseVectors(hashes, matrix)


def add_own_files(
    root: Path,
    paths: Sequence[str],
    loose: Mapping[str, LooseVectors],
    folder: Path,
    sampler: Sampler,
    cancel: CancelToken,
) -> tuple[dict[str, FileEntry], int]:
    """Parse files of this root, and write their segment with the vectors that were shared into a folder.

    :returns: the entries of these files, and how many vectors were compared.
    :raises RejectedError: when a vector of the sample is not what the model computes.
    """
    parsed = sampler.parse(root, paths, cancel)
    hashes = {key for one in parsed for key in split_hashes(one.segment.passages.hashes.tobytes())}
    known = {
        fingerprint: {key: vectors.matrix[row] for key, row in vectors.rows().items() if key in hashes}
        for fingerprint, vectors in loose.items()
    }
    if not any(known.values()):
        return {}, 0
    random.SystemRandom().shuffle(parsed)
    n_compared = sampler.compare_loose(root, parsed, known, cancel)
    segments = [one.segment for one in parsed]
    merged = merge_segments([(one, np.ones(len(one.files), bool)) for one in segments]).segment
    merged.write(folder)
    keys = split_hashes(merged.passages.hashes.tobytes())
    for fingerprint, vectors in known.items():
        rows = [row for row, key in enumerate(keys) if key in vectors]
        if rows:
            block = VectorBlock(np.array(rows, np.uint32), np.stack([vectors[keys[row]] for row in rows]))
            write_vector_file(folder, merged.id, fingerprint, block)
    entries = {
        path: FileEntry(NO_STAMP, merged.files.hashes[row].tobytes(), merged.id)
        for row, path in enumerate(merged.files.paths.tolist())
    }
    return entries, n_compared
