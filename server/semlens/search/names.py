"""How well the names of symbols and files fit a question: exactly, by prefix, by camel humps, or mistyped."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA

from semlens.core.words import split_identifier
from semlens.index.names import fold_text
from semlens.index.snapshot import SegmentView
from semlens.search.query import Query

MAX_ROWS = 400
"""Names looked at for each way of matching; a prefix as short as "a" would bring thousands."""

_PREFIX = 0.75
_HUMPS = 0.6
_FUZZY = 0.7
_PLAIN_WORD = 0.4
_JOINED_WORDS = 0.6


def match_names(view: SegmentView, query: Query) -> npt.NDArray[np.float32]:
    """Score, 0 to 1, of each row of the view's names: symbols, then files."""
    segment = view.segment
    scores = np.zeros(len(segment.symbols) + len(segment.files), np.float32)
    for rows, weights in _matches(view, query):
        scores[rows] = np.maximum(scores[rows], weights)
    if view.alive_names is not None:
        scores[~view.alive_names] = 0.0
    return scores


def _matches(view: SegmentView, query: Query) -> Iterator[tuple[npt.NDArray[np.uint32], npt.NDArray[np.float32]]]:
    for name in query.identifiers:
        yield from _match_one(view, name, alone=query.is_name and name == query.identifiers[-1])
    if query.is_name:
        return
    for word in query.plain:
        if len(word) > 2:
            yield _exact(view, word, _PLAIN_WORD)
    for width in (2, 3):
        for start in range(len(query.plain) - width + 1):
            parts = query.plain[start : start + width]
            yield _exact(view, "".join(parts), _JOINED_WORDS)
            yield _exact(view, "_".join(parts), _JOINED_WORDS)


def _exact(view: SegmentView, name: str, weight: float) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.float32]]:
    folded = fold_text(name)
    rows = view.segment.names.with_prefix(folded)[:MAX_ROWS]
    lengths = _name_lengths(view, rows)
    rows = rows[lengths == len(folded)]
    return rows, np.full(len(rows), weight, np.float32)


def _match_one(
    view: SegmentView, name: str, *, alone: bool
) -> Iterator[tuple[npt.NDArray[np.uint32], npt.NDArray[np.float32]]]:
    folded = fold_text(name)
    table = view.segment.names
    rows = table.with_prefix(folded)[:MAX_ROWS]
    lengths = np.maximum(_name_lengths(view, rows), 1)
    share = len(folded) / lengths
    yield rows, np.where(lengths == len(folded), 1.0, _PREFIX * np.sqrt(share)).astype(np.float32)
    if not alone:
        return
    parts = split_identifier(name)
    humps = "".join(part[0] for part in parts) if len(parts) > 1 else name.lower()
    if 2 <= len(humps) <= 8:
        rows = table.with_humps(humps.encode())[:MAX_ROWS]
        fitting = [
            (row, _HUMPS) for row in rows.tolist() if _humps_fit(parts, split_identifier(name_of_row(view, row)), humps)
        ]
        yield _pairs(fitting)
    if len(folded) >= 4:
        rows, _ = table.alike(folded, 60)
        found = []
        for row in rows.tolist():
            other = fold_text(name_of_row(view, row)).decode("utf-8", "replace")
            likeness = OSA.normalized_similarity(folded.decode("utf-8", "replace"), other)
            if likeness >= 0.7:
                found.append((row, _FUZZY * likeness))
        yield _pairs(found)


def _pairs(found: list[tuple[int, float]]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.float32]]:
    return (
        np.array([row for row, _ in found], np.uint32),
        np.array([weight for _, weight in found], np.float32),
    )


def _humps_fit(wanted: tuple[str, ...], parts: tuple[str, ...], humps: str) -> bool:
    if len(wanted) > 1:
        return len(parts) >= len(wanted) and all(p.startswith(w) for p, w in zip(parts, wanted, strict=False))
    return len(parts) >= 2 and "".join(part[0] for part in parts).startswith(humps)


def name_of_row(view: SegmentView, row: int) -> str:
    """Name of a symbol, or the base name of a file."""
    n_symbols = len(view.segment.symbols)
    if row < n_symbols:
        return view.segment.symbols.names[row]
    return view.segment.files.paths[row - n_symbols].rpartition("/")[2]


def _name_lengths(view: SegmentView, rows: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """Bytes of each row's name; for a file also the stem counts as its name, whichever is asked for."""
    n_symbols = len(view.segment.symbols)
    lengths = np.zeros(len(rows), np.int64)
    is_symbol = rows < n_symbols
    offsets = view.segment.symbols.names.offsets
    lengths[is_symbol] = offsets[rows[is_symbol] + 1].astype(np.int64) - offsets[rows[is_symbol]]
    for place in np.flatnonzero(~is_symbol).tolist():
        name = name_of_row(view, int(rows[place]))
        lengths[place] = len((name.rpartition(".")[0] or name).encode("utf-8", "surrogateescape"))
    return lengths
