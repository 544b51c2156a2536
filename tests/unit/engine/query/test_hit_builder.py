from __future__ import annotations

import os
from pathlib import Path

import pytest
from outlines import parsed_file, segment_of

from semlens.core.hashing import content_hash
from semlens.core.span import Span
from semlens.core.symbol import SymbolKind
from semlens.engine.query import hit_builder as hits
from semlens.engine.query.hit_builder import (
    MAX_LINE_CHARS,
    SNIPPET_LINES,
    FileTextCache,
    file_uri,
    make_hit,
    split_lines,
)
from semlens.index.snapshot import SegmentView
from semlens.search.query.query import parse_query
from semlens.search.ranking.rank import RankedHit

LINES = ["def alpha():", "    pass", "def beta():", "    retry"]


def ranked(symbol: int = 1, *, file: int = 0, **features: float) -> RankedHit:
    view = SegmentView("/root", segment_of(parsed_file("src/a.py", ["alpha", "beta"])))
    return RankedHit(view, file, symbol, (max(symbol, 0),), 0.5, features or {"words": 1.0})


def test_lines_end_as_the_protocol_says():
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


def test_a_hit_outside_symbols_is_the_file():
    hit = make_hit(ranked(-1), parse_query("pass"), LINES, display_root="/r", uri="u", dirty=False, explain=False)
    assert hit is not None
    assert (hit.name, hit.kind, hit.container_name) == ("a.py", SymbolKind.FILE, "src")
    assert hit.signature == "def alpha():"
    assert hit.features == {}


@pytest.mark.parametrize("lines", [[], LINES[:2]])
def test_lines_that_the_index_did_not_see_give_no_hit(lines):
    assert make_hit(ranked(), parse_query("x"), lines, display_root="/r", uri="u", dirty=False, explain=False) is None


def test_a_long_line_is_cut_and_a_long_symbol_shows_a_part():
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


def test_texts_are_read_once_while_nothing_changes(tmp_path, monkeypatch):
    path = tmp_path / "a.py"
    path.write_text("one\n")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    texts = FileTextCache()
    first = texts.read(str(tmp_path), path.name)
    assert first is not None
    assert (first.lines, first.hash) == (("one", ""), content_hash(b"one\n"))
    assert texts.read(str(tmp_path), path.name) is first
    path.write_text("two\n")
    second = texts.read(str(tmp_path), path.name)
    assert second is not None
    assert second.lines == ("two", "")
    # written within the clock's grain its times may stay: young files are read again
    status = path.stat()
    path.write_text("six\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    third = texts.read(str(tmp_path), path.name)
    assert third is not None
    assert third.lines == ("six", "")


def test_what_is_no_text_or_gone_is_nothing(tmp_path, monkeypatch):
    texts = FileTextCache()
    (tmp_path / "binary").write_bytes(b"\0\1\2")
    for name in ("missing", "binary", "."):
        assert texts.read(str(tmp_path), name) is None
    monkeypatch.setattr(hits, "_MAX_TEXT_BYTES", 3)
    (tmp_path / "large").write_text("four")
    assert texts.read(str(tmp_path), "large") is None


def test_a_kept_text_is_no_reason_to_follow_a_link(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "src").mkdir(parents=True)
    (root / "src/a.py").write_text("one")
    os.utime(root / "src/a.py", (1_000_000_000, 1_000_000_000))
    texts = FileTextCache()
    assert texts.read(str(root), "src/a.py") is not None
    (root / "src").rename(outside)
    (root / "src").symlink_to(outside)
    assert texts.read(str(root), "src/a.py") is None
    assert texts.read_opened(str(root / "src/a.py")) is not None


def test_few_texts_are_kept_and_no_large_one(tmp_path, monkeypatch):
    monkeypatch.setattr(hits, "_MAX_CACHED_TEXT_BYTES", 10)
    texts = FileTextCache()
    for number in range(hits._MAX_TEXTS + 20):
        path = tmp_path / str(number)
        path.write_text("x" * (20 if number % 2 else 5))
        assert texts.read(str(tmp_path), path.name) is not None
    assert len(texts._texts) <= hits._MAX_TEXTS
    assert all(len(document.lines[0]) == 5 for document in texts._texts.values())


def test_kept_texts_have_a_bound_and_what_was_read_last_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(hits, "_MAX_CACHE_BYTES", 25)
    texts = FileTextCache()
    for name in "abc":
        (tmp_path / name).write_text("x" * 10)
        texts.read(str(tmp_path), name)
        texts.read(str(tmp_path), "a")
    assert [Path(path).name for path in texts._texts] == ["c", "a"]
    (tmp_path / "a").write_text("y")
    assert texts.read(str(tmp_path), "a").lines == ("y",)


def test_uris():
    assert file_uri("/a b", "c/ü.py") == "file:///a%20b/c/%C3%BC.py"
