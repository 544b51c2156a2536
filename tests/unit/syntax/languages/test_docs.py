"""The table of languages is current."""

from __future__ import annotations

from pathlib import Path

from semlens.syntax.languages.docs import rendered
from semlens.syntax.languages.registry import BY_NAME, with_symbols, without_symbols

DOCUMENT = Path(__file__).parents[4] / "docs" / "languages.md"


def test_the_table_matches_the_descriptions() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text == rendered(text), "run: python -m semlens.syntax.languages.docs docs/languages.md"


def test_doctor_and_docs_count_the_same_languages() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert f"{len(with_symbols())} languages have symbols" in text
    assert {language.name for language in (*with_symbols(), *without_symbols())} == set(BY_NAME)
