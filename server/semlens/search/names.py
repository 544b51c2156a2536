"""How well the names of symbols and files fit a question: exactly, by prefix, by camel humps, in part, or mistyped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA

from semlens.core.words import split_identifier
from semlens.index.names import fold_text
from semlens.index.snapshot import SegmentView
from semlens.search.facts import facts_of
from semlens.search.query import Query

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.uint32]

MAX_ROWS = 400
"""Names looked at for each way of matching; a prefix as short as "a" would bring thousands."""

MAX_COMMON = 2_000
"""A plain word that more symbols bear says nothing about which is meant."""

_OTHER_CASE = 0.97
_WRONG_CASE = 0.9
"""Where capitals were typed: ``Helpers`` is rather the module than the method ``helpers``."""
_OTHER_STYLE = 0.95
_MARKED = 0.98
_ELSEWHERE = 0.85
"""An exact name whose containers are not those asked for: ``Other.run`` for ``Client.run``."""
_PREFIX = (0.62, 0.2)
"""The worth of a name that begins so: the first for any, the second times the share that is typed already."""
_HUMPS = 0.6
_PART = 0.5
_LAST_PART = 0.95
"""``Phoenix.Channel``, where a language names a module with all that it stands in."""

_FUZZY = 0.66
_LEAST_LIKE = 0.7
_OF_A_FILE = 0.9
"""A file whose name is alike stands behind a symbol whose name is as much so."""

_PLAIN_WORD = 0.4
_CAPITAL_WORD = 0.65
_JOINED_WORDS = 0.6
_MAX_ALIKE = 250
"""Names with the most trigrams in common that are compared letter by letter, 3 microseconds each."""


@dataclass(frozen=True, slots=True)
class NameEvidence:
    """Of one view.

    :ivar symbols: how well each row of names fits, symbols first, then files; 0 to 1.
    :ivar files: the best of each file, a name that many files define counting less.
    """

    symbols: Floats
    files: Floats


@dataclass(frozen=True, slots=True)
class _Probe:
    """One text to look for. :ivar loosely: also by prefix, humps, part and typing errors.

    :ivar same_case: capitals must agree.
    """

    text: str
    weight: float
    within: tuple[str, ...] = ()
    loosely: bool = False
    same_case: bool = False


def match_names(views: Sequence[SegmentView], query: Query) -> list[NameEvidence]:
    found = [
        NameEvidence(
            np.zeros(len(view.segment.symbols) + len(view.segment.files), np.float32),
            np.zeros(len(view.segment.files), np.float32),
        )
        for view in views
    ]
    probes = _probes(query)
    named = [_named(view, probes) for view in views]
    for number, probe in enumerate(probes):
        exact = _fitting(views, probe, [of_view[number] for of_view in named])
        n_files = sum(_n_files(view, rows) for view, (rows, _) in zip(views, exact, strict=True))
        share = 1.0 if query.is_name else max(1, n_files) ** -0.5
        for view, evidence, (rows, weights) in zip(views, found, exact, strict=True):
            if len(rows):
                _add(view, evidence, rows, weights * np.float32(probe.weight), share)
        if probe.loosely and (query.is_name or not n_files):
            for view, evidence in zip(views, found, strict=True):
                for rows, weights in _loose(view, probe.text, with_parts=query.is_name):
                    _add(view, evidence, rows, weights * probe.weight, 1.0)
    return found


def _probes(query: Query) -> list[_Probe]:
    probes = [_Probe(name.text, 1.0, name.within, loosely=True) for name in query.names]
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
    """The same name written in other styles: ``FetchAll`` is also looked for as ``fetch_all``, and the other way."""
    parts = split_identifier(text)
    written = ("".join(parts), "_".join(parts), "-".join(parts)) if len(parts) > 1 else ()
    marked = (f"_{text}", f"${text}") if text[:1].isalpha() else ()  # private names are typed without it
    weighted = [(style, _OTHER_STYLE) for style in written] + [(style, _MARKED) for style in marked]
    return [(style, weight) for style, weight in weighted if style != text.lower()]


def _add(view: SegmentView, evidence: NameEvidence, rows: Rows, weights: Floats, share: float) -> None:
    if view.alive_names is not None:
        keep = view.alive_names[rows]
        rows, weights = rows[keep], weights[keep]
    evidence.symbols[rows] = np.maximum(evidence.symbols[rows], weights)
    np.maximum.at(evidence.files, _files_of(view, rows), weights * np.float32(share))


def _files_of(view: SegmentView, rows: Rows) -> npt.NDArray[np.int64]:
    n_symbols = len(view.segment.symbols)
    files = rows.astype(np.int64) - n_symbols
    is_symbol = rows < n_symbols
    files[is_symbol] = view.segment.symbols.files[rows[is_symbol]]
    return files


def _n_files(view: SegmentView, rows: Rows) -> int:
    return len(set(_files_of(view, rows).tolist())) if len(rows) else 0


def _named(view: SegmentView, probes: Sequence[_Probe]) -> list[Rows]:
    """For each probe the names that are its text, whatever their case."""
    folded = [fold_text(probe.text) for probe in probes]
    candidates = view.segment.names.beginning(folded) if probes else []
    return [
        rows[_name_lengths(view, rows) == len(text)] if len(rows) else rows
        for text, rows in zip(folded, candidates, strict=True)
    ]


def _fitting(views: Sequence[SegmentView], probe: _Probe, named: Sequence[Rows]) -> list[tuple[Rows, Floats]]:
    """Of each view the names that are the probe's text, and how well each fits."""
    if sum(map(len, named)) > MAX_COMMON and not probe.loosely:
        return [(rows[:0], np.zeros(0, np.float32)) for rows in named]
    wanted = [part.lower() for part in probe.within]
    found = []
    for view, rows in zip(views, named, strict=True):
        weights = _case_fit(view, rows, probe)
        if wanted:
            for place, row in enumerate(rows[:MAX_ROWS].tolist()):
                weights[place] *= _place_fit(view, row, wanted)
        found.append((rows[weights > 0], weights[weights > 0]))
    return found


def _case_fit(view: SegmentView, rows: Rows, probe: _Probe) -> Floats:
    """1 for names that begin as the probe is written, less for those of other capitals."""
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


def _place_fit(view: SegmentView, row: int, wanted: list[str]) -> float:
    """1 when the names before it are among its containers or its path, less when none is."""
    n_symbols = len(view.segment.symbols)
    if row >= n_symbols:
        return _ELSEWHERE
    place = (
        view.segment.symbols.qualified_names[row]
        + "/"
        + facts_of(view.segment).paths[int(view.segment.symbols.files[row])]
    )
    parts = set("".join(c if c.isalnum() or c == "_" else " " for c in place.lower()).split())
    return _ELSEWHERE + (1.0 - _ELSEWHERE) * sum(part in parts for part in wanted) / len(wanted)


def _with_prefix(view: SegmentView, folded: bytes) -> Rows:
    """The shortest names that begin so, at most `MAX_ROWS`."""
    rows = view.segment.names.with_prefix(folded)
    if len(rows) > MAX_ROWS:
        lengths = _name_lengths(view, rows)
        rows = rows[np.argpartition(lengths, MAX_ROWS - 1)[:MAX_ROWS]]
    return rows


def _loose(view: SegmentView, text: str, *, with_parts: bool) -> list[tuple[Rows, Floats]]:
    folded = fold_text(text)
    rows = _with_prefix(view, folded)
    share = len(folded) / np.maximum(_name_lengths(view, rows), 1)
    found = [(rows, np.where(share >= 1.0, 0.0, _PREFIX[0] + _PREFIX[1] * share).astype(np.float32))]
    parts = split_identifier(text)
    humps = "".join(part[0] for part in parts) if len(parts) > 1 else text.lower()
    if with_parts and 2 <= len(humps) <= 8:
        rows = view.segment.names.with_humps(humps.encode("utf-8", "replace"))[:MAX_ROWS]
        fitting = [
            (row, _HUMPS) for row in rows.tolist() if _humps_fit(parts, split_identifier(name_of_row(view, row)), humps)
        ]
        found.append(_pairs(fitting))
    if len(folded) >= 4:
        found.append(_alike(view, folded.decode("utf-8", "replace"), folded))
    return found


def _alike(view: SegmentView, wanted: str, folded: bytes) -> tuple[Rows, Floats]:
    """Mistyped, mistyped and half typed, or a part of the name."""
    rows, _ = view.segment.names.alike(folded, _MAX_ALIKE)
    found = []
    for row in rows.tolist():
        other = fold_text(name_of_row(view, row)).decode("utf-8", "replace")
        if row >= len(view.segment.symbols):
            other = other.rpartition(".")[0] or other
        if not other or other == wanted:
            continue
        share = min(1.0, len(wanted) / len(other))
        weight = 0.0
        if other.endswith((f".{wanted}", f"::{wanted}")):
            weight = _LAST_PART
        elif wanted in other:
            weight = _PART * share**0.5
        whole = OSA.normalized_similarity(wanted, other)
        begun = OSA.normalized_similarity(wanted, other[: len(wanted)]) * share**0.5
        likeness = max(whole, 0.95 * begun)
        if max(whole, begun) >= _LEAST_LIKE:
            weight = max(weight, _FUZZY * likeness)
        if weight:
            found.append((row, weight if row < len(view.segment.symbols) else _OF_A_FILE * weight))
    return _pairs(found)


def _pairs(found: list[tuple[int, float]]) -> tuple[Rows, Floats]:
    return np.array([row for row, _ in found], np.uint32), np.array([weight for _, weight in found], np.float32)


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


def _name_lengths(view: SegmentView, rows: Rows) -> npt.NDArray[np.int64]:
    """Bytes of each row's name; of a file's without its extension."""
    n_symbols = len(view.segment.symbols)
    lengths = np.zeros(len(rows), np.int64)
    is_symbol = rows < n_symbols
    offsets = view.segment.symbols.names.offsets
    lengths[is_symbol] = offsets[rows[is_symbol] + 1].astype(np.int64) - offsets[rows[is_symbol]]
    lengths[~is_symbol] = facts_of(view.segment).stem_lengths[rows[~is_symbol] - n_symbols]
    return lengths
