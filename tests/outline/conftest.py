"""Option of the outline tables."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-outlines", action="store_true", help="write the outlines as they are now")


@pytest.fixture
def update_outlines(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-outlines", default=False))
