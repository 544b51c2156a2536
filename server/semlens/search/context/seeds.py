"""The first candidates of a pack: hits of a query, or the symbols at a place with related code."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from semlens.core.context import ContextReason, Relation
from semlens.core.symbol import Role
from semlens.graph.resolver import Resolver
from semlens.graph.segment_names import SymbolPlace
from semlens.index.snapshot import SegmentView
from semlens.search.context.candidates import ContextCandidate, symbol_candidate
from semlens.search.context.related_code import around
from semlens.search.query.query import Query
from semlens.search.ranking.rank import RankedHit
from semlens.search.similarity.similar import passages_of

RANK_DECAY = 1.4
"""Exponent of the rank in the value of a file. On the development queries, 0.9 shows more files but loses half of the
lines of the best hit. 1.6 shows the best hit completely but misses more second files at 1,000 tokens."""

_NEXT_HIT = 0.8
"""Factor for each further hit of a file. Without it a shorter hit would precede a better one."""

_LESSER_ROLE = 0.4
"""Factor for tests, examples, generated and vendored files that were not asked for."""

_LEAST_LINES = 3
"""Fewer lines of code outside symbols are left out, because they mean little alone."""

_LESSER = int(Role.TEST | Role.EXAMPLE | Role.VENDORED | Role.GENERATED)
_AT_CURSOR, _IMPORTS = 3.0, 0.3
_AT_CURSOR_REASON = ContextReason(Relation.PLACE, "at the cursor")
_IMPORTS_REASON = ContextReason(Relation.IMPORTS, "imports of the file")
_MAX_EXPANDED = 50
"""Symbols at a place whose related code is taken. A whole file may be selected; the budget has no room for more."""
_MAX_IMPORT_LINES = 60
_LAST_IMPORT_LINE = 400
_IMPORT = re.compile(
    r"\s*(?:import\b|from\s+\S+\s+import\b|#\s*include\b|using\s|use\s|extern\s+crate\b|require(?:_relative)?\b|open\s+\w"
    r"|(?:const|let|var|local)\s.*\brequire\b|export\s.*\bfrom\b|alias\s|@import\b)"
)


def from_hits(
    views: Sequence[SegmentView], hits: Sequence[RankedHit], query: Query, *, tests: bool
) -> list[ContextCandidate]:
    """Candidates from the hits of a query. The value falls with the rank of the file and of the hit in it.

    Of identical copies only the first is kept.
    """
    numbers = {id(view): number for number, view in enumerate(views)}
    ranks: dict[tuple[int, int], int] = {}
    n_hits: Counter[int] = Counter()
    seen: set[bytes] = set()
    candidates = []
    for rank, hit in enumerate(hits):
        number = numbers.get(id(hit.view))
        if hit.symbol < 0 and int(np.ptp(hit.view.segment.passages.lines[hit.passages[0]])) < _LEAST_LINES - 1:
            continue
        text = hit.view.segment.passages.hashes[hit.passages[0]].tobytes()
        if number is None or text in seen:
            continue
        seen.add(text)
        place = ranks.setdefault((number, hit.file), len(ranks))
        value = _NEXT_HIT ** n_hits[place] / (1.0 + place) ** RANK_DECAY
        n_hits[place] += 1
        if not (tests or query.asks_for_tests) and int(hit.view.segment.files.roles[hit.file]) & _LESSER:
            value *= _LESSER_ROLE
        stretch = _stretch(hit.view, hit.symbol, hit.passages[0])
        reason = ContextReason(Relation.ANSWER, f"answers the question, rank {rank + 1}")
        candidates.append(ContextCandidate(number, hit.file, hit.symbol, stretch, value, reason, glimpse=False))
    return candidates


def _stretch(view: SegmentView, symbol: int, passage: int) -> tuple[int, int]:
    if symbol >= 0:
        span = view.segment.symbols.span(symbol)
        return span.start_line, span.last_line
    first, last = view.segment.passages.lines[passage]
    return int(first), int(last)


def from_place(
    resolver: Resolver,
    place: tuple[int, int],
    lines: tuple[int, int],
    text: Sequence[str],
    *,
    tests: bool,
) -> list[ContextCandidate]:
    """Candidates for a place: the symbols at its lines, and related code.

    :param place: number of the view, row of the file. :param lines: first and last line, 0-based.
    :param text: lines of the document. :param tests: include tests.
    """
    number, file = place
    view = resolver.views[number]
    symbols = view.segment.symbols
    of_file = symbols.of_file(file)
    rows = [row for row in range(of_file.start, of_file.stop) if _overlaps(symbols.spans[row], lines)]
    parents = {int(symbols.parents[row]) for row in rows}
    innermost = [row for row in rows if row not in parents]
    candidates: list[ContextCandidate] = []
    for row in innermost:
        candidates.append(symbol_candidate(view, number, row, _AT_CURSOR, _AT_CURSOR_REASON, glimpse=False))
    for row in innermost[:_MAX_EXPANDED]:
        candidates += around(resolver, SymbolPlace(number, row), 1.0, tests=tests)
    if not innermost:
        for passage in passages_of(view, file, -1, lines[0]).tolist():
            stretch = _stretch(view, -1, passage)
            candidates.append(ContextCandidate(number, file, -1, stretch, _AT_CURSOR, _AT_CURSOR_REASON, glimpse=False))
    imports = import_lines(text)
    if imports and innermost:
        stretch = (imports[0], imports[-1])
        candidates.append(
            ContextCandidate(number, file, -1, stretch, _IMPORTS, _IMPORTS_REASON, glimpse=False, lines=imports)
        )
    return candidates


def _overlaps(span: Sequence[int], lines: tuple[int, int]) -> bool:
    return int(span[0]) <= lines[1] and lines[0] <= int(span[2])


def import_lines(text: Sequence[str]) -> tuple[int, ...]:
    """0-based numbers of the lines of import statements near the top, with their continuation lines."""
    import_numbers: list[int] = []
    closing = ""
    for number, line in enumerate(text[:_LAST_IMPORT_LINE]):
        if closing:
            import_numbers.append(number)
            if line.strip().startswith(closing) or line.rstrip().endswith((closing, f"{closing};")):
                closing = ""
        elif _IMPORT.match(line):
            import_numbers.append(number)
            code = line.rstrip()
            closing = {"(": ")", "{": "}"}.get(code[-1:], "")
        if len(import_numbers) >= _MAX_IMPORT_LINES:
            break
    return tuple(import_numbers)
