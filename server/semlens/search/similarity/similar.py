"""Finds code that is similar to a symbol: nearest by cosine in every model, then reranked by code fingerprint."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from semlens.core.cancel import CancelToken
from semlens.core.errors import NotReadyError, UsageError
from semlens.core.status import TierRole
from semlens.core.symbol import Role, SymbolKind
from semlens.index.arrays import Ints
from semlens.index.segment.vectors import quantise
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.search.ranking.rank import RankedHit
from semlens.search.similarity.duplicates import LEAST_TOKENS, similarity
from semlens.syntax.fingerprint import CodeFingerprint

_CANDIDATES = 200
_TIER_WEIGHTS = {TierRole.FIRST: 0.5, TierRole.REFINE: 0.5}
_SAME_KIND = 0.03
"""Bonus for symbols of the same kind. It is small against the spread of cosines, so that it only breaks ties."""

_LESSER = int(Role.TEST | Role.EXAMPLE | Role.VENDORED | Role.GENERATED)
_LESSER_ROLE = 0.1
"""Penalty for tests, examples, vendored and generated files, unless the symbol itself is in such a file."""

_STRUCTURE = 0.15
"""Weight of the structural similarity: about the difference in cosine between the first and the tenth hit."""

MAX_COMPARED = 60
"""Number of nearest hits whose code fingerprints are compared."""

_CALLABLE = frozenset((SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR))


def find_document(snapshot: IndexSnapshot, root: str, path: str, buffer_uri: str) -> tuple[SegmentView, int] | None:
    """The view and row of a document: of the open buffer if there is one, else of the file on disk."""
    best: tuple[SegmentView, int] | None = None
    for view in snapshot.views:
        if view.buffer_uri and view.buffer_uri == buffer_uri:
            return view, 0
        if view.root != root or view.buffer_uri:
            continue
        rows = [row for row, name in enumerate(view.segment.files.paths.tolist()) if name == path]
        for row in rows:
            if view.alive is None or view.alive[row]:
                best = (view, row)
    return best


def symbol_at(view: SegmentView, file: int, line: int) -> int:
    """Row of the innermost symbol that contains a line (0-based) and has passages of its own, or -1."""
    symbols = view.segment.symbols
    around = symbols.around(file, line)
    around = around[view.segment.first_passages[around] >= 0]
    return symbols.innermost(around) if len(around) else -1


def passages_of(view: SegmentView, file: int, symbol: int, line: int) -> Ints:
    """Rows of the passages of a symbol, or for -1, of the code outside symbols around a line (0-based)."""
    passages = view.segment.passages
    of_file = passages.of_file(file)
    if symbol >= 0:
        return of_file.start + np.flatnonzero(passages.symbols[of_file] == symbol)
    lines = passages.lines[of_file]
    return of_file.start + np.flatnonzero((lines[:, 0] <= line) & (line <= lines[:, 1]))


def similar(
    snapshot: IndexSnapshot,
    place: tuple[SegmentView, int],
    line: int,
    limit: int,
    tiers: Sequence[tuple[str, TierRole]],
    cancel: CancelToken,
) -> list[RankedHit]:
    """Symbols most similar to the one at a line, best first.

    The symbol itself, its overloads, its containers and its members are left out. Identical copies are one hit, with
    their number in the feature ``copies``.

    :param tiers: (fingerprint, role) of the models in use.
    :raises UsageError: when there is no code at the place. :raises NotReadyError: when it has no vector yet.
    """
    view, file = place
    symbol = symbol_at(view, file, line)
    own = passages_of(view, file, symbol, line)
    if not len(own):
        raise UsageError("There is no code at this place. Choose a line inside a function, class or statement.")
    scores: dict[tuple[int, int], dict[str, float]] = defaultdict(dict)
    for fingerprint, role in tiers:
        vector = _mean_vector(view, fingerprint, own)
        if vector is None:
            continue
        for number, other in enumerate(snapshot.views):
            cancel.check()
            for row, cosine in _nearest(other, fingerprint, vector):
                scores[(number, row)][role] = cosine
    if not scores:
        raise NotReadyError("The symbol has no vector yet. Wait until the status says that the index is complete.")
    return _fold_copies(_hits(snapshot, scores, view, file, symbol, set(own.tolist())))[:limit]


def rerank_by_structure(
    hits: Sequence[RankedHit], own: CodeFingerprint, fingerprint_of: Callable[[RankedHit], CodeFingerprint | None]
) -> list[RankedHit]:
    """The same hits, reordered by cosine and code fingerprint. The fingerprint of a small symbol counts less.

    :param own: fingerprint of the symbol that was asked for.
    :param fingerprint_of: fingerprint of a hit, or None when its text is gone.
    """
    weight = _STRUCTURE * min(1.0, own.n_tokens / LEAST_TOKENS)
    reranked = []
    for hit in hits:
        fingerprint = fingerprint_of(hit)
        alike = similarity(own, fingerprint) if fingerprint is not None else 0.0
        score = min(1.0, (hit.score + weight * alike) / (1.0 + weight))
        reranked.append(replace(hit, score=score, features={**hit.features, "shape": alike}))
    return sorted(reranked, key=lambda hit: -hit.score)


def _mean_vector(view: SegmentView, fingerprint: str, rows: Ints) -> npt.NDArray[np.float32] | None:
    vectors = []
    for block in view.blocks(fingerprint):
        places = np.searchsorted(block.rows, rows)
        places = places[places < len(block.rows)]
        places = places[np.isin(block.rows[places], rows)]
        vectors.append(block.matrix[places].astype(np.float32))
    matrix = np.concatenate(vectors) if vectors else np.zeros((0, 0), np.float32)
    if not len(matrix):
        return None
    matrix /= np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-6)
    mean = matrix.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-6), np.float32)


def _nearest(view: SegmentView, fingerprint: str, vector: npt.NDArray[np.float32]) -> list[tuple[int, float]]:
    mask = view.alive_passages
    nearest: list[tuple[int, float]] = []
    for block in view.blocks(fingerprint):
        rows, cosines = block.nearest(quantise(vector), _CANDIDATES)
        for row, cosine in zip(rows.tolist(), cosines.tolist(), strict=True):
            if mask is None or mask[row]:
                nearest.append((row, cosine))
    return nearest


def _hits(
    snapshot: IndexSnapshot,
    scores: dict[tuple[int, int], dict[str, float]],
    view: SegmentView,
    file: int,
    symbol: int,
    own: set[int],
) -> list[RankedHit]:
    kind = int(view.segment.symbols.kinds[symbol]) if symbol >= 0 else 0
    asks_lesser = bool(int(view.segment.files.roles[file]) & _LESSER)
    best: dict[tuple[int, int], RankedHit] = {}
    for (number, row), cosines in scores.items():
        other = snapshot.views[number]
        other_file = int(other.segment.passages.files[row])
        other_symbol = int(other.segment.passages.symbols[row])
        if other.segment is view.segment and (
            row in own or (other_file == file and _related(view, symbol, other_symbol))
        ):
            continue
        present = [role for role in _TIER_WEIGHTS if role in cosines]
        score = sum(_TIER_WEIGHTS[role] * cosines[role] for role in present) / sum(_TIER_WEIGHTS[r] for r in present)
        if not asks_lesser and int(other.segment.files.roles[other_file]) & _LESSER:
            score -= _LESSER_ROLE
        if other_symbol >= 0 and _same_sort(kind, int(other.segment.symbols.kinds[other_symbol])):
            score += _SAME_KIND
        key = (number, other_symbol if other_symbol >= 0 else -1 - row)
        if key not in best or best[key].score < score:
            features = {**cosines, "copies": 1.0}
            best[key] = RankedHit(other, other_file, other_symbol, (row,), score, features)
    return sorted(best.values(), key=lambda hit: -hit.score)


def _same_sort(kind: int, other: int) -> bool:
    return kind == other or (kind in _CALLABLE and other in _CALLABLE)


def _related(view: SegmentView, symbol: int, other: int) -> bool:
    """Whether the other is the same symbol, an overload, a container or a member of it."""
    if symbol < 0 or other < 0:
        return False
    symbols = view.segment.symbols
    if symbols.qualified_names[symbol] == symbols.qualified_names[other]:
        return True
    outer, inner = symbols.spans[symbol], symbols.spans[other]
    return bool(_holds(outer, inner) or _holds(inner, outer))


def _holds(outer: npt.NDArray[np.uint32], inner: npt.NDArray[np.uint32]) -> bool:
    return tuple(outer[:2]) <= tuple(inner[:2]) and tuple(inner[2:4]) <= tuple(outer[2:4])


def _fold_copies(hits: list[RankedHit]) -> list[RankedHit]:
    """Keep the first hit of those with the same text, with the number of copies."""
    kept: list[RankedHit] = []
    by_hash: dict[bytes, int] = {}
    for hit in hits:
        key = hit.view.segment.passages.hashes[hit.passages[0]].tobytes()
        if key in by_hash:
            first = kept[by_hash[key]]
            copies = first.features["copies"] + 1.0
            kept[by_hash[key]] = RankedHit(
                first.view, first.file, first.symbol, first.passages, first.score, {**first.features, "copies": copies}
            )
            continue
        by_hash[key] = len(kept)
        kept.append(hit)
    return [RankedHit(h.view, h.file, h.symbol, h.passages, min(1.0, max(0.0, h.score)), h.features) for h in kept]
