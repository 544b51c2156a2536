"""Snapshots of sources in a test, and the names of hits."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np

from semlens.core.cancel import CancelToken
from semlens.core.hashing import content_hash
from semlens.core.request import SearchRequest
from semlens.core.status import TierRole
from semlens.index.segment.builder import ParsedFile, build_segment
from semlens.index.segment.vectors import VectorBlock, quantise
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.search.query.query import parse_query
from semlens.search.ranking.rank import RankedHit, rank
from semlens.search.signals.text_evidence import QueryVector
from semlens.syntax.parsing.parser import parse


def parsed(path: str, source: str) -> ParsedFile:
    data = textwrap.dedent(source).encode()
    return ParsedFile(path, content_hash(data), parse(path, data))


def view_of(
    files: Mapping[str, str], *, dead: Sequence[str] = (), embedder=None, uri: str = "", root: str = "/ws"
) -> SegmentView:
    """:param dead: paths in the segment that are deleted. :param embedder: fills the first tier."""
    outlines = [parsed(path, source) for path, source in files.items()]
    segment = build_segment(outlines)
    alive = np.array([path not in dead for path in files]) if dead else None
    tiers = {}
    if embedder is not None:
        passages = [passage for file in outlines for passage in file.outline.passages]
        matrix = quantise(embedder.embed(embedder.tokenizer.tokenize(passages)))
        tiers = {embedder.manifest.fingerprint: (VectorBlock(np.arange(len(passages), dtype=np.uint32), matrix),)}
    return SegmentView(root, segment, alive, tiers, uri, dirty=bool(uri))


def snapshot_of(*views: SegmentView) -> IndexSnapshot:
    return IndexSnapshot(1, views, complete=True)


def search(snapshot: IndexSnapshot, text: str, *, embedder=None, **request) -> list[RankedHit]:
    query = parse_query(text)
    vectors = []
    if embedder is not None:
        vectors = [QueryVector(embedder.manifest.fingerprint, TierRole.FIRST, embedder.embed_query(query.text))]
    return rank(snapshot, SearchRequest(text, **request), query, vectors, CancelToken())


def label(hit: RankedHit) -> str:
    """``path::qualified name``, or ``path:first-last`` for code outside symbols, with 1-based lines."""
    if hit.symbol >= 0:
        return f"{hit.path}::{hit.view.segment.symbols.qualified_names[hit.symbol]}"
    first, last = hit.view.segment.passages.lines[hit.passages[0]]
    return f"{hit.path}:{first + 1}-{last + 1}"


def labels(hits: Sequence[RankedHit]) -> list[str]:
    return [label(hit) for hit in hits]


def names(hits: Sequence[RankedHit]) -> list[str]:
    """The names of the hits' symbols; "" for code outside symbols."""
    return [hit.view.segment.symbols.names[hit.symbol] if hit.symbol >= 0 else "" for hit in hits]
