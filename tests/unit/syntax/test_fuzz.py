"""Mutated real files in every grammar: no crash, no range outside the file, parents before children."""

from __future__ import annotations

import logging
import random
from pathlib import Path

import pytest

from semlens.core.symbol import Outline
from semlens.syntax.languages import LANGUAGES
from semlens.syntax.parsing.parser import parse

OUTLINES = Path(__file__).parents[2] / "outline"
SAMPLES = sorted(path for path in OUTLINES.glob("*/*") if path.is_file() and path.suffix != ".outline")
_SNIPPETS = [
    b"(", b")", b"{", b"}", b"[", b"]", b'"', b"'", b"`", b"\n", b"\r\n", b"\r", b"\t", b" ", b";", b":", b"=", b"<",
    b">", b"/*", b"*/", b"//", b"#", b"--", b'"""', b"\\", b"@", b"\xff", b"\xc3", "é".encode(), "😀".encode(), b"def ", b"class ",
    b"end\n", b"function ", b"\x0c", b"\x0b", b"\x85", b"\xe2\x80\xa8",
]  # fmt: skip


def mutated(source: bytes, generator: random.Random) -> bytes:
    data = bytearray(source)
    for _ in range(generator.randint(1, 8)):
        at = generator.randint(0, len(data))
        match generator.randint(0, 4):
            case 0:
                data[at:at] = generator.choice(_SNIPPETS) * generator.choice((1, 1, 1, 30))
            case 1:
                del data[at : at + generator.randint(1, 40)]
            case 2:
                end = min(len(data), at + generator.randint(1, 200))
                data[at:at] = data[at:end]
            case 3:
                del data[at:]
            case _:
                if data:
                    data[at % len(data)] = generator.randint(1, 255)
    return bytes(data)


def check(outline: Outline, source: bytes) -> None:
    n_rows = max(outline.n_lines, 1)
    for index, symbol in enumerate(outline.symbols):
        assert symbol.name
        assert symbol.qualified_name.endswith(symbol.name)
        assert -1 <= symbol.parent < index
        for span in (symbol.span, symbol.name_span):
            assert 0 <= span.start_line <= span.end_line <= n_rows, (symbol, n_rows)
            assert (span.start_line, span.start_column) <= (span.end_line, span.end_column), symbol
            assert span.last_line < n_rows, (symbol, n_rows)
        assert len(symbol.signature) <= 300
        assert len(symbol.documentation) <= 1_000
    for passage in outline.passages:
        assert -1 <= passage.symbol < len(outline.symbols)
        assert 0 <= passage.start_line <= passage.end_line < n_rows, (passage, n_rows)
    for index, name, *_ in outline.references:
        assert -1 <= index < len(outline.symbols)
        assert name


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.relative_to(OUTLINES).as_posix())
def test_mutated_files(sample: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = sample.read_bytes()
    for seed in range(12):
        data = mutated(source, random.Random(seed))
        with caplog.at_level(logging.ERROR):
            check(parse(sample.name, data), data)
        assert not caplog.records, f"seed {seed}"


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language.extensions], ids=lambda x: x.name)
def test_foreign_text_in_every_grammar(language, caplog: pytest.LogCaptureFixture) -> None:
    generator = random.Random(language.name)
    for sample in generator.sample(SAMPLES, 3):
        data = mutated(sample.read_bytes()[:4_000], generator)
        with caplog.at_level(logging.ERROR):
            check(parse(f"odd/file{language.extensions[0]}", data), data)
        assert not caplog.records, sample
