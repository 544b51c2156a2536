"""The table of docs/ranking.md that a benchmark writes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[3] / "bench"


@pytest.fixture(scope="module")
def script():
    if str(BENCH) not in sys.path:
        sys.path.append(str(BENCH))  # as when the script runs
    import feature_worth

    return feature_worth


def test_the_table_is_that_of_the_kept_result(script):
    page = script.PAGE.read_text(encoding="utf-8")
    assert script.page_with_table(page) == page


def test_a_certain_change_is_bold(script):
    changes = {"repositories": [-0.02, -0.03, -0.01], "other_words": [0.001, -0.002, 0.004], "reports": [0.0, 0.0, 0.0]}
    result = {
        "all features": {"all": {name: [0.5] for name in changes}},
        "files": {"stem": changes},
        "symbols": {},
    }
    assert script.table(result).splitlines()[2:] == [
        "| nothing | 0.500 | 0.500 | 0.500 |",
        "| `stem` of files | **-0.020** | +0.001 | 0 |",
    ]
