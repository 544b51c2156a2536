"""Decides which shard has which segments, so that all have about as many passages to search."""

from __future__ import annotations

from collections.abc import Sequence

from semlens.cluster.catalogue import Repository
from semlens.cluster.serve.shard import PlacedSegment


def place_segments(repositories: Sequence[Repository], n_shards: int) -> list[list[PlacedSegment]]:
    """Number all segments in order of repositories, and give each to the shard with the least so far, large ones first.

    A segment's size in the store stands for its passages.
    """
    placed = [
        PlacedSegment(0, repository.name, segment, tuple(one for one in repository.objects if one.segment == segment))
        for repository in sorted(repositories, key=lambda one: one.name)
        for segment in repository.segments
    ]
    numbered = [PlacedSegment(number, one.repository, one.segment, one.objects) for number, one in enumerate(placed)]
    shards: list[list[PlacedSegment]] = [[] for _ in range(n_shards)]
    sizes = [0] * n_shards
    for one in sorted(numbered, key=lambda one: (-_size(one), one.number)):
        least = sizes.index(min(sizes))
        shards[least].append(one)
        sizes[least] += _size(one)
    return [sorted(shard, key=lambda one: one.number) for shard in shards]


def _size(placed: PlacedSegment) -> int:
    return next(one.size for one in placed.objects if not one.model)
