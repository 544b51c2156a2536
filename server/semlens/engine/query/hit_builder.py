"""Builds hits with text from ranked rows. `current_texts` reads the text.

The caller has checked that the text is the indexed one. `make_hit` returns None when the ranges still do not fit.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from semlens.core.hit import SearchHit
from semlens.core.paths import path_to_uri
from semlens.core.span import Span
from semlens.core.symbol import SymbolKind
from semlens.search.query.query import Query
from semlens.search.ranking.highlight import best_lines
from semlens.search.ranking.rank import RankedHit
from semlens.search.ranking.reasons import reasons_of
from semlens.syntax.symbols.signatures import on_one_line

SNIPPET_LINES = 6
MAX_LINE_CHARS = 400
"""Maximum length of a line in a snippet; longer lines are truncated."""


def make_hit(
    ranked: RankedHit, query: Query, lines: Sequence[str], *, display_root: str, uri: str, dirty: bool, explain: bool
) -> SearchHit | None:
    """Build a hit; None when its ranges do not fit the lines."""
    segment = ranked.view.segment
    passages = segment.passages
    first, last = (int(value) for value in passages.lines[ranked.passages[0]])
    path = ranked.path
    if ranked.symbol >= 0:
        symbols = segment.symbols
        span, name_span = symbols.span(ranked.symbol), symbols.name_span(ranked.symbol)
        name, qualified_name = symbols.names[ranked.symbol], symbols.qualified_names[ranked.symbol]
        # a short symbol without its own passage is ranked by the passage around it
        first, last = max(first, span.start_line), min(last, span.last_line)
        if last < first:
            first, last = span.start_line, span.last_line
        kind = SymbolKind(int(symbols.kinds[ranked.symbol]))
        signature = on_one_line(symbols.signatures[ranked.symbol])
        parent = int(symbols.parents[ranked.symbol])
        container = symbols.qualified_names[parent] if parent >= 0 else path
    else:
        last = min(last, len(lines) - 1)
        if last < first:
            return None
        span = Span(first, 0, last, len(lines[last].encode("utf-8", "surrogatepass")))
        name_span = Span(first, 0, first, 0)
        name = qualified_name = path.rpartition("/")[2]
        kind, container = SymbolKind.FILE, path.rpartition("/")[0]
        signature = next((line.strip()[:200] for line in lines[first : last + 1] if line.strip()), "")
    if span.end_line >= len(lines) and span.last_line >= len(lines):
        return None
    highlights = best_lines(lines[first : last + 1], first, query)
    snippet_span, snippet = _snippet(lines, span, highlights, first)
    needed = {span.start_line, span.end_line, name_span.start_line, name_span.end_line, snippet_span.end_line}
    needed |= {line for stretch in highlights for line in stretch}
    return SearchHit(
        root=display_root,
        path=path,
        uri=uri,
        name=name,
        qualified_name=qualified_name,
        container_name=container,
        kind=kind,
        language=segment.files.language(ranked.file),
        span=span,
        name_span=name_span,
        signature=signature,
        score=ranked.score,
        snippet=snippet,
        snippet_span=snippet_span,
        highlights=highlights,
        reasons=reasons_of(ranked.features, query),
        dirty=dirty,
        features=dict(ranked.features) if explain else {},
        line_texts={line: lines[line] for line in needed if line < len(lines)},
    )


def _snippet(lines: Sequence[str], span: Span, highlights: Sequence[tuple[int, int]], first: int) -> tuple[Span, str]:
    """Return a few lines around the best line range, inside the hit."""
    start = highlights[0][0] - 1 if highlights else first
    start = max(span.start_line, min(start, span.last_line - SNIPPET_LINES + 1))
    end = min(start + SNIPPET_LINES - 1, span.last_line, len(lines) - 1)
    chosen = lines[start : end + 1]
    end_column = len(chosen[-1].encode("utf-8", "surrogatepass")) if chosen else 0
    return Span(start, 0, max(end, start), end_column), "\n".join(line[:MAX_LINE_CHARS] for line in chosen)


def file_uri(root: str, path: str) -> str:
    return path_to_uri(os.path.join(root, path) if root else path)
