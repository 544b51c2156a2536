from __future__ import annotations

import pytest

collect_ignore = ["project"]  # its tests are material


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the ranks as they are now into tests/ranking/golden"
    )
