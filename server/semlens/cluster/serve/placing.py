"""Decides which shard has which segments, so that all have about as many passages to search."""

from __future__ import annotations

from collections.abc import Sequence

from semlens.cluster.catalogue import Repository
from semlens.cluster.serve.shard import PlacedSegment

SHARD_BYTES = 60 << 20
"""Of 100,000 passages. Smaller shards answer later than one that has all, see docs/team.md."""


def shards_for(repositories: Sequence[Repository], n_nodes: int) -> int:
    """How many shards serve them, at most one a node."""
    n_bytes = sum(one.size for repository in repositories for one in repository.objects)
    return max(1, min(n_nodes, n_bytes // SHARD_BYTES))


def place_segments(repositories: Sequence[Repository], n_shards: int) -> list[list[PlacedSegment]]:
    """Number all segments in order of repositories, and give each to the shard with the least so far, large ones first.

    A repository that is no larger than the share of a shard stays whole, because some questions need all of it.
    A segment's size in the store stands for its passages.
    """
    placed = [
        PlacedSegment(0, repository.name, segment, tuple(one for one in repository.objects if one.segment == segment))
        for repository in sorted(repositories, key=lambda one: one.name)
        for segment in repository.segments
    ]
    numbered = [PlacedSegment(number, one.repository, one.segment, one.objects) for number, one in enumerate(placed)]
    of_repository: dict[str, list[PlacedSegment]] = {}
    for one in numbered:
        of_repository.setdefault(one.repository, []).append(one)
    share = sum(map(_size, numbered)) / max(n_shards, 1)
    groups: list[list[PlacedSegment]] = []
    for group in of_repository.values():
        groups += [group] if sum(map(_size, group)) <= share else [[one] for one in group]
    shards: list[list[PlacedSegment]] = [[] for _ in range(n_shards)]
    sizes = [0] * n_shards
    for group in sorted(groups, key=lambda group: (-sum(map(_size, group)), group[0].number)):
        least = sizes.index(min(sizes))
        shards[least] += group
        sizes[least] += sum(map(_size, group))
    return [sorted(shard, key=lambda one: one.number) for shard in shards]


def homes_of(shards: Sequence[Sequence[PlacedSegment]]) -> dict[str, int]:
    """The shard of each root that lies whole in one."""
    found: dict[str, set[int]] = {}
    for number, shard in enumerate(shards):
        for one in shard:
            found.setdefault(one.root, set()).add(number)
    return {root: numbers.pop() for root, numbers in found.items() if len(numbers) == 1}


def _size(placed: PlacedSegment) -> int:
    return next(one.size for one in placed.objects if not one.model)
