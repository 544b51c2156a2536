"""Finds names that match a text by prefix, by initials, as a part, or with a typing error.

There may be thousands. The best of each kind are chosen over all segments at once, with all ties of the last one. So
the names found do not depend on how files are divided into segments. Exact matches belong to `name_match`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA

from semlens.core.text.identifiers import split_identifier
from semlens.index.segment.name_table import fold_text
from semlens.index.snapshot import SegmentView
from semlens.search.signals.static_signals import static_signals_of

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.uint32]
Matches = list[tuple[Rows, Floats]]
"""For each view, rows of names (symbols, then files) and how well each matches, 0 to 1."""

_MAX_PREFIXED = 400
"""Names by prefix or by initials. A text such as "a" would match thousands."""
_MAX_ALIKE = 60
"""Names compared by edit distance: those with the most trigrams of the text."""

_PREFIX = (0.62, 0.2)
"""Weight of a match by prefix: a constant, plus a factor of the share of the name that was typed."""
_HUMPS = 0.6
_PART = 0.5
_LAST_PART = 0.95
"""A last part such as ``Channel`` of ``Phoenix.Channel``, in languages that qualify module names."""

_FUZZY = 0.66
_LEAST_LIKE = 0.7
_OF_A_FILE = 0.9
"""Factor for names of files: a symbol that matches as well ranks above a file."""


def match_fuzzily(views: Sequence[SegmentView], text: str, *, with_parts: bool) -> list[Matches]:
    """One list of matches for each way of matching.

    :param with_parts: match by initials too.
    """
    folded = fold_text(text)
    matches = [_by_prefix(views, folded)]
    parts = split_identifier(text)
    humps = "".join(part[0] for part in parts) if len(parts) > 1 else text.lower()
    if with_parts and 2 <= len(humps) <= 8:
        matches.append(_by_humps(views, parts, humps))
    if len(folded) >= 4:
        matches.append(_match_similar(views, folded))
    return matches


def _by_prefix(views: Sequence[SegmentView], folded: bytes) -> Matches:
    matches = []
    for view, rows in zip(views, _shortest(views, [v.segment.names.with_prefix(folded) for v in views]), strict=True):
        share = len(folded) / np.maximum(name_lengths(view, rows), 1)
        weights = np.where(share >= 1.0, 0.0, _PREFIX[0] + _PREFIX[1] * share)  # an exact match is not a prefix
        matches.append((rows, weights.astype(np.float32)))
    return matches


def _by_humps(views: Sequence[SegmentView], parts: tuple[str, ...], humps: str) -> Matches:
    key = humps.encode("utf-8", "replace")
    matches = []
    for view, rows in zip(views, _shortest(views, [v.segment.names.with_humps(key) for v in views]), strict=True):
        names = [split_identifier(name_of_row(view, row)) for row in rows.tolist()]
        fits = np.array([_humps_fit(parts, name, humps) for name in names], np.float32)
        matches.append((rows, _HUMPS * fits))
    return matches


def _humps_fit(typed_parts: tuple[str, ...], parts: tuple[str, ...], humps: str) -> bool:
    if len(typed_parts) > 1:
        return len(parts) >= len(typed_parts) and all(p.startswith(w) for p, w in zip(parts, typed_parts, strict=False))
    return len(parts) >= 2 and "".join(part[0] for part in parts).startswith(humps)


def _match_similar(views: Sequence[SegmentView], folded: bytes) -> Matches:
    """Matches with typing errors, also of a prefix, and matches of a part of the name."""
    candidates, worth = [], []
    for view in views:
        rows, shares = view.segment.names.alike(folded)
        differences = np.abs(name_lengths(view, rows) - len(folded))
        other = _living(view, rows) & ((shares < 1.0) | (differences > 0))  # exact matches were found already
        candidates.append(rows[other])
        worth.append(np.rint(shares[other] * 1e4).astype(np.int64) * 256 - np.minimum(differences[other], 255))
    typed = folded.decode("utf-8", "replace")
    similarity_of: dict[str, float] = {}  # many symbols share a name
    matches = []
    for view, rows_of_view, best in zip(views, candidates, _best(worth, _MAX_ALIKE), strict=True):
        rows, n_symbols = rows_of_view[best], len(view.segment.symbols)
        weights = np.zeros(len(rows), np.float32)
        for position, row in enumerate(rows.tolist()):
            name = name_of_row(view, row)
            if row >= n_symbols:
                name = name.rpartition(".")[0] or name
            if name not in similarity_of:
                similarity_of[name] = _similarity(typed, fold_text(name).decode("utf-8", "replace"))
            weights[position] = similarity_of[name] * (1.0 if row < n_symbols else _OF_A_FILE)
        matches.append((rows, weights))
    return matches


def _similarity(typed: str, other: str) -> float:
    if not other or other == typed:
        return 0.0
    share = min(1.0, len(typed) / len(other))
    weight = 0.0
    if other.endswith((f".{typed}", f"::{typed}")):
        weight = _LAST_PART
    elif typed in other:
        weight = _PART * share**0.5
    of_whole_name = OSA.normalized_similarity(typed, other)
    of_beginning = OSA.normalized_similarity(typed, other[: len(typed)]) * share**0.5
    if max(of_whole_name, of_beginning) >= _LEAST_LIKE:
        weight = max(weight, _FUZZY * max(of_whole_name, 0.95 * of_beginning))
    return weight


def _shortest(views: Sequence[SegmentView], rows: Sequence[Rows]) -> list[Rows]:
    living = [rows_of_view[_living(view, rows_of_view)] for view, rows_of_view in zip(views, rows, strict=True)]
    best = _best(
        [-name_lengths(view, rows_of_view) for view, rows_of_view in zip(views, living, strict=True)], _MAX_PREFIXED
    )
    return [rows_of_view[chosen] for rows_of_view, chosen in zip(living, best, strict=True)]


def _best(worth: Sequence[Ints], count: int) -> list[npt.NDArray[np.bool_]]:
    """For each column, a mask of the ``count`` largest values of all columns together, ties included."""
    all_values = np.concatenate(worth) if worth else np.zeros(0, np.int64)
    least = np.partition(all_values, -count)[-count] if len(all_values) > count else None
    return [np.ones(len(values), bool) if least is None else values >= least for values in worth]


def _living(view: SegmentView, rows: Rows) -> npt.NDArray[np.bool_]:
    return np.ones(len(rows), bool) if view.alive_names is None else view.alive_names[rows]


def name_of_row(view: SegmentView, row: int) -> str:
    """Name of a symbol, or the base name of a file."""
    n_symbols = len(view.segment.symbols)
    if row < n_symbols:
        return view.segment.symbols.names[row]
    return view.segment.files.paths[row - n_symbols].rpartition("/")[2]


def name_lengths(view: SegmentView, rows: Rows) -> Ints:
    """Length in bytes of each row's name. A file counts without its extension."""
    n_symbols = len(view.segment.symbols)
    lengths = np.zeros(len(rows), np.int64)
    is_symbol = rows < n_symbols
    offsets = view.segment.symbols.names.offsets
    lengths[is_symbol] = offsets[rows[is_symbol] + 1].astype(np.int64) - offsets[rows[is_symbol]]
    lengths[~is_symbol] = static_signals_of(view.segment).stem_lengths[rows[~is_symbol] - n_symbols]
    return lengths
