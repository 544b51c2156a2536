"""Hits for an empty query: the symbols of open files, then of files that were hits recently."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.search.ranking.rank import RankedHit
from semlens.search.ranking.reasons import RECENT


def recent_hits(
    snapshot: IndexSnapshot, open_paths: Collection[tuple[str, str]], recent: Sequence[tuple[str, str]], limit: int
) -> list[RankedHit]:
    """Top-level symbols of open and recent files. Empty when there are no such files.

    :param open_paths: (root, path) of open documents. :param recent: (root, path) of recent hits, newest last.
    """
    order = {place: number for number, place in enumerate([*open_paths, *reversed(recent)][::-1])}
    hits: list[RankedHit] = []
    for view in snapshot.views:
        order_of = {path: order[(view.root, path)] for root, path in order if root == view.root}
        if not order_of:
            continue
        for row, path in enumerate(view.segment.files.paths.tolist()):
            if path in order_of and (view.alive is None or view.alive[row]):
                hits += _symbols_of(view, row, float(order_of[path]), limit)
    hits.sort(key=lambda hit: -hit.score)
    return hits[:limit]


def _symbols_of(view: SegmentView, file: int, score: float, limit: int) -> list[RankedHit]:
    symbols = view.segment.symbols
    of_file = symbols.of_file(file)
    rows = of_file.start + np.flatnonzero(symbols.parents[of_file] < 0)[:limit]
    first = view.segment.first_passages
    shown = [row for row in rows.tolist() if first[row] >= 0]
    return [RankedHit(view, file, row, (int(first[row]),), score, {RECENT: 1.0}) for row in shown]
