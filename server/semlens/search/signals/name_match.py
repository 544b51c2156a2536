"""Matches the names of symbols and files with the names and words of a query.

Inexact matches belong to `fuzzy_names`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from semlens.core.text.identifiers import split_identifier
from semlens.index.arrays import Floats, Ints, Rows
from semlens.index.segment.name_table import fold_text
from semlens.index.snapshot import SegmentView
from semlens.search.query.query import Query
from semlens.search.signals.fuzzy_names import FuzzyNames, name_lengths, name_of_row
from semlens.search.signals.static_signals import static_signals_of

MAX_COMMON = 2_000
"""A plain word that is the name of more symbols than this is ignored, because it does not select one."""

_OTHER_CASE = 0.97
_WRONG_CASE = 0.8
"""For a text with capitals: ``Helpers`` means the module rather than the method ``helpers``."""
_OTHER_STYLE = 0.95
_MARKED = 0.98
_ELSEWHERE = 0.85
"""An exact name in another container: ``Other.run`` for ``Client.run``."""
_PLAIN_WORD = 0.4
_CAPITAL_WORD = 0.65
_JOINED_WORDS = 0.6


@dataclass(frozen=True, slots=True)
class NameEvidence:
    """How well the names of one view match.

    :ivar symbols: match of each row of the name table (symbols, then files), 0 to 1.
    :ivar files: best match of each file, shape (f,). A name that many files define counts less.
    """

    symbols: Floats
    files: Floats


@dataclass(frozen=True, slots=True)
class _Probe:
    """A text to look for.

    :ivar within: names before it. :ivar fuzzily: match by prefix, initials, part and with typing errors too.
    :ivar same_case: match only names with the same capitals.
    """

    text: str
    weight: float
    within: tuple[str, ...] = ()
    fuzzily: bool = False
    same_case: bool = False


@dataclass(frozen=True, slots=True)
class NameCounts:
    """What a reader knows of the names of a query. The counts of all readers decide what each match is worth.

    :ivar n_rows: for each probe, how many names equal it but for capitals, shape (p,).
    :ivar n_files: for each probe, how many files define a name that matches it, shape (p,).
    :ivar worths: for probes that are matched inexactly, the worths of the best names, see `FuzzyNames`.
    """

    n_rows: Ints
    n_files: Ints
    worths: Mapping[int, Sequence[Ints]]


class NameSearch:
    """Matches the names of some views with a query: first counts, then, given the counts of all readers, evidence."""

    def __init__(self, views: Sequence[SegmentView], query: Query) -> None:
        self._views = views
        self._query = query
        self._probes = _probes(query)
        named = [_named(view, self._probes) for view in views]
        self._exact = [
            _fitting(views, probe, [of_view[number] for of_view in named]) for number, probe in enumerate(self._probes)
        ]
        self._n_rows = np.array(
            [sum(len(of_view[number]) for of_view in named) for number in range(len(self._probes))], np.int64
        )
        self._fuzzy: dict[int, FuzzyNames] = {}

    def counts(self) -> NameCounts:
        n_files = [
            sum(_n_files(view, rows) for view, (rows, _) in zip(self._views, exact, strict=True))
            for exact in self._exact
        ]
        for number, probe in enumerate(self._probes):
            if probe.fuzzily and (self._query.is_name or not n_files[number]):
                self._fuzzy[number] = FuzzyNames(self._views, probe.text, with_parts=self._query.is_name)
        worths = {number: fuzzy.best_worths() for number, fuzzy in self._fuzzy.items()}
        return NameCounts(self._n_rows, np.array(n_files, np.int64), worths)

    def evidence(self, counts: Sequence[NameCounts]) -> list[NameEvidence]:
        """:param counts: those of every reader; `counts` of this one was called before."""
        evidence = [
            NameEvidence(
                np.zeros(len(view.segment.symbols) + len(view.segment.files), np.float32),
                np.zeros(len(view.segment.files), np.float32),
            )
            for view in self._views
        ]
        n_rows = np.sum([one.n_rows for one in counts], axis=0)
        n_files = np.sum([one.n_files for one in counts], axis=0)
        for number, probe in enumerate(self._probes):
            if number not in self._fuzzy and not any(len(rows) for rows, _ in self._exact[number]):
                continue
            is_common = int(n_rows[number]) > MAX_COMMON and not probe.fuzzily
            share = 1.0 if self._query.is_name else max(1, int(n_files[number])) ** -0.5
            if not is_common:
                self._add(evidence, self._exact[number], probe, share)
            if number in self._fuzzy and (self._query.is_name or not n_files[number]):
                worths = [one.worths[number] for one in counts if number in one.worths]
                for matches in self._fuzzy[number].matches(worths):
                    self._add(evidence, matches, probe, 1.0)
        return evidence

    def _add(
        self, evidence: Sequence[NameEvidence], matches: Sequence[tuple[Rows, Floats]], probe: _Probe, share: float
    ) -> None:
        for view, of_view, (rows, weights) in zip(self._views, evidence, matches, strict=True):
            if len(rows):
                _add(view, of_view, rows, weights * np.float32(probe.weight), share)


def _probes(query: Query) -> list[_Probe]:
    probes = [_Probe(name.text, 1.0, name.within, fuzzily=not query.is_report) for name in query.names]
    if query.is_name:
        probes += [_Probe(query.text.strip(), 1.0) for name in query.names if name.within]
        return probes + [
            _Probe(text, weight, name.within) for name in query.names for text, weight in _styles(name.text)
        ]
    probes += [_Probe(word, _PLAIN_WORD) for word in query.plain if len(word) > 2]
    probes += [_Probe(word, _CAPITAL_WORD, same_case=True) for word in query.capitals if len(word) > 2]
    for width in (2, 3):
        for start in range(len(query.plain) - width + 1):
            parts = query.plain[start : start + width]
            probes += [_Probe("".join(parts), _JOINED_WORDS), _Probe("_".join(parts), _JOINED_WORDS)]
    return probes


def _styles(text: str) -> list[tuple[str, float]]:
    """The name in other styles, with weights: ``fetch_all`` for ``FetchAll``, for example."""
    parts = split_identifier(text)
    written = ("".join(parts), "_".join(parts), "-".join(parts)) if len(parts) > 1 else ()
    marked = (f"_{text}", f"${text}") if text[:1].isalpha() else ()  # users type private names without the prefix
    weighted = [(style, _OTHER_STYLE) for style in written] + [(style, _MARKED) for style in marked]
    return [(style, weight) for style, weight in weighted if style != text.lower()]


def _add(view: SegmentView, evidence: NameEvidence, rows: Rows, weights: Floats, share: float) -> None:
    if view.alive_names is not None:
        keep = view.alive_names[rows]
        rows, weights = rows[keep], weights[keep]
    evidence.symbols[rows] = np.maximum(evidence.symbols[rows], weights)
    np.maximum.at(evidence.files, _files_of(view, rows), weights * np.float32(share))


def _files_of(view: SegmentView, rows: Rows) -> Ints:
    n_symbols = len(view.segment.symbols)
    files = rows.astype(np.int64) - n_symbols
    is_symbol = rows < n_symbols
    files[is_symbol] = view.segment.symbols.files[rows[is_symbol]]
    return files


def _n_files(view: SegmentView, rows: Rows) -> int:
    return len(set(_files_of(view, rows).tolist())) if len(rows) else 0


def _named(view: SegmentView, probes: Sequence[_Probe]) -> list[Rows]:
    """For each probe, the rows of names that equal its text, ignoring case."""
    folded = [fold_text(probe.text) for probe in probes]
    candidates = view.segment.names.beginning(folded) if probes else []
    return [
        rows[name_lengths(view, rows) == len(text)] if len(rows) else rows
        for text, rows in zip(folded, candidates, strict=True)
    ]


def _fitting(views: Sequence[SegmentView], probe: _Probe, named: Sequence[Rows]) -> list[tuple[Rows, Floats]]:
    """For each view, the rows of names that equal the probe's text, and how well each matches."""
    n_named = sum(map(len, named))
    if not n_named or (n_named > MAX_COMMON and not probe.fuzzily):
        return [(rows[:0], np.zeros(0, np.float32)) for rows in named]
    containers = [part.lower() for part in probe.within]
    fitting = []
    for view, rows in zip(views, named, strict=True):
        weights = _case_fit(view, rows, probe)
        if containers:
            for place, row in enumerate(rows.tolist()):
                weights[place] *= _place_fit(view, row, containers)
        fitting.append((rows[weights > 0], weights[weights > 0]))
    return fitting


def _case_fit(view: SegmentView, rows: Rows, probe: _Probe) -> Floats:
    """1 for names with the probe's capitals, less for names with other capitals."""
    if not len(rows):
        return np.zeros(0, np.float32)
    other = 0.0 if probe.same_case else _OTHER_CASE if probe.text.islower() else _WRONG_CASE
    weights = np.full(len(rows), other, np.float32)
    text = np.frombuffer(probe.text.encode("utf-8", "surrogateescape"), np.uint8)
    symbols = np.flatnonzero(rows < len(view.segment.symbols))
    names = view.segment.symbols.names
    starts = names.offsets[rows[symbols]].astype(np.int64)
    written = names.heap[starts[:, None] + np.arange(len(text))]
    weights[symbols[(written == text).all(axis=1)]] = 1.0
    for place in np.flatnonzero(rows >= len(view.segment.symbols)).tolist():
        if name_of_row(view, int(rows[place])).startswith(probe.text):
            weights[place] = 1.0
    return weights


def _place_fit(view: SegmentView, row: int, containers: list[str]) -> float:
    """1 when the symbol's containers or path contain all names before it, less when they contain fewer."""
    n_symbols = len(view.segment.symbols)
    if row >= n_symbols:
        return _ELSEWHERE
    place = (
        view.segment.symbols.qualified_names[row]
        + "/"
        + static_signals_of(view.segment).paths[int(view.segment.symbols.files[row])]
    )
    parts = set("".join(c if c.isalnum() or c == "_" else " " for c in place.lower()).split())
    return _ELSEWHERE + (1.0 - _ELSEWHERE) * sum(part in parts for part in containers) / len(containers)
