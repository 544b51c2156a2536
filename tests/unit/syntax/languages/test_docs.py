"""The table of languages is current."""

from __future__ import annotations

from pathlib import Path

from semlens.syntax.languages.docs import rendered

DOCUMENT = Path(__file__).parents[4] / "docs" / "languages.md"


def test_the_table_matches_the_descriptions() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text == rendered(text), "run: python -m semlens.syntax.languages.docs docs/languages.md"
