"""Every file of ``tests/outline/<language>`` against the outline beside it.

``pytest tests/outline --update-outlines`` writes the outlines anew: read the diff before you commit it.

An outline is one symbol a line, indented below its parent: first line - last line, the line of the name where it is
another, kind, qualified name, signature; its documentation, shortened, on a line of its own.
"""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from semlens.core.symbol import Outline
from semlens.syntax.parsing.parser import parse

HERE = Path(__file__).parent
_WIDTH = 100
SOURCES = sorted(
    path
    for path in HERE.glob("*/**/*")
    if path.is_file() and path.suffix != ".outline" and "__pycache__" not in path.parts
)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(HERE).as_posix())
def test_outline(source: Path, update_outlines: bool) -> None:
    expected_path = source.with_name(source.name + ".outline")
    path = source.relative_to(HERE / source.relative_to(HERE).parts[0]).as_posix()
    actual = as_table(parse(path, source.read_bytes()))
    if update_outlines:
        expected_path.write_text(actual, encoding="utf-8")
        return
    expected = expected_path.read_text(encoding="utf-8") if expected_path.exists() else ""
    diff = "".join(
        difflib.unified_diff(expected.splitlines(keepends=True), actual.splitlines(keepends=True), "expected", "actual")
    )
    assert not diff, f"the outline of {path} changed:\n{diff}"


ONE_EACH = sorted({source.relative_to(HERE).parts[0]: source for source in reversed(SOURCES)}.values())


@pytest.mark.parametrize("source", ONE_EACH, ids=lambda path: path.relative_to(HERE).parts[0])
def test_line_endings_of_windows_change_nothing(source: Path) -> None:
    path = source.relative_to(HERE / source.relative_to(HERE).parts[0]).as_posix()
    unix = source.read_bytes().replace(b"\r\n", b"\n")
    assert as_table(parse(path, unix.replace(b"\n", b"\r\n"))) == as_table(parse(path, unix))


def test_every_source_has_an_outline() -> None:
    assert SOURCES
    outlines = set(HERE.glob("*/**/*.outline"))
    assert outlines == {source.with_name(source.name + ".outline") for source in SOURCES}


def as_table(outline: Outline) -> str:
    depths: list[int] = []
    rows = [f"{outline.language or 'no language'}, {outline.n_lines} lines, {len(outline.passages)} passages"]
    for symbol in outline.symbols:
        depth = depths[symbol.parent] + 1 if symbol.parent >= 0 else 0
        depths.append(depth)
        lines = f"{symbol.span.start_line + 1}-{symbol.span.last_line + 1}"
        if symbol.name_span.start_line != symbol.span.start_line:
            lines += f" @{symbol.name_span.start_line + 1}"
        indent = "  " * depth
        rows.append(
            f"{indent}{lines} {symbol.kind.label} {symbol.qualified_name} | {symbol.signature[:_WIDTH]}".rstrip()
        )
        if symbol.documentation:
            rows.append(f"{indent}    # {' / '.join(symbol.documentation.split(chr(10)))[:_WIDTH]}".rstrip())
    return "\n".join(rows) + "\n"
