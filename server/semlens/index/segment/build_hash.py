"""The hash of what a segment was built by: the feature version and the constants of BM25F.

Segments hold weights that were computed with these constants. Weights of different constants do not compare, so a
change of a constant rebuilds the index. Constants that are applied at query time, such as `K1`, are left out.
"""

from __future__ import annotations

import zlib

from semlens.index.segment.bm25f import FIELDS
from semlens.index.segment.postings import CODE_SHIFT, CODES_PER_E
from semlens.index.segment.terms import FOLDERS, NAME_MARK, STEM, STOP_WORDS
from semlens.index.versions import FEATURE_VERSION, IndexProblem

_CHECKSUM_BITS = 32
UNFINISHED_BUILD = 0
"""Stands for the hash while some segments are still of an older build."""


def build_hash(feature_version: int = FEATURE_VERSION, constants: object = None) -> int:
    """The feature version in the high bits, the CRC-32 of the constants in the low 32 bits.

    :param constants: anything with a stable ``repr``; the constants of this program by default.
    """
    if constants is None:
        constants = (FIELDS, STEM, FOLDERS, NAME_MARK, CODES_PER_E, CODE_SHIFT, sorted(STOP_WORDS))
    return feature_version << _CHECKSUM_BITS | zlib.crc32(repr(constants).encode())


def build_problem(stored: int | None) -> IndexProblem | None:
    """Why segments of a stored build hash must be built again, or None when they are current.

    :param stored: the hash of the last commit, or None when there is no commit.
    """
    if stored is None:
        return IndexProblem.MISSING
    if stored == build_hash():
        return None
    if stored == UNFINISHED_BUILD:
        return IndexProblem.UNFINISHED
    # feature versions up to 5 were stored as plain numbers: they differ in the high bits too
    is_same_version = stored >> _CHECKSUM_BITS == FEATURE_VERSION
    return IndexProblem.BM25F_CONSTANTS if is_same_version else IndexProblem.FEATURE_VERSION
