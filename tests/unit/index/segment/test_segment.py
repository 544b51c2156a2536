from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outlines import parsed_file, segment_of

from semlens.core.symbol import Role
from semlens.index.segment.builder import ParsedFile, build_segment
from semlens.index.segment.columns import ColumnFileError, write_column_file
from semlens.index.segment.merge import merge_segments
from semlens.index.segment.segment import (
    Segment,
    read_segment,
    segment_arrays,
    segment_from_arrays,
    segment_path,
)
from semlens.index.segment.terms import term_hash

IDENTIFIERS = ["fetch", "fetch_all", "parseConfig", "Server", "x", "test_it", "größe", "loadLoadLoad"]
WORDS = ["alpha", "beta", "gamma", "delta"]
names = st.sampled_from(IDENTIFIERS)


@st.composite
def files(draw: st.DrawFn, path: str) -> ParsedFile:
    chosen = draw(st.lists(names, max_size=4))
    bodies = [" ".join(draw(st.lists(st.sampled_from(WORDS), max_size=3))) for _ in chosen]
    references = draw(
        st.lists(st.tuples(st.integers(-1, len(chosen) - 1), st.sampled_from(IDENTIFIERS)), max_size=4, unique=True)
    )
    language = draw(st.sampled_from(["python", "go", ""]))
    role = draw(st.sampled_from([Role.NONE, Role.TEST, Role.TEST | Role.VENDORED]))
    return parsed_file(path, chosen, bodies=bodies, references=references, language=language, role=role)


@st.composite
def groups(draw: st.DrawFn) -> list[list[ParsedFile]]:
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    return [
        [draw(files(f"folder{part}/file_{number}.py")) for number in range(size)] for part, size in enumerate(sizes)
    ]


def content(segment: Segment) -> dict[str, object]:
    """All that a search can read, without row numbers."""
    paths = segment.files.paths.tolist()
    n_symbols = len(segment.symbols)
    owners = [
        (paths[file], name)
        for file, name in zip(segment.symbols.files.tolist(), segment.symbols.names.tolist(), strict=True)
    ] + [(path, "") for path in paths]
    passages = [
        (row, paths[file], int(symbol), *lines)
        for row, (file, symbol, lines) in enumerate(
            zip(
                segment.passages.files.tolist(),
                segment.passages.symbols.tolist(),
                segment.passages.lines.tolist(),
                strict=True,
            )
        )
    ]
    words = {}
    for term in segment.words.terms.tolist():
        where = segment.words.find(term)
        words[term] = list(zip(segment.words.rows[where].tolist(), segment.words.codes[where].tolist(), strict=True))
    return {
        "files": [
            (path, segment.files.language(row), int(segment.files.roles[row]), int(segment.files.n_lines[row]))
            for row, path in enumerate(paths)
        ],
        "hashes": segment.files.hashes.tobytes(),
        "symbols": list(
            zip(
                owners[:n_symbols],
                segment.symbols.qualified_names.tolist(),
                segment.symbols.signatures.tolist(),
                segment.symbols.kinds.tolist(),
                segment.symbols.parents.tolist(),
                segment.symbols.spans.tolist(),
                strict=True,
            )
        ),
        "passages": passages,
        "passage hashes": segment.passages.hashes.tobytes(),
        "words": words,
        "references": {
            term: segment.references.rows[segment.references.find(term)].tolist()
            for term in segment.references.terms.tolist()
        },
        "prefixes": [
            sorted(segment.names.with_prefix(prefix).tolist()) for prefix in (b"f", b"fetch", b"s", b"file_1")
        ],
        "order of keys": segment.names.keys.tolist(),
        "humps": [sorted(segment.names.with_humps(prefix).tolist()) for prefix in (b"p", b"pc", b"l")],
        "alike": [sorted(segment.names.alike(name)[0].tolist()) for name in (b"fetch_al", b"parsconfig")],
        "first": segment.first_passages.tolist(),
    }


def example() -> Segment:
    return segment_of(
        parsed_file("a/one.py", ["fetch", "größe"], bodies=["alpha"], references=[(0, "open"), (-1, "sys")]),
        parsed_file("two.go", ["Server"], language="go", role=Role.TEST),
        parsed_file("\udcff.txt", [], language=""),
    )


def test_a_segment_is_written_and_read_unchanged(tmp_path):
    segment = example()
    size = segment.write(tmp_path)
    assert size == segment_path(tmp_path, segment.id).stat().st_size
    again = read_segment(tmp_path, segment.id)
    assert again.id == segment.id
    assert content(again) == content(segment)


def test_a_segment_crosses_from_a_worker_as_arrays():
    segment = example()
    assert content(segment_from_arrays("other", segment_arrays(segment))) == content(segment)


def test_the_content_of_a_segment():
    segment = example()
    assert segment.files.paths.tolist() == ["a/one.py", "two.go", "\udcff.txt"]
    assert [segment.files.language(row) for row in range(3)] == ["python", "go", ""]
    assert segment.symbols.span(1).start_line == 2
    assert segment.symbols.name_span(1).end_column == 4 + len("größe".encode())
    assert segment.first_passages.tolist() == [0, 1, 2, 0, 2, -1]
    open_rows = segment.references.rows[segment.references.find(term_hash("open"))]
    assert open_rows.tolist() == [0]
    sys_rows = segment.references.rows[segment.references.find(term_hash("sys"))]
    assert sys_rows.tolist() == [3]  # the row of the file, after the three symbols


def test_a_file_without_a_column_is_rejected(tmp_path):
    segment = example()
    arrays = segment_arrays(segment)
    del arrays["symbols.kinds"]
    write_column_file(segment_path(tmp_path, "x"), arrays, {})
    with pytest.raises(ColumnFileError):
        read_segment(tmp_path, "x")


def test_an_empty_segment():
    assert content(build_segment([]))["files"] == []


@settings(max_examples=30)
@given(groups())
def test_the_rows_of_a_file_and_the_symbols_around_a_line(parts):
    segment = build_segment([file for group in parts for file in group])
    symbols = segment.symbols
    for file in range(len(segment.files)):
        for table in (symbols, segment.passages):
            assert np.arange(len(table))[table.of_file(file)].tolist() == np.flatnonzero(table.files == file).tolist()
        for line in range(int(segment.files.n_lines[file]) + 1):
            around = [row for row in np.flatnonzero(symbols.files == file).tolist() if symbols.span(row).contains(line)]
            assert symbols.around(file, line).tolist() == around
            if around:
                assert symbols.span(symbols.innermost(np.array(around))).n_lines == min(
                    symbols.span(row).n_lines for row in around
                )


@settings(max_examples=60)
@given(groups(), st.data())
def test_merging_equals_building_from_scratch(parts, data):
    """The live files in order."""
    alive = [np.array([data.draw(st.booleans()) for _ in part], bool) for part in parts]
    merged = merge_segments([(build_segment(part), mask) for part, mask in zip(parts, alive, strict=True)])
    living = [
        file
        for part, mask in zip(parts, alive, strict=True)
        for file, lives in zip(part, mask.tolist(), strict=True)
        if lives
    ]
    expected = build_segment(living)
    found, wanted = content(merged.segment), content(expected)
    for name in wanted:
        assert found[name] == wanted[name], name
    new_rows = [row for rows in merged.file_maps for row in rows.tolist() if row >= 0]
    assert new_rows == list(range(len(living)))


@settings(max_examples=30)
@given(groups())
def test_merging_step_by_step_equals_merging_at_once(parts):
    segments = [build_segment(part) for part in parts]
    everything = [(segment, np.ones(len(segment.files), bool)) for segment in segments]
    step = segments[0]
    for segment in segments[1:]:
        step = merge_segments([(s, np.ones(len(s.files), bool)) for s in (step, segment)]).segment
    assert content(step) == content(merge_segments(everything).segment)
