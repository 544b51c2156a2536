"""Finds names that match a text by prefix, by initials, as a part, or with a typing error.

There may be thousands. The best of each kind are chosen over all readers at once, with all ties of the last one. So
the names found do not depend on how files are divided into segments and readers. Exact matches belong to `name_match`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import OSA

from semlens.core.text.identifiers import split_identifier
from semlens.index.arrays import Floats, Ints, Mask, Rows
from semlens.index.segment.name_table import fold_text
from semlens.index.snapshot import SegmentView
from semlens.search.signals.static_signals import static_signals_of

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


@dataclass(frozen=True, slots=True)
class _Way:
    """One way of matching: names that may match, for each view, and how much each is worth comparing.

    :ivar count: how many are compared, of all readers together. :ivar weigh: how well the chosen rows of a view match.
    """

    rows: Sequence[Rows]
    worth: Sequence[Ints]
    count: int
    weigh: Callable[[SegmentView, Rows], Floats]


class FuzzyNames:
    """The names of some views that may match a text."""

    def __init__(self, views: Sequence[SegmentView], text: str, *, with_parts: bool) -> None:
        """:param with_parts: match by initials too."""
        self._views = views
        folded = fold_text(text)
        self._ways = [_by_prefix(views, folded)]
        parts = split_identifier(text)
        humps = "".join(part[0] for part in parts) if len(parts) > 1 else text.lower()
        if with_parts and 2 <= len(humps) <= 8:
            self._ways.append(_by_humps(views, parts, humps))
        if len(folded) >= 4:
            self._ways.append(_by_trigrams(views, folded))

    def best_worths(self) -> list[Ints]:
        """For each way of matching, the worth of the best names: one more than are compared, if there are so many."""
        return [_largest(np.concatenate(way.worth), way.count + 1) for way in self._ways]

    def matches(self, best_worths: Sequence[Sequence[Ints]]) -> list[Matches]:
        """The matches, a list for each way of matching.

        :param best_worths: those of every reader.
        """
        found = []
        for way, worths in zip(self._ways, zip(*best_worths, strict=True), strict=True):
            all_worths = np.concatenate(worths)
            least = _largest(all_worths, way.count).min(initial=0) if len(all_worths) > way.count else None
            matches = []
            for view, rows, worth in zip(self._views, way.rows, way.worth, strict=True):
                chosen = rows if least is None else rows[worth >= least]
                matches.append((chosen, way.weigh(view, chosen)))
            found.append(matches)
        return found


def _by_prefix(views: Sequence[SegmentView], folded: bytes) -> _Way:
    def weigh(view: SegmentView, rows: Rows) -> Floats:
        share = len(folded) / np.maximum(name_lengths(view, rows), 1)
        weights = np.where(share >= 1.0, 0.0, _PREFIX[0] + _PREFIX[1] * share)  # an exact match is not a prefix
        return weights.astype(np.float32)

    return _shortest(views, [view.segment.names.with_prefix(folded) for view in views], weigh)


def _by_humps(views: Sequence[SegmentView], parts: tuple[str, ...], humps: str) -> _Way:
    key = humps.encode("utf-8", "replace")

    def weigh(view: SegmentView, rows: Rows) -> Floats:
        names = map(split_identifier, names_of_rows(view, rows))
        return _HUMPS * np.array([_humps_fit(parts, name, humps) for name in names], np.float32)

    return _shortest(views, [view.segment.names.with_humps(key) for view in views], weigh)


def _humps_fit(typed_parts: tuple[str, ...], parts: tuple[str, ...], humps: str) -> bool:
    if len(typed_parts) > 1:
        return len(parts) >= len(typed_parts) and all(p.startswith(w) for p, w in zip(parts, typed_parts, strict=False))
    return len(parts) >= 2 and "".join(part[0] for part in parts).startswith(humps)


def _by_trigrams(views: Sequence[SegmentView], folded: bytes) -> _Way:
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

    def weigh(view: SegmentView, rows: Rows) -> Floats:
        of_files = rows >= len(view.segment.symbols)
        names = names_of_rows(view, rows)
        for place in np.flatnonzero(of_files).tolist():
            names[place] = names[place].rpartition(".")[0] or names[place]
        for name in set(names).difference(similarity_of):
            similarity_of[name] = _similarity(typed, fold_text(name).decode("utf-8", "replace"))
        weights = np.array([similarity_of[name] for name in names], np.float32)
        weights[of_files] *= np.float32(_OF_A_FILE)
        return weights

    return _Way(candidates, worth, _MAX_ALIKE, weigh)


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


def _shortest(views: Sequence[SegmentView], rows: Sequence[Rows], weigh: Callable[[SegmentView, Rows], Floats]) -> _Way:
    living = [rows_of_view[_living(view, rows_of_view)] for view, rows_of_view in zip(views, rows, strict=True)]
    worth = [-name_lengths(view, rows_of_view) for view, rows_of_view in zip(views, living, strict=True)]
    return _Way(living, worth, _MAX_PREFIXED, weigh)


def _largest(values: Ints, count: int) -> Ints:
    """The ``count`` largest values, in any order."""
    return np.partition(values, -count)[-count:] if len(values) > count else values


def _living(view: SegmentView, rows: Rows) -> Mask:
    return np.ones(len(rows), bool) if view.alive_names is None else view.alive_names[rows]


def names_of_rows(view: SegmentView, rows: Rows) -> list[str]:
    """`name_of_row` of many rows, in a tenth of the time."""
    n_symbols = len(view.segment.symbols)
    names = iter(view.segment.symbols.names.take(rows[rows < n_symbols].astype(np.int64)).tolist())
    return [next(names) if row < n_symbols else name_of_row(view, row) for row in rows.tolist()]


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
