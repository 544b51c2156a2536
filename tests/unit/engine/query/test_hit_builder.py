from __future__ import annotations

import pytest
from outlines import parsed_file, segment_of

from semlens.core.span import Span
from semlens.core.symbol import SymbolKind
from semlens.engine.query.hit_builder import (
    MAX_LINE_CHARS,
    SNIPPET_LINES,
    file_uri,
    make_hit,
)
from semlens.index.snapshot import SegmentView
from semlens.search.query.query import parse_query
from semlens.search.ranking.rank import RankedHit
from semlens.syntax.parsing.decode import split_lines

LINES = ["def alpha():", "    pass", "def beta():", "    retry"]


def ranked(symbol: int = 1, *, file: int = 0, **features: float) -> RankedHit:
    view = SegmentView("/root", segment_of(parsed_file("src/a.py", ["alpha", "beta"])))
    return RankedHit(view, file, symbol, (max(symbol, 0),), 0.5, features or {"words": 1.0})


def test_lines_are_split_as_the_protocol_defines():
    assert split_lines("a\nb\r\nc\rd\x0be\u2028f\n") == ["a", "b", "c", "d\x0be\u2028f", ""]


def test_a_hit_of_a_symbol():
    hit = make_hit(
        ranked(), parse_query("retry"), LINES, display_root="/given", uri="file:///x", dirty=True, explain=True
    )
    assert hit is not None
    assert (hit.root, hit.path, hit.uri) == ("/given", "src/a.py", "file:///x")
    assert (hit.name, hit.qualified_name, hit.kind, hit.language) == (
        "beta",
        "module.beta",
        SymbolKind.FUNCTION,
        "python",
    )
    assert (hit.span, hit.name_span) == (Span(2, 0, 3, 4), Span(2, 4, 2, 8))
    assert hit.snippet == "def beta():\n    retry"
    assert hit.highlights
    assert all(2 <= first <= last <= 3 for first, last in hit.highlights)
    assert hit.dirty
    assert hit.features == {"words": 1.0}
    assert hit.container_name == "src/a.py"
    for line in (hit.span.start_line, hit.span.end_line, hit.name_span.end_line, hit.snippet_span.end_line):
        assert hit.line_texts[line] == LINES[line]


def test_a_hit_outside_symbols_names_the_file():
    hit = make_hit(ranked(-1), parse_query("pass"), LINES, display_root="/r", uri="u", dirty=False, explain=False)
    assert hit is not None
    assert (hit.name, hit.kind, hit.container_name) == ("a.py", SymbolKind.FILE, "src")
    assert hit.signature == "def alpha():"
    assert hit.features == {}


@pytest.mark.parametrize("lines", [[], LINES[:2]])
def test_lines_that_changed_since_indexing_give_no_hit(lines):
    assert make_hit(ranked(), parse_query("x"), lines, display_root="/r", uri="u", dirty=False, explain=False) is None


def test_snippets_of_long_lines_and_symbols_are_truncated():
    view = SegmentView("/root", segment_of(parsed_file("a.py", ["alpha"])))
    view.segment.symbols.spans[0, 2] = 99
    view.segment.passages.lines[0, 1] = 99
    lines = ["x" * 5000] * 100
    hit = make_hit(
        RankedHit(view, 0, 0, (0,), 1.0, {}),
        parse_query("x"),
        lines,
        display_root="",
        uri="",
        dirty=False,
        explain=False,
    )
    assert hit is not None
    assert len(hit.snippet.split("\n")) == SNIPPET_LINES
    assert max(map(len, hit.snippet.split("\n"))) == MAX_LINE_CHARS


def test_uris():
    assert file_uri("/a b", "c/ü.py") == "file:///a%20b/c/%C3%BC.py"
