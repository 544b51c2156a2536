"""Reads the snapshot of an indexed folder from its cache, with its segments merged as a server at rest merges them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from semlens.engine.indexing.live_segment import LiveSegment
from semlens.engine.indexing.merger import merge_candidates
from semlens.index.nearest.hnsw import build_graph, read_graph, write_graph
from semlens.index.segment.columns import ColumnFileError
from semlens.index.segment.merge import merge_segments
from semlens.index.segment.vectors import VectorBlock, merge_blocks
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.index.storage.root_store import RootStore


def stored_snapshot(folder: Path, cache: Path, fingerprints: Sequence[str]) -> IndexSnapshot:
    """:raises SystemExit: when the folder is not indexed."""
    store = RootStore(cache, folder.resolve())
    stored = store.load()
    if not stored.segments:
        raise SystemExit(f"{folder} is not indexed in {cache}. Run: semlens index {folder}")
    segments: dict[str, LiveSegment] = {}
    for segment_id, segment in stored.segments.items():
        live = LiveSegment(segment, np.zeros(len(segment.files), bool))
        for fingerprint in fingerprints:
            block = store.read_vectors(segment_id, fingerprint)
            if block is not None:
                live.tiers[fingerprint] = (block,)
        rows = {path: row for row, path in enumerate(segment.files.paths.tolist())}
        for path, entry in stored.files.items():
            if entry.segment == segment_id:
                live.alive[rows[path]] = True
        segments[segment_id] = live
    store.close()
    while parts := merge_candidates(segments.values(), resting=True):
        merged = merge_segments([(part.segment, part.alive) for part in parts])
        live = LiveSegment(merged.segment, np.ones(len(merged.segment.files), bool))
        for fingerprint in {name for part in parts for name in part.tiers}:
            blocks = [
                (part.tiers[fingerprint][0], rows)
                for part, rows in zip(parts, merged.passage_maps, strict=True)
                if fingerprint in part.tiers
            ]
            live.tiers[fingerprint] = (merge_blocks(blocks),)
        for part in parts:
            del segments[part.segment.id]
        segments[merged.segment.id] = live
    views = [
        SegmentView(str(folder.resolve()), live.segment, None if live.alive.all() else live.alive, dict(live.tiers))
        for live in segments.values()
    ]
    return IndexSnapshot(1, tuple(views), complete=True)


def with_graphs(snapshot: IndexSnapshot, kept: Path) -> IndexSnapshot:
    """The snapshot, with a graph for every block of vectors. Graphs are kept in a folder, because they take long."""
    views = []
    for view in snapshot.views:
        tiers = {
            fingerprint: tuple(_with_graph(block, fingerprint, kept) for block in blocks)
            for fingerprint, blocks in view.tiers.items()
        }
        views.append(replace(view, tiers=tiers))
    return IndexSnapshot(snapshot.generation, tuple(views), snapshot.complete)


def _with_graph(block: VectorBlock, fingerprint: str, kept: Path) -> VectorBlock:
    kept.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(np.ascontiguousarray(block.matrix).data).hexdigest()[:32]
    shape = (len(block.matrix), block.matrix.shape[1])
    try:
        graph = read_graph(kept, name, fingerprint, shape)
    except ColumnFileError:
        write_graph(kept, name, fingerprint, build_graph(block.matrix))
        graph = read_graph(kept, name, fingerprint, shape)
    return replace(block, graph=graph)
