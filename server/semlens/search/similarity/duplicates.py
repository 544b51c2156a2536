"""Groups duplicate code: symbols with similar code fingerprints, despite renamed variables and small edits.

Computing fingerprints belongs to `syntax/fingerprint`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semlens.core.cancel import CancelToken
from semlens.syntax.fingerprint import CodeFingerprint

LEAST_LINES = 5
LEAST_TOKENS = 40
"""Smaller symbols, such as getters, wrappers and empty constructors, are similar without being copies."""

LEAST_SIMILARITY = 0.8
_BANDS = 8
"""Bands of locality-sensitive hashing, with two minima each. A pair of similarity 0.8 shares at least one band with a
probability of 0.9997."""

_BUCKET = 20
"""Most leaders kept for one value of a band. The other bands separate fingerprints with such a common value."""

_CHECKED_EVERY = 256


@dataclass(frozen=True, slots=True)
class FingerprintedSymbol:
    """A symbol to compare.

    :ivar key: chosen by the caller. :ivar file: equal for symbols of one file.
    :ivar exact: hash of all tokens. :ivar minima: MinHash of the shingles.
    """

    key: int
    file: int
    first_line: int
    last_line: int
    n_tokens: int
    exact: int
    minima: npt.NDArray[np.uint32]

    @property
    def n_lines(self) -> int:
        return self.last_line - self.first_line + 1


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """A group of similar symbols.

    :ivar symbols: largest first. :ivar similarity: the lowest similarity to the first, 1.0 for equal fingerprints.
    :ivar saved_lines: number of lines that can be deleted when one of them is kept.
    """

    symbols: tuple[FingerprintedSymbol, ...]
    similarity: float
    saved_lines: int


def group_duplicates(symbols: Sequence[FingerprintedSymbol], limit: int, cancel: CancelToken) -> list[DuplicateGroup]:
    """Groups of near-identical symbols, largest saving first, without symbols inside a larger member."""
    eligible = [s for s in symbols if s.n_lines >= LEAST_LINES and s.n_tokens >= LEAST_TOKENS]
    groups = _exact_groups(eligible)
    cancel.check()
    merged = _merge_similar(groups, cancel)
    duplicates = [group for members in merged if len(members) > 1 and len((group := _group(members)).symbols) > 1]
    duplicates.sort(key=lambda group: (-group.saved_lines, -group.similarity))
    return _without_nested(duplicates)[:limit]


def _exact_groups(symbols: Sequence[FingerprintedSymbol]) -> list[list[FingerprintedSymbol]]:
    by_shape: dict[tuple[int, int], list[FingerprintedSymbol]] = defaultdict(list)
    for symbol in symbols:
        by_shape[(symbol.exact, symbol.n_tokens)].append(symbol)
    return list(by_shape.values())


def _merge_similar(groups: list[list[FingerprintedSymbol]], cancel: CancelToken) -> list[list[FingerprintedSymbol]]:
    """Join groups whose first members are similar. Each is compared with the leaders that share a band with it."""
    if not groups:
        return []
    groups.sort(key=lambda members: -members[0].n_tokens)
    minima = np.stack([members[0].minima for members in groups])
    sizes = np.array([members[0].n_tokens for members in groups], np.float32)
    pairs = minima.astype(np.uint64).reshape(len(groups), _BANDS, 2)
    bands = ((pairs[:, :, 0] << np.uint64(32)) | pairs[:, :, 1]).tolist()
    leaders: dict[int, list[FingerprintedSymbol]] = {}
    by_band: list[dict[int, list[int]]] = [defaultdict(list) for _ in range(_BANDS)]
    for number, members in enumerate(groups):
        if number % _CHECKED_EVERY == 0:
            cancel.check()
        buckets = [of_band[key] for of_band, key in zip(by_band, bands[number], strict=True)]
        neighbours = list({leader for bucket in buckets for leader in bucket})
        if neighbours:
            alike = (minima[neighbours] == minima[number]).mean(axis=1) * (sizes[number] / sizes[neighbours])
            best = int(np.argmax(alike))
            if alike[best] >= LEAST_SIMILARITY:
                leaders[neighbours[best]].extend(members)
                continue
        for bucket in buckets:
            if len(bucket) < _BUCKET:
                bucket.append(number)
        leaders[number] = list(members)
    return list(leaders.values())


def similarity(first: FingerprintedSymbol | CodeFingerprint, other: FingerprintedSymbol | CodeFingerprint) -> float:
    """Estimated Jaccard similarity of the shingles, times the ratio of the sizes. 1.0 for equal fingerprints."""
    if first.exact == other.exact and first.n_tokens == other.n_tokens:
        return 1.0
    return (
        float(np.mean(first.minima == other.minima))
        * min(first.n_tokens, other.n_tokens)
        / max(first.n_tokens, other.n_tokens)
    )


def _group(members: list[FingerprintedSymbol]) -> DuplicateGroup:
    members = _outermost(members)
    if len(members) < 2:
        return DuplicateGroup(tuple(members), 1.0, 0)
    least = min(similarity(members[0], other) for other in members[1:])
    return DuplicateGroup(tuple(members), least, sum(symbol.n_lines for symbol in members[1:]))


def _outermost(members: list[FingerprintedSymbol]) -> list[FingerprintedSymbol]:
    """Largest first, without symbols inside another: a function is similar to one that only wraps it."""
    distinct: list[FingerprintedSymbol] = []
    for symbol in sorted(members, key=lambda item: -item.n_lines):
        if not any(
            other.file == symbol.file and other.first_line <= symbol.first_line and symbol.last_line <= other.last_line
            for other in distinct
        ):
            distinct.append(symbol)
    return distinct


def _without_nested(groups: list[DuplicateGroup]) -> list[DuplicateGroup]:
    covered: dict[int, list[tuple[int, int]]] = defaultdict(list)
    distinct: list[DuplicateGroup] = []
    for group in groups:
        members = tuple(
            symbol
            for symbol in group.symbols
            if not any(first <= symbol.first_line and symbol.last_line <= last for first, last in covered[symbol.file])
        )
        if len(members) < 2:
            continue
        for symbol in members:
            covered[symbol.file].append((symbol.first_line, symbol.last_line))
        distinct.append(group if len(members) == len(group.symbols) else _group(list(members)))
    return distinct
