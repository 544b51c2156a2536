"""Content hashes. Two texts with the same hash are the same to the index."""

from __future__ import annotations

import hashlib
from typing import TypeAlias

ContentHash: TypeAlias = bytes
"""16 bytes of BLAKE2b: collisions among 10^9 texts have a probability below 10^-20."""

HASH_BYTES = 16


def content_hash(data: bytes) -> ContentHash:
    return hashlib.blake2b(data, digest_size=HASH_BYTES).digest()


def split_hashes(data: bytes) -> list[ContentHash]:
    """The hashes that stand one after the other."""
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def content_hash_of_fields(*fields: str) -> ContentHash:
    """Hash of several texts; the separator keeps ``("ab", "c")`` and ``("a", "bc")`` apart."""
    return content_hash("\x1f".join(fields).encode("utf-8", "surrogatepass"))
