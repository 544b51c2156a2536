"""Chooses the symbols that a map of the workspace shows. Formatting belongs to `render`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from semlens.core.context import ContextReason, Relation
from semlens.core.symbol import Role, SymbolKind
from semlens.index.snapshot import SegmentView
from semlens.search.context.candidates import ContextCandidate, symbol_candidate
from semlens.search.context.mentions import n_mentions

_SHOWN = [
    int(kind)
    for kind in (
        SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR, SymbolKind.CLASS, SymbolKind.INTERFACE,
        SymbolKind.STRUCT, SymbolKind.ENUM, SymbolKind.CONSTANT, SymbolKind.VARIABLE, SymbolKind.OPERATOR,
    )
]  # fmt: skip


def overview(views: Sequence[SegmentView], limit: int) -> list[ContextCandidate]:
    """The symbols that most others mention. Top-level symbols have a bonus, tests and generated code a penalty."""
    candidates: list[ContextCandidate] = []
    for number, (view, counts) in enumerate(zip(views, n_mentions(views), strict=True)):
        symbols = view.segment.symbols
        roles = view.segment.files.roles[symbols.files]
        lesser = (roles & int(Role.TEST | Role.EXAMPLE | Role.VENDORED | Role.GENERATED)) != 0
        worth = np.log1p(counts) + (symbols.parents < 0) * 1.0 - lesser * 5.0
        if view.alive is not None:
            worth[~view.alive[symbols.files]] = -np.inf
        worth[~np.isin(symbols.kinds, _SHOWN)] = -np.inf
        for row in np.argsort(-worth, kind="stable")[:limit].tolist():
            if np.isfinite(worth[row]):
                value = max(0.05, float(worth[row]))
                reason = ContextReason(Relation.OVERVIEW, f"{int(counts[row])} mentions")
                candidates.append(symbol_candidate(view, number, row, value, reason, glimpse=True))
    candidates.sort(key=lambda candidate: -candidate.value)
    return candidates[:limit]
